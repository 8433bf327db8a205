/** G1: killed at any moment, the service keeps every mail and every change that it acknowledged, once. */
import { crashLab } from '../lab/crash.ts';
import { byForm, type Goal, result, several } from './goal.ts';

export const goal: Goal = {
  id: 'G1',
  title: 'kill -9 at any moment loses nothing that was acknowledged, and doubles nothing',

  /** The store says "applied" before the commit is written. */
  async control({ seed, folder, say }) {
    const { violations } = await crashLab({ kills: 5, seed, folder, say, sabotage: 'early', untilCaught: true });
    return violations[0];
  },

  async run({ form, seed, folder, say }) {
    const kills = byForm(form, { smoke: 3, quick: 60, full: 200 });
    const messages = byForm(form, { smoke: 0, quick: 3_000, full: 20_000 });
    const pauseMs = byForm(form, { smoke: 0, quick: 45_000, full: 60_000 });
    const report = await crashLab({ kills, messages, seed, folder, say, ...(pauseMs > 0 && { pauseMs }) });
    return result({
      runs: kills,
      faults: report.faults,
      acked: report.acked,
      lost: report.lost,
      duplicated: report.duplicated,
      violations: [
        ...several('findings', report.violations),
        ...(report.messages < messages ? [`${report.messages} messages were acknowledged, not ${messages}`] : []),
      ],
      figures: { messages: report.messages, at: report.at },
    });
  },
};
