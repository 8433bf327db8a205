/** RFC 5235: what the scanners said. */
import { describe, expect, test } from 'vitest';
import { holds, MAIL } from '../../../../test/support/sieve.ts';

describe('spamtest and virustest (RFC 5235)', () => {
  const requires = 'spamtest", "spamtestplus", "virustest';
  const world = { spamtest: 7, spamPercent: 66, virustest: 1 };
  test.each([
    ['spamtest :value "ge" :comparator "i;ascii-numeric" "7"', true, world],
    ['spamtest :value "gt" :comparator "i;ascii-numeric" "7"', false, world],
    ['spamtest :percent :value "eq" :comparator "i;ascii-numeric" "66"', true, world],
    ['virustest :value "eq" :comparator "i;ascii-numeric" "1"', true, world],
    ['spamtest :value "eq" :comparator "i;ascii-numeric" "0"', true, {}],
    ['spamtest :count "eq" "0"', true, {}],
    ['virustest :value "eq" :comparator "i;ascii-numeric" "0"', true, {}],
  ])('%s: %s', async (condition, expected, given) => {
    expect(await holds(condition, MAIL, given, requires)).toBe(expected);
  });

  test('spamtestplus needs no second require (RFC 5235 §2.2.2)', async () => {
    expect(await holds('spamtest :percent :is "70"', undefined, { spamPercent: 70 }, 'spamtestplus')).toBe(true);
  });
});
