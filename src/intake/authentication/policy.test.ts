/** Whose word counts when DMARC fails. */
import { expect, test } from 'vitest';
import { HeaderBlock } from '../../mail/header.ts';
import { disposition } from './policy.ts';
import type { Authentication } from './results.ts';

const FAILED = { result: 'fail', policy: 'reject' } as const;
const RULES = { mode: 'enforce', trustedSealers: new Set<string>(), gateway: 'gw.test' } as const;
const signedBy = (domain: string, result = 'pass') =>
  ({ arc: { result: 'none' }, dkim: [{ result, domain }] }) as unknown as Pick<Authentication, 'arc' | 'dkim'>;
const headerOf = (text: string) => HeaderBlock.parse(Buffer.from(`From: a@b.test\r\n${text}\r\n`));

test('the gateway that was set may notify in the name of authors elsewhere, and do nothing else', () => {
  const notification = headerOf('Downmail-Notification: v=1');
  const of = (...[found, header = notification]: [ReturnType<typeof signedBy>, HeaderBlock?]) =>
    disposition(FAILED, found, header, RULES).disposition;
  expect(of(signedBy('gateway.gw.test'))).toBe('none');
  expect(of(signedBy('gw.test'))).toBe('none');
  expect(of(signedBy('gw.test', 'fail'))).toBe('reject');
  expect(of(signedBy('evilgw.test'))).toBe('reject');
  expect(of(signedBy('gw.test'), headerOf('Subject: hi'))).toBe('reject');
  expect(disposition(FAILED, signedBy('gw.test'), notification, { ...RULES, gateway: '' }).disposition).toBe('reject');
});
