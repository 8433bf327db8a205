import { createHash, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { ScriptedServer, type ScriptedOptions } from '../../../test/smtp/scripted-server.ts';
import { oneSource } from '../../../test/support/one-source.ts';
import { TestAuthority } from '../../../test/support/certificates.ts';
import { SystemClock } from '../../adapters/clock-system.ts';
import { StaticResolver, type StaticZone } from '../../adapters/resolver-static.ts';
import type { KeyPair } from '../../net/tls.ts';
import type { TlsaRecord } from '../../ports/resolver.ts';
import type { Hop } from '../route.ts';
import { SmtpTransfer, type TlsResult } from '../smtp-transfer.ts';
import type { OutgoingMail, Outcome } from '../transfer.ts';
import { MtaSts } from './mta-sts.ts';
import { TlsPolicies } from './policy.ts';

const NEVER = new AbortController().signal;
const HOST = 'mx.dest.test';
let authority: TestAuthority;
let stranger: TestAuthority;
let right: KeyPair;
let misnamed: KeyPair;
let ended: KeyPair;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([TestAuthority.make(), TestAuthority.make('another authority')]);
  [right, misnamed, ended] = await Promise.all([
    authority.issue(HOST),
    authority.issue('elsewhere.test'),
    authority.issue(HOST, new Date(Date.now() - 86_400_000)),
  ]);
});

interface World {
  readonly server?: ScriptedOptions;
  readonly zones?: (port: number) => Record<string, StaticZone>;
  readonly policy?: string;
  readonly hop?: Partial<Hop>;
  readonly secure?: boolean;
  readonly mail?: Partial<OutgoingMail>;
}

async function deliver(world: World): Promise<{ outcome: Outcome; server: ScriptedServer; told: TlsResult[] }> {
  await using server = await ScriptedServer.start(world.server);
  const resolver = new StaticResolver({
    ...(world.policy !== undefined && { '_mta-sts.dest.test': { txt: ['v=STSv1; id=1;'] } }),
    ...world.zones?.(server.port),
  });
  const clock = new SystemClock();
  const authenticated = world.secure ?? false;
  const hop: Hop = {
    host: HOST,
    port: server.port,
    addresses: [{ address: '127.0.0.1', family: 4, ...(authenticated && { authenticated }) }],
    authenticated,
    ...world.hop,
  };
  const told: TlsResult[] = [];
  const transfer = new SmtpTransfer({
    router: { route: async (domain) => ({ kind: 'hops', hops: [hop], domain }) },
    tls: new TlsPolicies({
      resolver,
      mtaSts: new MtaSts({ resolver, clock, fetch: async () => world.policy ?? '' }),
      ca: [authority.pair.cert],
    }),
    clock,
    sources: oneSource('pabal.test', clock),
    onTls: (result) => told.push(result),
  });
  const mail: OutgoingMail = {
    sender: 'alice@pabal.test',
    size: 5,
    body: async function* () {
      yield Buffer.from('a\r\nb\r\n');
    },
    needs: { smtputf8: false, eightBit: false, binary: false },
    requireTls: false,
    ...world.mail,
  };
  const [outcome] = await transfer.transfer('dest.test', mail, [{ address: 'bob@dest.test' }], NEVER);
  await transfer.close();
  return { outcome: outcome!, server, told };
}

describe('STARTTLS where nothing is asked for', () => {
  test('is used, whoever signed the certificate', async () => {
    const tls = await stranger.issue('wrong.test');
    const { outcome, server, told } = await deliver({ server: { tls } });
    expect(outcome).toMatchObject({ kind: 'delivered', tls: expect.stringMatching(/^TLSv1\.3 TLS_/) });
    expect(server.mails[0]?.tls).toBe(true);
    expect(server.sessions[0]).toMatchObject({ serverName: HOST });
    expect(server.sessions[0]?.lines.filter((line) => line.startsWith('EHLO'))).toHaveLength(2);
    expect(told).toMatchObject([{ result: 'success', policy: 'no-policy-found', host: HOST, address: '127.0.0.1' }]);
  });

  test('is done without where it is refused, or the handshake fails', async () => {
    const refused = await deliver({ server: { tls: right, answer: (l) => (l === 'STARTTLS' ? '454 No' : undefined) } });
    expect(refused.outcome).toMatchObject({ kind: 'delivered', tls: undefined });
    // It says yes, and then does not speak TLS.
    const broken = await deliver({
      server: { extensions: ['STARTTLS'], answer: (l) => (l === 'STARTTLS' ? ['220 Go', 'DROP'] : undefined) },
    });
    expect(broken.outcome).toMatchObject({ kind: 'delivered', tls: undefined });
    expect(broken.server.sessions).toHaveLength(2);
    expect(broken.told.map(({ result }) => result)).toEqual(['validation-failure']);
  });

  test('what somebody slips in before the handshake is not taken for an answer (D6)', async () => {
    const answer = (line: string): string | undefined =>
      line === 'STARTTLS' ? '220 Go\r\n250-injected.test\r\n250 SIZE 1' : undefined;
    const { outcome, server } = await deliver({ server: { tls: right, answer } });
    expect(outcome).toMatchObject({ kind: 'temporary', status: '4.5.0' });
    expect(server.mails).toHaveLength(0);
  });
});

describe('MTA-STS', () => {
  const policy = (mode: string, mx = HOST): string =>
    `version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: 86400\r\n`;

  test('enforced: the certificate must hold, TLS must be there, the host must be named (I-4)', async () => {
    const good = await deliver({ server: { tls: right }, policy: policy('enforce') });
    expect(good.outcome).toMatchObject({ kind: 'delivered', tls: expect.stringContaining('TLS') });
    expect(good.told).toMatchObject([{ result: 'success', policy: 'sts' }]);
    const worlds: World[] = [
      { server: { tls: misnamed } },
      { server: { tls: ended } },
      { server: { tls: await stranger.issue(HOST) } },
      { server: {} },
      { server: { tls: right, answer: (l) => (l === 'STARTTLS' ? '454 No' : undefined) } },
    ];
    for (const world of worlds) {
      const { outcome, server, told } = await deliver({ ...world, policy: policy('enforce') });
      expect(outcome).toMatchObject({ kind: 'temporary', status: '4.7.5' });
      expect(server.mails).toHaveLength(0);
      expect(told[0]?.result).toMatch(/^(certificate-(host-mismatch|expired|not-trusted)|starttls-not-supported)$/);
    }
    const other = await deliver({ server: { tls: right }, policy: policy('enforce', '*.dest.example') });
    expect(other.outcome).toMatchObject({ kind: 'temporary', status: '4.7.5' });
    expect(other.server.sessions).toHaveLength(0);
  });

  test('tested: told, but mail flows (I-4)', async () => {
    const { outcome, told } = await deliver({ server: {}, policy: policy('testing') });
    expect(outcome.kind).toBe('delivered');
    expect(told).toMatchObject([{ result: 'starttls-not-supported', policy: 'sts' }]);
    for (const [tls, result] of [
      [right, 'success'],
      [misnamed, 'certificate-host-mismatch'],
      [ended, 'certificate-expired'],
      [await stranger.issue(HOST), 'certificate-not-trusted'],
    ] as const) {
      const tried = await deliver({ server: { tls }, policy: policy('testing') });
      expect(tried.outcome).toMatchObject({ kind: 'delivered', tls: expect.stringContaining('TLS') });
      expect(tried.told).toMatchObject([{ result, policy: 'sts' }]);
    }
    const unnamed = await deliver({ server: { tls: right }, policy: policy('testing', 'other.test') });
    expect(unnamed.told).toMatchObject([{ result: 'certificate-host-mismatch' }]);
    expect((await deliver({ server: {}, policy: policy('none') })).outcome.kind).toBe('delivered');
  });

  test('and DANE do not keep back what its author would rather have delivered: TLS-Required: No (RFC 8689 §5)', async () => {
    const mail = { tlsOptional: true as const };
    for (const server of [{ tls: misnamed }, {}]) {
      const { outcome, told } = await deliver({ server, policy: policy('enforce'), mail });
      expect(outcome).toMatchObject({ kind: 'delivered' });
      expect(told).toEqual([]);
    }
    const tlsa = { usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(32), authenticated: true };
    const zones = (port: number) => ({ [`_${port}._tcp.${HOST}`]: { tlsa: [tlsa] } });
    expect((await deliver({ server: { tls: right }, secure: true, zones })).outcome.kind).toBe('temporary');
    expect((await deliver({ server: { tls: right }, secure: true, zones, mail })).outcome.kind).toBe('delivered');
  });
});

describe('DANE', () => {
  const digest = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();
  const spki = (pair: KeyPair): Buffer =>
    new X509Certificate(pair.cert).publicKey.export({ type: 'spki', format: 'der' });
  const record = (usage: number, pair: KeyPair, more: Partial<TlsaRecord> = {}): TlsaRecord => ({
    usage,
    selector: 1,
    matchingType: 1,
    data: digest(spki(pair)),
    authenticated: true,
    ...more,
  });
  const world = (tls: KeyPair, ...tlsa: TlsaRecord[]): World => ({
    server: { tls },
    secure: true,
    zones: (port) => ({ [`_${port}._tcp.${HOST}`]: { tlsa } }),
  });

  test('a record of the server itself is enough, whatever the name and the date', async () => {
    for (const pair of [right, misnamed, ended]) {
      const { outcome, told } = await deliver(world(pair, record(3, pair)));
      expect(outcome).toMatchObject({ kind: 'delivered', tls: expect.stringContaining('TLS') });
      expect(told).toMatchObject([{ result: 'success', policy: 'tlsa' }]);
    }
    const whole = record(3, right, { selector: 0, matchingType: 0, data: new X509Certificate(right.cert).raw });
    expect((await deliver(world(right, whole))).outcome.kind).toBe('delivered');
  });

  test('an authority vouches for a name and a date', async () => {
    const anchor = record(2, authority.pair);
    expect((await deliver(world(right, anchor))).outcome.kind).toBe('delivered');
    for (const pair of [misnamed, ended, await stranger.issue(HOST)])
      expect((await deliver(world(pair, anchor))).outcome).toMatchObject({ kind: 'temporary', status: '4.7.5' });
  });

  test('nothing goes to a server that does not match, or has no TLS', async () => {
    for (const one of [world(misnamed, record(3, right)), { ...world(right, record(3, right)), server: {} }]) {
      const { outcome, server } = await deliver(one);
      expect(outcome).toMatchObject({ kind: 'temporary', status: '4.7.5' });
      expect(server.mails).toHaveLength(0);
    }
  });

  test('records that cannot be used ask for TLS, not for a certificate', async () => {
    const useless = record(1, authority.pair);
    expect((await deliver(world(misnamed, useless))).outcome).toMatchObject({ kind: 'delivered' });
    expect((await deliver({ ...world(right, useless), server: {} })).outcome).toMatchObject({ kind: 'temporary' });
    // Unless the mail must not go to anybody else.
    const mail = { requireTls: true };
    const server = (tls: KeyPair) => ({ tls, extensions: ['REQUIRETLS'] });
    const strict = (tls: KeyPair) => deliver({ ...world(tls, useless), server: server(tls), mail });
    expect((await strict(right)).outcome).toMatchObject({ kind: 'delivered' });
    expect((await strict(misnamed)).outcome).toMatchObject({ kind: 'temporary', status: '4.7.5' });
  });

  test('nothing that was not validated counts', async () => {
    const { authenticated: _, ...unsigned } = record(3, misnamed);
    expect((await deliver(world(right, unsigned))).outcome.kind).toBe('delivered');
    expect((await deliver({ ...world(right, record(3, misnamed)), secure: false })).outcome.kind).toBe('delivered');
  });

  test('records that cannot be looked up put mail off', async () => {
    const hidden = {
      ...world(right),
      zones: (port: number) => ({ [`_${port}._tcp.${HOST}`]: { fails: 'servfail' as const } }),
    }; // prettier-ignore
    expect((await deliver(hidden)).outcome).toMatchObject({ kind: 'temporary', status: '4.7.5' });
  });
});

describe('REQUIRETLS', () => {
  const mail = { requireTls: true };
  const extensions = ['REQUIRETLS'];

  test('goes where the server is known, its certificate holds, and it passes the demand on', async () => {
    const { outcome, server } = await deliver({ server: { tls: right, extensions }, secure: true, mail });
    expect(outcome).toMatchObject({ kind: 'delivered' });
    expect(server.mails[0]?.mail).toBe('MAIL FROM:<alice@pabal.test> REQUIRETLS');
  });

  test('and nowhere else', async () => {
    const unknown = await deliver({ server: { tls: right, extensions }, mail });
    expect(unknown.outcome).toMatchObject({ kind: 'permanent', status: '5.7.10' });
    const silent = await deliver({ server: { tls: right }, secure: true, mail });
    expect(silent.outcome).toMatchObject({ kind: 'permanent', status: '5.7.30' });
    const bad = await deliver({ server: { tls: misnamed, extensions }, secure: true, mail });
    expect(bad.outcome).toMatchObject({ kind: 'temporary', status: '4.7.5' });
  });
});

describe('a relay', () => {
  const relay = { host: HOST, port: 0, implicitTls: false, verifyTls: false };
  const credentials = { user: 'us', password: 'canary-secret' };

  test('is signed in to, by PLAIN or LOGIN', async () => {
    for (const auth of ['AUTH PLAIN LOGIN', 'AUTH LOGIN']) {
      const { outcome, server } = await deliver({
        server: { tls: right, extensions: [auth] },
        hop: { relay: { ...relay, credentials } },
      });
      expect(outcome.kind).toBe('delivered');
      const lines = server.sessions[0]?.lines.join('\n') ?? '';
      expect(lines).toContain(
        auth === 'AUTH LOGIN'
          ? Buffer.from(credentials.password).toString('base64')
          : `AUTH PLAIN ${Buffer.from(`\0us\0${credentials.password}`).toString('base64')}`,
      );
    }
  });

  test('that refuses the password gives no mail back', async () => {
    const answer = (line: string): string | undefined => (line.startsWith('AUTH') ? '535 5.7.8 No' : undefined);
    const { outcome } = await deliver({
      server: { tls: right, extensions: ['AUTH PLAIN'], answer },
      hop: { relay: { ...relay, credentials } },
    });
    expect(outcome).toMatchObject({ kind: 'temporary', reply: '535 5.7.8 No' });
    const none = await deliver({ server: { tls: right }, hop: { relay: { ...relay, credentials } } });
    expect(none.outcome).toMatchObject({ kind: 'temporary', status: '4.7.8' });
  });

  test('may speak TLS from the first byte, and must prove its name when that is asked for', async () => {
    const implicit = { ...relay, implicitTls: true };
    const { outcome } = await deliver({ server: { tls: right, implicitTls: true }, hop: { relay: implicit } });
    expect(outcome).toMatchObject({ kind: 'delivered', tls: expect.stringContaining('TLS') });
    const verify = { relay: { ...relay, verifyTls: true } };
    expect((await deliver({ server: { tls: right }, hop: verify })).outcome.kind).toBe('delivered');
    expect((await deliver({ server: { tls: misnamed }, hop: verify })).outcome.kind).toBe('temporary');
    expect((await deliver({ server: {}, hop: verify })).outcome.kind).toBe('temporary');
  });
});
