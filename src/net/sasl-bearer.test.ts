import { expect, test } from 'vitest';
import { type BearerMechanism, parseBearer } from './sasl-bearer.ts';
import { type SaslDoor, saslSignIn } from './sasl.ts';

const parse = (mechanism: BearerMechanism, text: string) => parseBearer(mechanism, Buffer.from(text));

test('OAUTHBEARER as RFC 7628 §4.1 shows it', () => {
  const message =
    'n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01';
  expect(parse('OAUTHBEARER', message)).toEqual({
    address: 'user@example.com',
    token: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==',
  });
  expect(parse('OAUTHBEARER', 'n,,\x01auth=bearer t\x01\x01')).toEqual({ address: undefined, token: 't' });
  expect(parse('OAUTHBEARER', 'y,a=a=2Cb=3Dc,\x01auth=Bearer  t\x01\x01').address).toBe('a,b=c');
});

test('XOAUTH2', () => {
  expect(parse('XOAUTH2', 'user=a@b\x01auth=Bearer t.1\x01\x01')).toEqual({ address: 'a@b', token: 't.1' });
});

test.each<[BearerMechanism, string]>([
  ['OAUTHBEARER', ''],
  ['OAUTHBEARER', '\x01'],
  ['OAUTHBEARER', 'n,,\x01\x01'],
  ['OAUTHBEARER', 'n,,\x01auth=Bearer t\x01'],
  ['OAUTHBEARER', 'n,,\x01auth=Basic t\x01\x01'],
  ['OAUTHBEARER', 'n,,\x01auth=Bearer \x01\x01'],
  ['OAUTHBEARER', 'n,,\x01auth=Bearer a b\x01\x01'],
  ['OAUTHBEARER', 'n,a=,\x01auth=Bearer t\x01\x01'],
  ['OAUTHBEARER', 'p=tls-exporter,,\x01auth=Bearer t\x01\x01'],
  ['OAUTHBEARER', 'user=a@b\x01auth=Bearer t\x01\x01'],
  ['OAUTHBEARER', `n,,\x01auth=Bearer ${'t'.repeat(1025)}\x01\x01`],
  ['XOAUTH2', 'n,,\x01auth=Bearer t\x01\x01'],
  ['XOAUTH2', 'user=\x01auth=Bearer t\x01\x01'],
  ['XOAUTH2', 'user=a@b\x01__proto__=Bearer t\x01\x01'],
])('%s %j is malformed', (mechanism, text) => {
  expect(() => parse(mechanism, text)).toThrow(expect.objectContaining({ fault: 'malformed' }));
});

test.each<[BearerMechanism, object]>([
  ['OAUTHBEARER', { status: 'invalid_token', scope: 'imap' }],
  ['XOAUTH2', { status: '401', schemes: 'bearer', scope: 'imap' }],
])('%s: who is refused hears why, and fails after having said so', async (mechanism, told) => {
  const said: string[] = [];
  const door: SaslDoor<string> = {
    channel: { channelBinding: () => undefined },
    mechanisms: [mechanism],
    password: () => Promise.reject(new Error('nobody asked')),
    scram: () => Promise.reject(new Error('nobody asked')),
    tokens: { scope: 'imap', open: async () => ({ refused: 'invalid_token', error: new Error('refused') }) },
  };
  const head = mechanism === 'XOAUTH2' ? 'user=a@b' : 'n,,';
  const initial = Buffer.from(`${head}\x01auth=Bearer t\x01\x01`).toString('base64');
  const exchange = (challenge: string) => (said.push(challenge), Buffer.from('AQ=='));
  await expect(saslSignIn(mechanism, initial, exchange, door)).rejects.toThrow('refused');
  expect(said.map((text) => JSON.parse(Buffer.from(text, 'base64').toString()))).toEqual([told]);
});
