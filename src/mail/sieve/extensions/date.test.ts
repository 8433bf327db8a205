/** RFC 5260: dates in fields, the date now, and fields by their place. */
import { describe, expect, test } from 'vitest';
import { holds, MAIL } from '../../../../test/support/sieve.ts';

describe('date (RFC 5260)', () => {
  test.each([
    ['date "date" "year" "2026"', true],
    ['date "date" "month" "11"', true],
    ['date "date" "day" "17"', true],
    ['date "date" "date" "2026-11-17"', true],
    ['date "date" "hour" "14"', true],
    ['date :originalzone "date" "hour" "23"', true],
    ['date :zone "-1000" "date" "time" "04:30:15"', true],
    ['date :zone "+1000" "date" "date" "2026-11-18"', true],
    ['date :zone "+0530" "date" "iso8601" "2026-11-17T20:00:15+05:30"', true],
    ['date :originalzone "date" "std11" "Tue, 17 Nov 2026 23:30:15 +0900"', true],
    ['date :originalzone "date" "zone" "+0900"', true],
    ['date "date" "weekday" "2"', true],
    ['date "date" "julian" "61361"', true],
    ['date "date" "minute" "30"', true],
    ['date "date" "second" "15"', true],
    ['date :value "ge" "date" "hour" "09"', true],
    ['date "x-none" "year" "2026"', false],
    ['date "subject" "year" "2026"', false],
    ['currentdate "date" "2026-11-21"', true],
    ['currentdate "weekday" "6"', true],
    ['currentdate :zone "+0900" "hour" "12"', true],
    ['allof(currentdate :value "ge" "date" "2026-11-01", currentdate :value "le" "date" "2026-11-30")', true],
  ])('%s', async (script, expected) => {
    expect(await holds(script)).toBe(expected);
  });

  test('the date of a Received field stands at its end', async () => {
    const mail = 'Received: by a; Mon, 2 Nov 2026 10:00:00 -0500 (EST)\nReceived: by b; 1 Nov 2026 10:00:00 GMT\n\n';
    expect(await holds('date "received" "hour" "15"', mail)).toBe(true);
    expect(await holds('date :originalzone "received" "zone" "-0500"', mail)).toBe(true);
    expect(await holds('date :index 2 "received" "day" "01"', mail)).toBe(true);
    expect(await holds('date :last :index 1 "received" "day" "01"', mail)).toBe(true);
    expect(await holds('date :index 3 "received" "day" "01"', mail)).toBe(false);
  });

  test('what is local is the owner’s zone', async () => {
    expect(await holds('date "date" "hour" "23"', MAIL, { zone: 540 })).toBe(true);
    expect(await holds('currentdate "zone" "+0900"', MAIL, { zone: 540 })).toBe(true);
  });
});

describe('index (RFC 5260)', () => {
  const mail = 'X: 1\nX: 2\nX: 3\nTo: a@x.example, b@x.example\nTo: c@x.example\n\n';
  test.each([
    ['header :index 2 "x" "2"', true],
    ['header :index 1 :last "x" "3"', true],
    ['header :index 4 "x" ["1", "2", "3"]', false],
    ['address :index 2 "to" "c@x.example"', true],
    ['address :index 1 "to" "c@x.example"', false],
    ['header :index 4 ["x", "to"] "a@x.example, b@x.example"', true],
    ['header :index 1 :last ["to", "x"] "3"', true],
  ])('%s', async (script, expected) => {
    expect(await holds(script, mail)).toBe(expected);
  });
});
