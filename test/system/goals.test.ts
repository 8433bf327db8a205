/** Each goal in its shortest form, its sabotaged control first. `npm run test:goals` and `npm run test:long` measure in earnest. */
import { expect, test } from 'vitest';
import { GOALS } from '../goals/list.ts';
import { measure } from '../goals/measure.ts';

for (const goal of GOALS) {
  if (goal.forms?.includes('smoke') === false) continue;
  test(goal.id, { timeout: 900_000 }, async ({ skip }) => {
    const missing = goal.missing?.();
    if (missing !== undefined) {
      // The reporter counts what is skipped, but does not say why.
      console.warn(`${goal.id} is skipped: ${missing}`);
      skip(missing);
    }
    const outcome = await measure(goal, 'smoke', 1, () => undefined);
    expect(outcome.violations).toEqual([]);
    expect(outcome.ok).toBe(true);
  });
}
