import { expect, it } from 'vitest';
import { hotp, totpStep } from './totp.ts';

const SECRET = Buffer.from('12345678901234567890');

it('makes the codes of RFC 4226, appendix D', () => {
  const codes = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'];
  expect(codes.map((_, counter) => hotp(SECRET, counter))).toEqual(codes);
});

it('knows the codes of RFC 6238, appendix B, by the time', () => {
  // The last six of its eight digits.
  for (const [seconds, code] of [
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ] as const)
    expect(totpStep(SECRET, code, seconds * 1000, -1), String(seconds)).toBe(Math.floor(seconds / 30));
});

it('takes a code half a minute early or late, and none that came before', () => {
  const now = 1111111109_000;
  const step = Math.floor(now / 30_000);
  const takes = (offset: number, after = -1) => totpStep(SECRET, hotp(SECRET, step + offset), now, after);
  expect([-2, -1, 0, 1, 2].map((offset) => takes(offset))).toEqual([undefined, step - 1, step, step + 1, undefined]);
  expect(takes(0, step)).toBeUndefined();
  expect(takes(-1, step)).toBeUndefined();
  expect(takes(1, step)).toBe(step + 1);
  for (const odd of ['', '12345', '1234567', 'abcdef', '１２３４５６', '-12345', '0x1234'])
    expect(totpStep(SECRET, odd, now, -1), odd).toBeUndefined();
  expect(totpStep(SECRET, '081 804', now, -1)).toBe(step);
});
