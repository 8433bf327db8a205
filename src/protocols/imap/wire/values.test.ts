import { describe, expect, test } from 'vitest';
import { dateTime, formatDateTime, headerDay, searchDate } from './date.ts';
import { Decoder } from './decoder.ts';
import { flagList, formatFlags } from './flag.ts';
import { ListPattern } from './list-pattern.ts';
import { section, sectionLabel } from './section.ts';
import { cpuMs } from '../../../../test/support/cpu.ts';

const on = <T>(text: string, read: (d: Decoder) => T): T => {
  const d = new Decoder([{ text: Buffer.from(text, 'latin1') }]);
  const value = read(d);
  d.end();
  return value;
};
const syntax = expect.objectContaining({ code: 'syntax' });

describe('dates', () => {
  test('a date and time is a moment', () => {
    expect(on('" 7-Feb-1994 21:52:25 -0800"', dateTime)).toBe(Date.UTC(1994, 1, 8, 5, 52, 25));
    expect(on('"17-jul-1996 02:44:25 +0930"', dateTime)).toBe(Date.UTC(1996, 6, 16, 17, 14, 25));
    expect(formatDateTime(Date.UTC(1994, 1, 8, 5, 52, 25))).toBe(' 8-Feb-1994 05:52:25 +0000');
  });
  test.each([
    '"31-Feb-2024 00:00:00 +0000"',
    '" 0-Jan-2024 00:00:00 +0000"',
    '"7-Feb-1994 21:52:25 -0800"',
    '" 7-Foo-1994 21:52:25 -0800"',
    '" 7-Feb-1994 24:52:25 -0800"',
    '" 7-Feb-1994 21:52:25 -08:0"',
    '" 7-Feb-1994 21:52:25 00800"',
    '""',
  ])('%s is none', (text) => expect(() => on(text, dateTime)).toThrow(syntax));

  test('moments of all days come back', () => {
    for (let ms = -86_400_000 * 365; ms < 4_000_000_000_000; ms += 86_400_000 * 97 + 12_345_000) {
      expect(on(`"${formatDateTime(ms)}"`, dateTime)).toBe(ms);
    }
  });

  test('a search date is a day', () => {
    expect(on('1-Feb-1994', searchDate)).toBe(Date.UTC(1994, 1, 1) / 86_400_000);
    expect(on('"01-FEB-1994"', searchDate)).toBe(Date.UTC(1994, 1, 1) / 86_400_000);
    for (const bad of ['30-Feb-1994', '1-Feb-94', '1-2-1994', 'today']) {
      expect(() => on(bad, searchDate)).toThrow(syntax);
    }
  });

  test('the day of a Date field is the one written there', () => {
    expect(headerDay('Mon, 7 Feb 1994 21:52:25 -0800 (PST)')).toBe(Date.UTC(1994, 1, 7) / 86_400_000);
    expect(headerDay('7-Feb-94 21:52:25')).toBe(Date.UTC(1994, 1, 7) / 86_400_000);
    expect(headerDay('yesterday')).toBeUndefined();
  });
});

describe('flags', () => {
  test('with and without parentheses, system flags in any case', () => {
    expect(on('(\\seen \\DELETED $Forwarded)', flagList)).toEqual({ flags: 9, keywords: ['$Forwarded'] });
    expect(on('\\Flagged NonJunk', flagList)).toEqual({ flags: 4, keywords: ['NonJunk'] });
    expect(on('()', flagList)).toEqual({ flags: 0, keywords: [] });
    expect(formatFlags(5, ['constructor', '__proto__'])).toBe('\\Flagged \\Seen constructor __proto__');
  });
  test.each(['(\\Foo)', '(a b', '(\\)', `(${'k'.repeat(101)})`, '("a")', '(a  b)'])('%s is malformed', (text) =>
    expect(() => on(text, flagList)).toThrow(syntax),
  );
  test('\\Recent is taken and means nothing', () => {
    expect(on('(\\Recent \\Seen)', flagList)).toEqual({ flags: 1, keywords: [] });
  });
});

describe('sections', () => {
  test.each([
    ['[]', 'BODY[]'],
    ['[TEXT]<0.100>', 'BODY[TEXT]<0>'],
    ['[1]', 'BODY[1]'],
    ['[1.2.mime]', 'BODY[1.2.MIME]'],
    ['[3.header]', 'BODY[3.HEADER]'],
    ['[header.fields (From "To")]', 'BODY[HEADER.FIELDS (From To)]'],
    ['[4.1.HEADER.FIELDS.NOT (DATE)]<7.4294967295>', 'BODY[4.1.HEADER.FIELDS.NOT (DATE)]<7>'],
  ])('%s is answered as %s', (text, label) => {
    expect(sectionLabel('BODY', on(text, section))).toBe(label);
  });
  test.each([
    '[',
    '[1.]',
    '[0]',
    '[.1]',
    '[MIME]',
    '[FOO]',
    '[HEADER.FIELDS]',
    '[HEADER.FIELDS ()]',
    '[HEADER.FIELDS (a:b)]',
    '[]<0.0>',
    '[]<1>',
    '[]<-1.5>',
    '[]<0.99999999999999999999>',
    `[${'1.'.repeat(200)}1]`,
    '[1 ]',
    '[TEXT.1]',
    '[4294967296]',
  ])('%s is malformed', (text) => expect(() => on(text, section)).toThrow(syntax));
});

describe('LIST patterns', () => {
  test.each([
    ['*', 'a/b/c', true],
    ['%', 'a', true],
    ['%', 'a/b', false],
    ['a/%', 'a/b', true],
    ['a/%', 'a/b/c', false],
    ['a/*', 'a', false],
    ['a*', 'a/b', true],
    ['%/%', 'a/b', true],
    ['*c', 'a/b/c', true],
    ['%b', 'a/b', false],
    ['inbox', 'INBOX', true],
    ['iNb*', 'INBOX/x', true],
    ['INBOX/X', 'INBOX/x', false],
    ['a', 'A', false],
    ['', '', true],
    ['*', '', true],
    ['받은*', '받은/함', true],
  ])('%s on %s: %s', (pattern, name, expected) => {
    expect(new ListPattern(pattern).matches(name)).toBe(expected);
  });

  test('no pattern is slow (C15)', () => {
    const pattern = new ListPattern('*%*%*a'.repeat(500));
    expect(cpuMs(() => pattern.matches('a/'.repeat(200)))).toBeLessThan(1000);
    const other = new ListPattern(`${'*%'.repeat(50)}x`);
    expect(cpuMs(() => other.matches('a/'.repeat(5000)))).toBeLessThan(1000);
  });
});
