import { describe, expect, test } from 'vitest';
import { formatDate, parseDate } from './date.ts';

const AT = Date.UTC(2026, 10, 2, 6, 4, 5);

describe('Date fields', () => {
  test.each([
    'Mon, 02 Nov 2026 15:04:05 +0900',
    'Mon, 2 Nov 2026 15:04:05 +0900 (KST)',
    '2 Nov 2026 15:04:05 +0900',
    'Mon,2 Nov 2026 15:04:05 +0900',
    'Mon, 02 Nov 26 06:04:05 GMT',
    'Mon, 02 Nov 2026 06:04:05 UT',
    'Mon, 02 Nov 2026 06:04:05',
    'Mon, 02 Nov 2026 06:04:05 Z',
    'Mon, 02 Nov 2026 15:04:05 KST',
    'Mon, 02 Nov 2026 01:04:05 EST',
    'Mon, 02 Nov 2026 06:04:05 -0000',
    'Mon, 02 Nov 2026 02:34:05 -03:30',
    'Monday, 02-Nov-26 06:04:05 GMT',
    'Mon, 02 November 2026 06:04:05 +0000',
    'Mon, 02 Nov 2026 06:04:05 GMT+0000',
    'Mon, 02 Nov 2026 03:04:05 PM +0900',
    'Mon Nov  2 06:04:05 2026',
    'Mon Nov  2 15:04:05 KST 2026',
    '2026-11-02T15:04:05+09:00',
    '2026-11-02 06:04:05Z',
  ])('%s', (text) => expect(parseDate(text)).toBe(AT));

  test('two and three digits of a year', () => {
    expect(parseDate('1 Jan 49 00:00 GMT')).toBe(Date.UTC(2049, 0));
    expect(parseDate('1 Jan 70 00:00 GMT')).toBe(0);
    expect(parseDate('1 Jan 126 00:00 GMT')).toBe(Date.UTC(2026, 0));
  });

  test.each([
    '',
    'yesterday',
    'Mon, 32 Nov 2026 00:00:00 +0000',
    '1 Foo 2026 00:00:00 +0000',
    '1 Jan 2026 25:00:00',
    '1 Jan 2026 00:61:00',
    ' '.repeat(10_000),
    '1'.repeat(10_000),
    'Mon, '.repeat(5000),
  ])('what is no date is none', (text) => expect(parseDate(text)).toBeUndefined());

  test('written the way RFC 5322 wants it, and read back', () => {
    expect(formatDate(AT)).toBe('Mon, 02 Nov 2026 06:04:05 +0000');
    expect(parseDate(formatDate(AT))).toBe(AT);
  });
});
