/** RFC 5231: more, less, and how many. */
import { describe, expect, test } from 'vitest';
import { holds, MAIL } from '../../../../test/support/sieve.ts';

describe('relational (RFC 5231)', () => {
  test.each([
    ['header :count "gt" ["to", "from", "cc"] "1"', true],
    ['header :count "eq" "x-none" "0"', true],
    ['address :count "eq" "to" "2"', true],
    ['address :detail :count "eq" "to" "2"', true],
    ['header :value "lt" :comparator "i;ascii-numeric" "x" "10"', true],
    ['header :value "lt" "x" "10"', false],
    ['header :value "ge" "x" "9"', true],
    ['header :value "ne" "x" "9"', false],
    ['header :value "eq" "x" "9"', true],
    ['header :value "le" "x" "9"', true],
  ])('%s', async (script, expected) => {
    expect(await holds(script, MAIL.replace('Subject', 'X: 9\nSubject'))).toBe(expected);
  });
});
