/**
 * E2: a client that remembers UIDVALIDITY and UIDNEXT over processes that die at some write, each followed by a new one. A UID that it
 * has seen never means another message, and UIDNEXT never falls.
 */
import { byForm, type Goal, type GoalContext, type GoalResult, result } from './goal.ts';
import { vitest } from './vitest.ts';

const FILE = 'src/mailstore/crashes.test.ts';

export const goal: Goal = {
  id: 'E2',
  title: 'a UID that was seen never means another message, however often the process dies',
  // In `npm test` it is a unit test, with 60 cycles.
  forms: ['quick', 'full'],

  /** The store counts the next UID from the messages that are there: what dies after the last one was deleted gives its UID out again. */
  async control({ folder }: GoalContext): Promise<string | undefined> {
    const { failures } = await vitest(folder, ['--project', 'unit', FILE], { CRASH_CYCLES: '20', CRASH_FORGETS: '1' });
    return failures[0]?.split('\n')[0];
  },

  async run({ form, folder }: GoalContext): Promise<GoalResult> {
    const cycles = byForm(form, { smoke: 20, quick: 200, full: 1_000 });
    const { tests, failures, peakMiB } = await vitest(folder, ['--project', 'unit', FILE], {
      CRASH_CYCLES: String(cycles),
    });
    return result({
      runs: tests.length,
      faults: cycles,
      violations: failures,
      figures: { cycles, peakMiB, seconds: tests.map(({ duration = 0 }) => Math.round(duration / 1000)) },
    });
  },
};
