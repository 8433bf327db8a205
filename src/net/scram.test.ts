import { pbkdf2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { ScramClient, type ScramClientOptions } from '../../test/support/scram-client.ts';
import { type SaslChannel, saslMechanisms, saslSignIn } from './sasl.ts';
import { scramKeys, scramProves, scramSignature } from './scram.ts';

// RFC 7677 §3.
const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const KEYS = scramKeys(pbkdf2Sync('pencil', SALT, 4096, 32, 'sha256'));
const b64 = (text: string): string => Buffer.from(text).toString('base64');
const text = (coded: string): string => Buffer.from(coded, 'base64').toString();

const PLAIN_CHANNEL: SaslChannel = { channelBinding: () => undefined };
const BINDING = Buffer.alloc(32, 7);
const TLS_CHANNEL: SaslChannel = { channelBinding: (type) => (type === 'tls-exporter' ? BINDING : undefined) };

interface Case {
  readonly mechanism?: string;
  readonly channel?: SaslChannel;
  readonly first?: string;
  readonly client?: ScramClient;
  readonly change?: (message: string) => string;
  readonly final?: string;
}

async function run({ mechanism = 'SCRAM-SHA-256', channel = PLAIN_CHANNEL, ...given }: Case) {
  const client = given.client ?? new ScramClient('user', 'pencil');
  const challenges: string[] = [];
  const outcome = saslSignIn(
    mechanism,
    given.first ?? client.first,
    (challenge) => {
      challenges.push(text(challenge));
      return Buffer.from(given.final ?? client.final(challenge, given.change));
    },
    {
      channel,
      mechanisms: saslMechanisms(channel, ['PLAIN']),
      password: () => Promise.reject(new Error('no password came')),
      scram: async (name) => ({
        salt: SALT,
        iterations: 4096,
        nonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
        prove: async (authMessage, proof) => {
          if (!scramProves(KEYS, authMessage, proof)) throw new Error('wrong');
          return { who: name, signature: scramSignature(KEYS, authMessage) };
        },
      }),
    },
  );
  return { ...(await outcome), challenges, client };
}

const fault = async (given: Case): Promise<string> => {
  try {
    await run(given);
    return 'in';
  } catch (error) {
    return (error as { fault?: string; message: string }).fault ?? (error as Error).message;
  }
};

test('the exchange of RFC 7677', async () => {
  const first = b64('n,,n=user,r=rOprNGfwEbeRWgbNEkqO');
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const final = b64(`c=biws,r=${nonce},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`);
  const { who, last, challenges } = await run({ first, final });
  expect(who).toBe('user');
  expect(challenges).toEqual([`r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`]);
  expect(text(last ?? '')).toBe('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

test('a client is told by a signature that the server knows its keys; names may hold anything', async () => {
  const { last, client, who } = await run({ client: new ScramClient('a,b=c@한국', 'pencil') });
  expect(last).toBe(client.expected);
  expect(who).toBe('a,b=c@한국');
});

test('what is wrong is refused', async () => {
  const swap = (from: string | RegExp, to: string) => ({ change: (message: string) => message.replace(from, to) });
  expect(await fault({ client: new ScramClient('user', 'pen') })).toBe('wrong');
  expect(await fault(swap(/p=..../, 'p=AAAA'))).toBe('wrong');
  expect(await fault(swap('r=rOpr', 'r=xOpr'))).toBe('malformed');
  expect(await fault(swap('c=biws', `c=${b64('y,,')}`))).toBe('binding');
  expect(await fault(swap('c=biws', 'c=???'))).toBe('malformed');
  expect(await fault(swap(/,p=.*/, ''))).toBe('malformed');
  expect(await fault(swap(/p=.*/, 'p=AAAA'))).toBe('malformed');
  expect(await fault(swap('c=biws,', ''))).toBe('malformed');
  expect(await fault(swap(',p=', ',x,p='))).toBe('malformed');
  expect(await fault({ final: '*' })).toBe('aborted');
  expect(await fault({ final: 'AAA' })).toBe('malformed');
  expect(await fault({ final: 'A'.repeat(12_292) })).toBe('too-long');
});

test.each([
  '',
  'n=user,r=abc',
  'n,,m=x,n=user,r=abc',
  'n,,n=,r=abc',
  'n,,n=user,r=',
  'n,,n=user,r=a b',
  'n,,n=user,r=한',
  `n,,n=user,r=${'a'.repeat(513)}`,
  'n,,n=us=er,r=abc',
  'n,,n=us=2cer,r=abc',
  'n,,n=user',
  'n,,r=abc,n=user',
  'n,,n=user,r=abc,x',
  'n,a=other,n=user,r=abc',
  'n,user,n=user,r=abc',
  'x,,n=user,r=abc',
  'p=,,n=user,r=abc',
  'p=tls-exporter,,n=user,r=abc',
  'n,,n=us\0er,r=abc',
])('the first message %j is malformed', async (message) => {
  expect(await fault({ first: b64(message) })).toBe('malformed');
});

test('who names himself twice, and extensions that nobody needs to know, are fine', async () => {
  expect(await fault({ client: new ScramClient('user', 'pencil', { gs2Header: 'n,a=user,' }) })).toBe('in');
});

test('the channel is bound, and nobody in between hides that it could be', async () => {
  const plus = 'SCRAM-SHA-256-PLUS';
  const client = (options: ScramClientOptions) => new ScramClient('user', 'pencil', options);
  const exporter = { gs2Header: 'p=tls-exporter,,' };
  const [tls, mechanism] = [TLS_CHANNEL, plus];
  expect(await fault({ channel: tls, mechanism, client: client({ ...exporter, binding: BINDING }) })).toBe('in');
  expect(await fault({ channel: tls, mechanism, client: client({ ...exporter, binding: Buffer.alloc(32) }) })).toBe(
    'binding',
  );
  expect(await fault({ channel: tls, mechanism, client: client(exporter) })).toBe('binding');
  for (const type of ['tls-unique', 'tls-server-end-point'])
    expect(
      await fault({ channel: tls, mechanism, client: client({ gs2Header: `p=${type},,`, binding: BINDING }) }),
    ).toBe('binding');
  expect(await fault({ channel: tls, mechanism, client: client({}) })).toBe('malformed');
  expect(await fault({ channel: tls, client: client({ ...exporter, binding: BINDING }) })).toBe('malformed');
  // `y`: the client could, and thinks that we could not.
  expect(await fault({ channel: tls, client: client({ gs2Header: 'y,,' }) })).toBe('binding');
  expect(await fault({ client: client({ gs2Header: 'y,,' }) })).toBe('in');
  expect(await fault({ channel: tls, client: client({}) })).toBe('in');
  expect(await fault({ mechanism, client: client({ ...exporter, binding: BINDING }) })).toBe('unknown-mechanism');
});
