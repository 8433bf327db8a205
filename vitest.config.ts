import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

// A wait ends when what it waits for is there; these only end one that would never end. They are long: a machine may be slow, and its disk may stand still for a minute.
const patience = { testTimeout: 300_000, hookTimeout: 300_000, expect: { poll: { timeout: 120_000, interval: 20 } } };

// unit: beside the code, no other process. fuzz: 20,000 runs a parser (FUZZ_RUNS changes it). system: starts the real service and real clients.
// goals: as those, and so long that it must begin before them: projects begin in the order of their names.
export default defineConfig({
  test: {
    // One more than there are cores: a test of the service waits for other programs for a third of its time.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        test: {
          ...patience,
          name: 'unit',
          include: ['src/**/*.test.ts', 'web/src/**/*.test.ts', 'test/unit/**/*.test.ts'],
          exclude: ['**/*.fuzz.test.ts'],
          pool: 'threads',
          // Files share what they import: they keep nothing in modules, and loading it all again took longer than most tests.
          isolate: false,
        },
      },
      {
        test: {
          ...patience,
          name: 'fuzz',
          include: ['src/**/*.fuzz.test.ts'],
          setupFiles: ['test/fuzz-guard.ts'],
          pool: 'threads',
          // Longer for the million runs of the long suite.
          testTimeout: Number(process.env['FUZZ_RUNS'] ?? 0) > 20_000 ? 7_200_000 : 600_000,
        },
      },
      {
        test: {
          ...patience,
          name: 'goals',
          include: ['test/system/goals.test.ts'],
          pool: 'forks',
        },
      },
      {
        test: {
          ...patience,
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          exclude: ['test/system/goals.test.ts'],
          pool: 'forks',
        },
      },
    ],
  },
});
