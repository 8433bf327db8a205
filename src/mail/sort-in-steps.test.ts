import { expect, test } from 'vitest';
import { sortedInSteps } from './sort-in-steps.ts';

test('it is sorting, what is equal stays in order, and there are pauses', () => {
  const items = Array.from({ length: 10_000 }, (_, i) => i);
  const compare = (a: number, b: number): number => ((a * 7919) % 100) - ((b * 7919) % 100);
  const steps = sortedInSteps(items, compare);
  let pauses = 0;
  let step = steps.next();
  for (; !step.done; step = steps.next()) pauses++;
  expect(step.value).toEqual(items.toSorted(compare));
  expect(pauses).toBeGreaterThan(3);
});

test('nothing to sort', () => expect(sortedInSteps([], () => 0).next()).toEqual({ done: true, value: [] }));
