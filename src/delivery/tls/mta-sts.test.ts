import { createServer, type Server } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestAuthority } from '../../../test/support/certificates.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { MemoryKv } from '../../adapters/kv-memory.ts';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import { StaticResolver } from '../../adapters/resolver-static.ts';
import { policyFetcher } from './fetch-policy.ts';
import { matchesPolicy, MtaSts, parsePolicy, stsId } from './mta-sts.ts';
import { KvPolicyStore } from './policy-store.ts';

const NEVER = new AbortController().signal;
const HOST = 'mx.dest.test';
const policy = (mode: string, mx = HOST): string =>
  `version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: 86400\r\n`;
let authority: TestAuthority;
let stranger: TestAuthority;
beforeAll(async () => {
  [authority, stranger] = await Promise.all([TestAuthority.make(), TestAuthority.make('another authority')]);
});

describe('a policy', () => {
  test('the policy is read as it is written, or not at all', () => {
    expect(
      parsePolicy('version: STSv1\nmode: testing\nmx: *.A.test\nmx: b.test\nmax_age: 99999999999\n'),
    ).toBeUndefined();
    const read = parsePolicy('version: STSv1\nmode: testing\nmx: *.A.test\nmx: b.test\nmax_age: 9999999999\nx: y');
    expect(read).toMatchObject({ mode: 'testing', mx: ['*.a.test', 'b.test'], maxAgeMs: 31_557_600_000 });
    for (const [host, match] of [
      ['x.a.test', true],
      ['a.test', false],
      ['y.x.a.test', false],
      ['b.test', true],
    ] as const) // prettier-ignore
      expect(matchesPolicy(host, read!)).toBe(match);
    for (const wrong of [
      '',
      'mode: enforce\nmx: a\nmax_age: 1',
      'version: STSv1\nmode: enforce\nmax_age: 1',
      policy('on'),
    ])
      expect(parsePolicy(wrong)).toBeUndefined();
    expect(stsId(['v=spf1', 'v=STSv1; id=20260101;'])).toBe('20260101');
    expect(stsId(['v=STSv1; id=1', 'v=STSv1; id=2'])).toBeUndefined();
    expect(stsId(['v=STSv1', 'v=STSv10; id=3', 'v=STSv1; id=a b'])).toBeUndefined();
  });

  test('is kept for as long as it said, through an outage of DNS and of the web server', async () => {
    const clock = new ManualClock();
    const zone: { txt?: string[]; fails?: 'servfail' } = { txt: ['v=STSv1; id=1'] };
    let fetched = 0;
    let text: string | undefined = policy('enforce');
    const kv = new MemoryKv();
    const parts = {
      resolver: new StaticResolver({ '_mta-sts.dest.test': zone }),
      clock,
      fetch: async () => {
        fetched++;
        if (text === undefined) throw new Error('down');
        return text;
      },
    };
    const begun = () => new MtaSts({ ...parts, store: new KvPolicyStore(kv, clock, new SeededRandom(1)) });
    let sts = begun();
    const mode = async (): Promise<string | undefined> => (await sts.policy('dest.test', NEVER))?.mode;
    expect(await Promise.all([mode(), mode(), mode()])).toEqual(['enforce', 'enforce', 'enforce']);
    expect(fetched).toBe(1);
    zone.fails = 'servfail';
    expect(await mode()).toBe('enforce');
    delete zone.fails;
    zone.txt = ['v=STSv1; id=2'];
    text = undefined;
    expect([await mode(), await mode()]).toEqual(['enforce', 'enforce']);
    expect(fetched).toBe(2);
    text = policy('testing');
    await clock.advance(6 * 60_000);
    expect(await mode()).toBe('testing');
    // The next run of the service knows it, too, and asks nobody.
    sts = begun();
    zone.fails = 'servfail';
    expect(await mode()).toBe('testing');
    delete zone.fails;
    expect(await mode()).toBe('testing');
    expect(fetched).toBe(3);
    await clock.advance(86_400_000);
    zone.fails = 'servfail';
    expect(await mode()).toBeUndefined();
    sts = begun();
    expect(await mode()).toBeUndefined();
  });

  test('of many domains those that end last are kept', async () => {
    const clock = new ManualClock();
    const store = new KvPolicyStore(new MemoryKv(), clock, new SeededRandom(1), 5);
    const kept = (i: number) => ({ id: String(i), text: policy('enforce'), until: clock.now() + 1000 + i });
    for (let i = 0; i < 200; i++) await store.save(`d${i}.test`, kept(i));
    expect(await store.load('d0.test')).toBeUndefined();
    expect(await store.load('d199.test')).toEqual(kept(199));
    await clock.advance(20_000);
    await store.save('late.test', kept(1));
    expect(await store.load('late.test')).toEqual(kept(1));
  });
});

describe('the policy is fetched over HTTPS', () => {
  let web: Server;
  let answer: { status: number; type: string; text: string };
  const zones = { 'mta-sts.dest.test': { addresses: [{ address: '127.0.0.1', family: 4 as const }] } };

  beforeAll(async () => {
    web = createServer(await authority.issue('mta-sts.dest.test'), (asked, reply) => {
      if (asked.url !== '/.well-known/mta-sts.txt') answer = { ...answer, status: 404 };
      reply.writeHead(answer.status, { 'content-type': answer.type, location: '/elsewhere' }).end(answer.text);
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    web.closeAllConnections();
    web.close();
  });
  const fetcher = (more = {}): ReturnType<typeof policyFetcher> => {
    const { port } = web.address() as { port: number };
    const resolver = new StaticResolver(zones);
    return policyFetcher({ resolver, port, privateAddresses: true, ca: [authority.pair.cert], ...more });
  };

  test('and only there, as plain text, without a detour', async () => {
    answer = { status: 200, type: 'text/plain; charset=utf-8', text: 'version: STSv1' };
    expect(await fetcher()('dest.test', NEVER)).toBe('version: STSv1');
    await expect(fetcher({ ca: [stranger.pair.cert] })('dest.test', NEVER)).rejects.toThrow();
    await expect(fetcher({ privateAddresses: false })('dest.test', NEVER)).rejects.toThrow('no public address');
    await expect(fetcher()('gone.test', NEVER)).rejects.toThrow('nxdomain');
    for (const wrong of [
      { ...answer, status: 301 },
      { ...answer, status: 404 },
      { ...answer, type: 'text/html' },
      { ...answer, text: 'x'.repeat(70_000) },
    ]) {
      answer = wrong;
      await expect(fetcher()('dest.test', NEVER)).rejects.toThrow();
    }
  });
});

describe('what is wrong with a policy is told once for each time it was fetched', () => {
  const faultsOf = async (fetch: () => Promise<string>): Promise<string[]> => {
    const told: string[] = [];
    const sts = new MtaSts({
      resolver: new StaticResolver({ '_mta-sts.dest.test': { txt: ['v=STSv1; id=1'] } }),
      clock: new ManualClock(),
      fetch,
      onFault: ({ result, domain, policy: kept }) => told.push(`${result} ${domain} ${kept?.mode ?? 'none'}`),
    });
    for (let i = 0; i < 2; i++) expect(await sts.policy('dest.test', NEVER)).toBeUndefined();
    return told;
  };

  test('nothing there, nothing that is a policy, and a certificate that does not hold (RFC 8460 §4.3.2.2)', async () => {
    expect(await faultsOf(() => Promise.reject(new Error('no policy, but 404')))).toEqual([
      'sts-policy-fetch-error dest.test none',
    ]);
    expect(await faultsOf(async () => 'version: STSv2')).toEqual(['sts-policy-invalid dest.test none']);
    const web = createServer(await stranger.issue('mta-sts.dest.test'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const { port } = web.address() as { port: number };
    const resolver = new StaticResolver({
      'mta-sts.dest.test': { addresses: [{ address: '127.0.0.1', family: 4 as const }] },
    });
    const fetch = policyFetcher({ resolver, port, privateAddresses: true, ca: [authority.pair.cert] });
    expect(await faultsOf(() => fetch('dest.test', NEVER))).toEqual(['sts-webpki-invalid dest.test none']);
    web.close();
  });
});
