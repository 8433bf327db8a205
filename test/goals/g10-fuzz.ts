/** G10: every parser of outside data is fuzzed: no uncaught error, no stall, no growth, no changed prototype. */
import { join } from 'node:path';
import { byForm, type Goal, type GoalContext, type GoalResult, result } from './goal.ts';
import { ROOT, vitest } from './vitest.ts';

export const goal: Goal = {
  id: 'G10',
  title: 'every parser of outside data survives fuzzing',

  /** The same runner on properties that do not hold: a parser with a rare fault, and one that changes a prototype. */
  async control({ folder }) {
    const config = join(ROOT, 'test/goals/sabotage/vitest.config.ts');
    const { report, tests } = await vitest(folder, ['--config', config], { FUZZ_RUNS: '20000' });
    const failed = tests.filter((test) => test.status === 'failed').length;
    const prototype = JSON.stringify(report.testResults).includes('changed Object.prototype');
    return failed >= 1 && prototype ? 'a rare fault was found, and a changed prototype was seen' : undefined;
  },

  async run({ form, folder }: GoalContext): Promise<GoalResult> {
    const runs = byForm(form, { smoke: 1_000, quick: 20_000, full: 1_000_000 });
    // Where a smoke run belongs, in `npm test`, all of them run 20,000 times anyway.
    const only = form === 'smoke' ? ['src/delivery/client'] : [];
    const { report, tests, failures, peakMiB } = await vitest(folder, ['--project', 'fuzz', ...only], {
      FUZZ_RUNS: String(runs),
    });
    return result({
      runs: tests.length * runs,
      faults: tests.length * runs,
      violations: failures,
      figures: {
        files: report.testResults.length,
        properties: tests.length,
        runsEach: runs,
        peakMiB,
        slowest: [...tests]
          .sort((a, b) => (b.duration ?? 0) - (a.duration ?? 0))
          .slice(0, 3)
          .map((test) => `${test.fullName}: ${Math.round(test.duration ?? 0)} ms`),
      },
    });
  },
};
