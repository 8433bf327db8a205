import { expect, test } from 'vitest';
import { HeaderBlock } from '../header.ts';
import { composeNotification } from './notification.ts';
import { readOrigin } from './origin.ts';

const OURS = 'mx.b.test';

function notification({ host = 'mail.a.test', from = 'kim@a.test' } = {}): string {
  const raw = composeNotification({
    header: Buffer.from(`From: ${from}\r\nSubject: x\r\n\r\n`),
    text: '',
    to: 'lee@b.test',
    messageId: '<n@a.test>',
    date: 0,
    link: `https://${host}/downmail/kim/leebtest/1/abcdefgh`,
    server: host,
    userId: '/kim/leebtest/1/',
    password: 'abcdefgh',
    help: '',
    expires: 0,
    size: 1,
    digest: '0'.repeat(64),
    excerptBytes: 0,
    signalLimit: 500,
    pick: () => 0,
  });
  return raw.toString('latin1');
}

const signature = (d: string, h = 'from:subject:downmail-notification') =>
  `DKIM-Signature: v=1; d=${d}; s=s1; h=${h}; bh=x; b=AbCdEfGh\r\n IjKl\r\n`;
const results = (d: string, result = 'pass', id = OURS) =>
  `Authentication-Results: ${id}; dkim=${result} header.d=${d} header.s=s1 header.b=AbCdEfGh; dmarc=pass header.from=${d}\r\n`;

const originOf = (text: string) => readOrigin(HeaderBlock.parse(Buffer.from(text, 'latin1')), OURS)?.origin;

test('proven is what the domain of the author has signed, for a host of its own', () => {
  expect(originOf(results('a.test') + signature('a.test') + notification())).toBe('proven');
  expect(originOf(results('mail.a.test') + signature('mail.a.test') + notification())).toBe('proven');
});

test('a link to another host is told apart (K2)', () => {
  const elsewhere = notification({ host: 'mail.provider.test' });
  expect(originOf(results('a.test') + signature('a.test') + elsewhere)).toBe('other-host');
  expect(originOf(results('provider.test') + signature('provider.test') + elsewhere)).toBe('gateway');
});

test('a forged notification proves nothing (K2)', () => {
  // Not signed, signed by somebody else, with a signature that does not hold, or one that does not cover what counts.
  expect(originOf(`Authentication-Results: ${OURS}; dkim=none; dmarc=fail\r\n${notification()}`)).toBe('unproven');
  expect(originOf(results('evil.test') + signature('evil.test') + notification())).toBe('unproven');
  expect(originOf(results('a.test', 'fail') + signature('a.test') + notification())).toBe('unproven');
  expect(originOf(results('a.test') + signature('a.test', 'from:subject') + notification())).toBe('unproven');
  // The signature that holds is another one than the one that covers it.
  const other = signature('a.test').replace('AbCdEfGh', 'XyCdEfGh');
  expect(originOf(results('a.test') + other + signature('a.test', 'from') + notification())).toBe('unproven');
  // Results that another server claims.
  expect(originOf(results('a.test', 'pass', 'mx.evil.test') + signature('a.test') + notification())).toBe('unchecked');
  // A second field, which no signature covers.
  const field = 'Downmail-Notification: v=1; user=/x/y/1\r\n';
  expect(originOf(results('a.test') + signature('a.test') + field + notification())).toBe(undefined);
});

test('two authors are no author', () => {
  const two = notification().replace('From: kim@a.test', 'From: kim@a.test, ceo@bank.test');
  expect(originOf(results('a.test') + signature('a.test') + two)).toBe('gateway');
});
