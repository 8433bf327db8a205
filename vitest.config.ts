import { defineConfig } from 'vitest/config';

// unit: beside the code, no other process, under a minute. fuzz: 20,000 runs a parser (FUZZ_RUNS changes it). system: starts the real service and real clients.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'test/unit/**/*.test.ts'],
          exclude: ['**/*.fuzz.test.ts'],
          pool: 'threads',
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'fuzz',
          include: ['src/**/*.fuzz.test.ts'],
          setupFiles: ['test/fuzz-guard.ts'],
          pool: 'threads',
          // Longer for the million runs of the long suite.
          testTimeout: Number(process.env['FUZZ_RUNS'] ?? 0) > 20_000 ? 7_200_000 : 120_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          pool: 'forks',
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
