import { expect, test } from 'vitest';
import type { Authentication, AuthResult } from '../authentication/results.ts';
import { isForged } from './forged.ts';

test.each<[spf: AuthResult, identity: 'mailfrom' | 'helo', dmarc: AuthResult, forged: boolean]>([
  ['fail', 'mailfrom', 'fail', true],
  ['softfail', 'mailfrom', 'none', true],
  ['fail', 'mailfrom', 'pass', false],
  ['fail', 'helo', 'none', false],
  ['pass', 'mailfrom', 'fail', false],
  ['none', 'mailfrom', 'none', false],
])('SPF %s of %s, DMARC %s', (spf, identity, dmarc, forged) => {
  const authentication = { spf: { identity, result: spf }, dmarc: { result: dmarc } } as Authentication;
  expect(isForged({ authentication })).toBe(forged);
});

test('mail from here was not checked, and is from whom it says', () => {
  expect(isForged({})).toBe(false);
});
