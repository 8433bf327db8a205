import { defineConfig } from 'vitest/config';

// For the control of G10: what it runs must fail.
export default defineConfig({
  test: {
    include: ['test/goals/sabotage/*.fuzz.test.ts'],
    setupFiles: ['test/fuzz-guard.ts'],
    pool: 'threads',
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
