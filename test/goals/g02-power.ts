/** G2: after a power cut, played on a loop-mounted image, everything acknowledged is there. */
import { imagesMissing } from '../lab/image.ts';
import { powerLab } from '../lab/power.ts';
import { byForm, type Goal, result, several } from './goal.ts';

/** Without syncs nearly every cut must cost something. */
const CAUGHT = 0.95;

export const goal: Goal = {
  id: 'G2',
  title: 'a power cut at any moment loses nothing that was acknowledged',
  missing: imagesMissing,

  /** Nothing is synced. */
  async control({ form, seed, folder, say }) {
    const cuts = byForm(form, { smoke: 1, quick: 5, full: 20 });
    const { cutsWithLoss, lost } = await powerLab({ cuts, seed, folder, say, sabotage: 'no-sync' });
    return cutsWithLoss >= CAUGHT * cuts ? `${cutsWithLoss} of ${cuts} cuts lost something, ${lost} in all` : undefined;
  },

  async run({ form, seed, folder, say }) {
    const cuts = byForm(form, { smoke: 2, quick: 20, full: 300 });
    const report = await powerLab({ cuts, seed, folder, say });
    return result({
      runs: cuts,
      faults: report.faults,
      acked: report.acked,
      lost: report.lost,
      duplicated: report.duplicated,
      violations: several('findings', report.violations),
      figures: { cuts },
    });
  },
};
