import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DnsTestServer, type NameRecords } from '../../test/dns/server.ts';
import { isUsable } from '../delivery/tls/dane.ts';
import { resolverContract } from '../ports/resolver.contract.ts';
import type { TlsaRecord } from '../ports/resolver.ts';
import { StaticResolver } from './resolver-static.ts';
import { SystemResolver, type SystemResolverOptions } from './resolver-system.ts';

let server: DnsTestServer;
/** The one that is asked first knows nothing. */
let broken: DnsTestServer;

beforeAll(async () => {
  broken = await DnsTestServer.start({ 'mail.test': { fails: 'servfail' } });
  server = await DnsTestServer.start({
    'mail.test': {
      MX: [
        { preference: 10, exchange: 'mx1.mail.test' },
        { preference: 20, exchange: 'mx2.mail.test' },
      ],
      TXT: ['v=spf1 -all', `long ${'x'.repeat(400)}`],
    },
    'null-mx.test': { MX: [{ preference: 0, exchange: '' }] },
    'both.test': { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] },
    'four.test': { A: ['192.0.2.4'] },
    'half.test': { A: ['192.0.2.4'], fails: { AAAA: 'servfail' } },
    'unknown.test': { A: [], fails: { AAAA: 'servfail' } },
    'secure.test': { MX: [{ preference: 1, exchange: 'secure.test' }], A: ['192.0.2.5'], authenticated: true },
    '_25._tcp.secure.test': {
      TLSA: [{ usage: 3, selector: 1, matchingType: 1, certificate: Buffer.alloc(32, 7) }],
      authenticated: true,
    },
    '1.2.0.192.in-addr.arpa': { PTR: ['host.test'] },
    '_imaps._tcp.mail.test': { SRV: [{ priority: 0, weight: 1, port: 993, target: 'mx1.mail.test' }] },
    '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa': { PTR: ['six.test'] },
    'broken.test': { fails: 'servfail' },
    'silent.test': { fails: 'silent' },
    'garbage.test': { fails: 'garbage' },
    'large.test': { TXT: Array.from({ length: 50 }, (_, i) => `${i} ${'y'.repeat(100)}`), truncated: true },
    'old.test': { A: ['192.0.2.6'], fails: { A: 'formerr-with-edns' } },
    'alias.test': { CNAME: 'half-secure.test', authenticated: true },
    'half-secure.test': { A: ['192.0.2.7'] },
    'step.test': { CNAME: 'step2.test', aliasOnly: true },
    'step2.test': { CNAME: 'four.test', aliasOnly: true },
    'loop.test': { CNAME: 'loop2.test' },
    'loop2.test': { CNAME: 'loop.test' },
    'kept.test': { A: ['192.0.2.8'], ttl: 300 },
    ...Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`long${i}.test`, { CNAME: `long${i + 1}.test`, aliasOnly: true }]),
    ),
  });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await broken[Symbol.asyncDispose]();
});

resolverContract('the system resolver', () => new SystemResolver({ servers: [server.address] }));
resolverContract(
  'the static resolver',
  () =>
    new StaticResolver({
      'mail.test': {
        mx: [
          { exchange: 'mx1.mail.test', preference: 10 },
          { exchange: 'mx2.mail.test', preference: 20 },
        ],
        txt: ['v=spf1 -all', `long ${'x'.repeat(400)}`],
      },
      'null-mx.test': { mx: [{ exchange: '', preference: 0 }] },
      'both.test': {
        addresses: [
          { address: '2001:db8::1', family: 6 },
          { address: '192.0.2.1', family: 4 },
        ],
      },
      'four.test': { addresses: [{ address: '192.0.2.4', family: 4 }] },
      'secure.test': {
        mx: [{ exchange: 'secure.test', preference: 1, authenticated: true }],
        addresses: [{ address: '192.0.2.5', family: 4, authenticated: true }],
      },
      '_25._tcp.secure.test': {
        tlsa: [{ usage: 3, selector: 1, matchingType: 1, data: Buffer.alloc(32, 7), authenticated: true }],
      },
      '192.0.2.1': { ptr: ['host.test'] },
      '2001:db8::1': { ptr: ['six.test'] },
      '_imaps._tcp.mail.test': { srv: [{ priority: 0, weight: 1, port: 993, target: 'mx1.mail.test' }] },
      'broken.test': { fails: 'servfail' },
    }),
);

describe('the system resolver', () => {
  it('does not know when half of an answer is missing, unless the other half is enough', async () => {
    await using resolver = new SystemResolver({ servers: [server.address] });
    expect(await resolver.addresses('half.test')).toEqual([{ address: '192.0.2.4', family: 4 }]);
    await expect(resolver.addresses('unknown.test')).rejects.toMatchObject({ kind: 'servfail' });
  });

  it('gives up in time on a server that is silent or talks nonsense', async () => {
    await using resolver = new SystemResolver({ servers: [server.address], deadlineMs: 50 });
    await expect(resolver.mx('silent.test')).rejects.toMatchObject({ kind: 'timeout' });
    await expect(resolver.mx('garbage.test')).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('asks the next server when one does not know, and remembers for as long as it may', async () => {
    await using resolver = new SystemResolver({ servers: [broken.address, server.address] });
    expect(await resolver.mx('mail.test')).toHaveLength(2);
    expect(broken.asked).toContain('MX mail.test');
    await using second = new SystemResolver({ servers: [server.address] });
    const asked = (): number => server.asked.filter((question) => question === 'A kept.test').length;
    await second.addresses('kept.test');
    const once = asked();
    await second.addresses('kept.test');
    expect(asked()).toBe(once);
    await second.txt('mail.test');
    await second.txt('mail.test');
    expect(server.asked.filter((question) => question === 'TXT mail.test').length).toBeGreaterThan(1);
  });

  it('asks over TCP for what was cut, and without EDNS where that is not understood', async () => {
    await using resolver = new SystemResolver({ servers: [server.address] });
    expect(await resolver.txt('large.test')).toHaveLength(50);
    expect(server.asked).toContain('TXT large.test/tcp');
    expect(await resolver.addresses('old.test')).toEqual([{ address: '192.0.2.6', family: 4 }]);
  });

  it('follows aliases to an end, and calls them validated only as a whole', async () => {
    await using resolver = new SystemResolver({ servers: [server.address] });
    expect(await resolver.addresses('alias.test')).toEqual([{ address: '192.0.2.7', family: 4 }]);
    expect(await resolver.addresses('step.test')).toEqual([{ address: '192.0.2.4', family: 4 }]);
    await expect(resolver.addresses('loop.test')).rejects.toMatchObject({ kind: 'servfail' });
    await expect(resolver.addresses('long0.test')).rejects.toMatchObject({ kind: 'servfail' });
  });

  it('believes in validation only from whom it was told to', async () => {
    await using resolver = new SystemResolver({ servers: [server.address], trustValidation: 'never' });
    expect(await resolver.mx('secure.test')).toEqual([{ exchange: 'secure.test', preference: 1 }]);
  });

  describe('of records that are none, or too large (I-2)', () => {
    const ask = async <T>(
      name: string,
      records: NameRecords,
      question: (resolver: SystemResolver) => Promise<T>,
      options: SystemResolverOptions = {},
    ) => {
      server.zones.set(name, records);
      await using resolver = new SystemResolver({ servers: [server.address], ...options });
      return await question(resolver).then(
        (answer) => ({ answer }),
        (error: unknown) => ({ error }),
      );
    };

    it.each([0, 1, 2])('TLSA of %i octets: nobody knows, which puts mail off', async (length) => {
      const raw = new Map([['TLSA', [Buffer.alloc(length, 3)]]]);
      // No answer of that kind is taken for one, and another may come until the deadline.
      const told = await ask('short.test', { raw }, (r) => r.tlsa('short.test'), { deadlineMs: 50 });
      expect('error' in told && told.error).toMatchObject({ name: 'DnsError', permanent: false });
    });

    it.each([3, 4, 19])('TLSA of %i octets: a record that can be used for nothing', async (length) => {
      const raw = new Map([['TLSA', [Buffer.from([3, 1, 1, ...Buffer.alloc(length - 3)])]]]);
      const { answer } = (await ask('thin.test', { raw }, (r) => r.tlsa('thin.test'))) as { answer: TlsaRecord[] };
      expect(answer).toMatchObject([{ usage: 3, selector: 1, matchingType: 1 }]);
      expect(answer[0]?.data).toHaveLength(length - 3);
      expect(answer.map(isUsable)).toEqual([false]);
    });

    it('a TXT record as large as can be, over TCP', async () => {
      const text = 'v=STSv1; id=1; '.padEnd(64_000, 'x');
      const { answer } = (await ask('huge.test', { TXT: [text], truncated: true }, (r) => r.txt('huge.test'))) as {
        answer: string[];
      };
      expect(answer[0]).toHaveLength(64_000);
    });

    it('names that are too long, in an answer and in a question', async () => {
      const label = Buffer.from([63, ...Buffer.alloc(63, 'a')]);
      const exchange = Buffer.concat([Buffer.from([0, 1]), ...Array<Buffer>(20).fill(label), Buffer.from([0])]);
      const raw = new Map([['MX', [exchange]]]);
      const told = await ask('wide.test', { raw }, async (resolver) => {
        const [mx] = await resolver.mx('wide.test');
        return resolver.addresses(mx?.exchange ?? '');
      });
      expect(told).toMatchObject({ error: { name: 'DnsError' } });
    });
  });

  it('stops a question under way, and all of them when it is closed', async () => {
    const resolver = new SystemResolver({ servers: [server.address] });
    const stop = new AbortController();
    const asked = resolver.mx('silent.test', stop.signal);
    stop.abort(new Error('enough'));
    await expect(asked).rejects.toThrow('enough');
    const left = resolver.mx('silent.test');
    await resolver[Symbol.asyncDispose]();
    await expect(left).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('knows this machine without asking', async () => {
    await using resolver = new SystemResolver({ servers: [server.address] });
    expect(await resolver.addresses('localhost')).toContainEqual({ address: '127.0.0.1', family: 4 });
  });

  it('refuses a server, and an address, that is none', async () => {
    expect(() => new SystemResolver({ servers: ['not an address'] })).toThrow(RangeError);
    await using resolver = new SystemResolver({ servers: [server.address] });
    await expect(resolver.ptr('no address')).rejects.toThrow(RangeError);
  });
});

describe('the static resolver', () => {
  it('tells what it was asked', async () => {
    const resolver = new StaticResolver({ 'a.test': { mx: [{ exchange: 'mx.a.test', preference: 1 }] } });
    expect(await resolver.mx('A.test.')).toHaveLength(1);
    await expect(resolver.txt('c.test')).rejects.toMatchObject({ kind: 'nxdomain' });
    expect(resolver.asked).toEqual(['mx A.test.', 'txt c.test']);
  });
});
