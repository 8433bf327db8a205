import { expect, test } from 'vitest';
import { type SaslDoor, saslMechanisms, saslSignIn } from './sasl.ts';

const b64 = (text: string): string => Buffer.from(text).toString('base64');
const answers = (...lines: string[]) => {
  const asked: string[] = [];
  return { asked, exchange: (c: string) => (asked.push(c), Promise.resolve(Buffer.from(lines.shift() ?? ''))) };
};
const none = answers();
const channel = { channelBinding: () => undefined };
const door: SaslDoor<unknown> = {
  channel,
  mechanisms: saslMechanisms(channel, ['PLAIN', 'LOGIN']),
  password: async (address, password) => ({ address, password }),
  scram: () => Promise.reject(new Error('nobody asked for it')),
};
const signIn = async (...[mechanism, initial, exchange]: [string, string | undefined, typeof none.exchange]) =>
  (await saslSignIn(mechanism, initial, exchange, door)).who;

test('PLAIN with and without an initial response', async () => {
  const good = { address: 'a@b', password: 'p w' };
  expect(await signIn('plain', b64('\0a@b\0p w'), none.exchange)).toEqual(good);
  expect(await signIn('PLAIN', b64('a@b\0a@b\0p w'), none.exchange)).toEqual(good);
  const { asked, exchange } = answers(b64('\0a@b\0p w'));
  expect(await signIn('PLAIN', undefined, exchange)).toEqual(good);
  expect(asked).toEqual(['']);
});

test('LOGIN with and without an initial response', async () => {
  const { asked, exchange } = answers(b64('한@b'), b64('p'));
  expect(await signIn('LOGIN', undefined, exchange)).toEqual({ address: '한@b', password: 'p' });
  expect(asked.map((c) => Buffer.from(c, 'base64').toString())).toEqual(['Username:', 'Password:']);
  expect(await signIn('LOGIN', b64('a'), answers(b64('p')).exchange)).toEqual({ address: 'a', password: 'p' });
});

test.each([
  ['PLAIN', '*', 'aborted'],
  ['PLAIN', '=', 'malformed'],
  ['PLAIN', 'AGE=\t', 'malformed'],
  ['PLAIN', 'AG E', 'malformed'],
  ['PLAIN', 'AAAA\0', 'malformed'],
  ['PLAIN', b64('a@b'), 'malformed'],
  ['PLAIN', b64('\0a@b\0'), 'malformed'],
  ['PLAIN', b64('\0\0p'), 'malformed'],
  ['PLAIN', b64('\0a\0p\0'), 'malformed'],
  ['PLAIN', b64('other\0a\0p'), 'malformed'],
  ['PLAIN', Buffer.from([0, 0xff, 0, 0x70]).toString('base64'), 'malformed'],
  ['PLAIN', b64(`\0${'a'.repeat(1025)}\0p`), 'too-long'],
  ['PLAIN', 'A'.repeat(20_000), 'too-long'],
  ['LOGIN', '*', 'aborted'],
  ['LOGIN', '====', 'malformed'],
  ['CRAM-MD5', undefined, 'unknown-mechanism'],
  ['SCRAM-SHA-1', undefined, 'unknown-mechanism'],
  ['SCRAM-SHA-256-PLUS', undefined, 'unknown-mechanism'],
  ['__proto__', undefined, 'unknown-mechanism'],
])('%s %j → %s', async (mechanism, initial, fault) => {
  await expect(signIn(mechanism, initial, none.exchange)).rejects.toMatchObject({ fault });
});
