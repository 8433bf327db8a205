import { expect, test } from 'vitest';
import { snoozeTimes } from './snooze-times.ts';

const names = (at: Date) => snoozeTimes(at).map(({ name }) => name);
const hours = (at: Date) => snoozeTimes(at).map((one) => [one.at.getDate(), one.at.getHours()]);

test('usual times lie ahead, and none is said twice', () => {
  // A Wednesday.
  const noon = new Date(2026, 10, 18, 12);
  expect(names(noon)).toEqual(['later', 'tomorrow', 'weekend', 'week']);
  expect(hours(noon)).toEqual([
    [18, 18],
    [19, 8],
    [21, 8],
    [23, 8],
  ]);
  expect(names(new Date(2026, 10, 18, 17, 30))).toEqual(['tomorrow', 'weekend', 'week']);
  expect(names(new Date(2026, 10, 20, 9))).toEqual(['later', 'tomorrow', 'week']);
  expect(hours(new Date(2026, 10, 21, 20)).at(1)).toEqual([28, 8]);
  expect(names(new Date(2026, 10, 22, 20))).toEqual(['tomorrow', 'weekend']);
});
