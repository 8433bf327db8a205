import { expect, test } from 'vitest';
import { displayName, initial, shortDate, size } from './format.ts';

test('a name cannot turn around what stands beside it, or be nothing', () => {
  expect(displayName({ name: ' \u202Etest.com\u202C ', address: 'a@b.test' })).toBe('test.com');
  expect(displayName({ name: '\u200B\u0007', address: 'a@b.test' })).toBe('a@b.test');
});

test('a face has the first letter of a name, and the same colour everywhere', () => {
  expect(initial({ name: '“홍길동”', address: 'h@b.test' }).letter).toBe('홍');
  expect(initial({ name: '', address: '_x@b.test' }).letter).toBe('X');
  expect(initial(undefined).letter).toBe('·');
  const colour = (address: string) => initial({ name: '', address }).colour;
  expect(colour('A@B.test')).toBe(colour('a@b.test'));
});

test('sizes are short', () => {
  expect([0, 999, 1_500, 999_499, 999_500, 25_000_000].map(size)).toEqual([
    '0 B',
    '999 B',
    '2 kB',
    '999 kB',
    '1.0 MB',
    '25.0 MB',
  ]);
});

test('a date says no more than it must', () => {
  const now = new Date(2026, 10, 22, 12);
  const said = (...at: [number, number, number, number]) => shortDate(new Date(...at).toISOString(), now);
  expect(said(2026, 10, 22, 9)).toMatch(/^(?:0?9:00|오전 9:00)$/);
  expect(said(2026, 2, 1, 9)).not.toContain('2026');
  expect(said(2025, 2, 1, 9)).toContain('2025');
});
