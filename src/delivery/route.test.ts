import { expect, test } from 'vitest';
import { StaticResolver, type StaticZone } from '../adapters/resolver-static.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { type Hop, Router, type RouterOptions } from './route.ts';
import { type Relay, transportFor } from './transports.ts';

const NEVER = new AbortController().signal;
const at = (address: string): StaticZone => ({
  addresses: [{ address, family: address.includes(':') ? 6 : 4 }],
});
const mx = (...hosts: [number, string][]): StaticZone => ({
  mx: hosts.map(([preference, exchange]) => ({ preference, exchange })),
});

const ZONES: Record<string, StaticZone> = {
  'two.test': mx([20, 'b.two.test'], [10, 'a.two.test']),
  'a.two.test': at('198.41.0.1'),
  'b.two.test': at('198.41.0.2'),
  'equal.test': mx([10, 'a.two.test'], [10, 'b.two.test']),
  'implicit.test': at('198.41.0.3'),
  'null.test': mx([0, '']),
  'nearly-null.test': mx([0, ''], [10, 'a.two.test']),
  'servfail.test': { fails: 'servfail' },
  'timeout.test': { fails: 'timeout' },
  'empty.test': {},
  'dangling.test': mx([10, 'gone.test']),
  'half.test': mx([10, 'servfail.test'], [20, 'a.two.test']),
  'unsure.test': mx([10, 'servfail.test'], [20, 'gone.test']),
  'ours.test': mx([10, 'mx.pabal.test'], [20, 'a.two.test']),
  'backup.test': mx([10, 'a.two.test'], [20, 'MX.Pabal.test'], [30, 'b.two.test']),
  'ours-by-address.test': mx([10, 'alias-of-us.test'], [10, 'a.two.test'], [20, 'b.two.test']),
  'backup-by-address.test': mx([5, 'a.two.test'], [10, 'alias-of-us.test'], [10, 'b.two.test']),
  'alias-of-us.test': at('198.41.9.9'),
  'number.test': mx([10, '198.41.0.1']),
  'nonsense.test': mx([10, 'no name'], [20, '-x.test']),
  'private.test': mx([10, 'lan.test'], [20, 'loop.test']),
  'lan.test': at('10.0.0.5'),
  'loop.test': at('127.0.0.1'),
  'mixed.test': mx([10, 'lan.test'], [20, 'a.two.test']),
  'xn--3e0b707e.test': at('198.41.0.7'),
  'many.test': mx(...Array.from({ length: 100 }, (_, i): [number, string] => [i, `m${i}.many.test`])),
  ...Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`m${i}.many.test`, at(`198.41.1.${i}`)])),
  'wide.test': {
    addresses: Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0
        ? ({ address: `198.41.2.${i}`, family: 4 } as const)
        : ({ address: `2606:4700::${i}`, family: 6 } as const),
    ),
  },
  'secure.test': { mx: [{ exchange: 'a.two.test', preference: 1, authenticated: true }] },
  'relay.test': at('10.1.2.3'),
  'twice.test': mx([10, 'a.two.test'], [20, 'a.two.test.']),
};

function router(options: Partial<RouterOptions> = {}): Router {
  return new Router({
    resolver: new StaticResolver(ZONES),
    random: new SeededRandom(1),
    ownNames: ['mx.pabal.test'],
    ownAddresses: ['198.41.9.9'],
    ...options,
  });
}

async function hopsTo(domain: string, options: Partial<RouterOptions> = {}): Promise<readonly Hop[]> {
  const route = await router(options).route(domain, NEVER);
  if (route.kind !== 'hops') throw new Error(`${route.status} ${route.reason}`);
  return route.hops;
}
const hosts = async (domain: string, options: Partial<RouterOptions> = {}): Promise<string[]> =>
  (await hopsTo(domain, options)).map(({ host }) => host);

test('exchanges come by preference, equals by chance', async () => {
  expect(await hosts('two.test')).toEqual(['a.two.test', 'b.two.test']);
  const seen = new Set<string>();
  const random = new SeededRandom(7);
  for (let i = 0; i < 40; i++) seen.add((await hosts('equal.test', { random })).join(' '));
  expect([...seen].sort()).toEqual(['a.two.test b.two.test', 'b.two.test a.two.test']);
  expect(await hosts('twice.test')).toEqual(['a.two.test']);
});

test('without MX the domain is its own exchange, with MX it is not', async () => {
  const [hop] = await hopsTo('implicit.test');
  expect(hop).toMatchObject({ host: 'implicit.test', port: 25, addresses: [{ address: '198.41.0.3', family: 4 }] });
  expect(await hosts('nearly-null.test')).toEqual(['a.two.test']);
});

test.each([
  ['null.test', 'permanent', '5.1.10'],
  ['gone.test', 'permanent', '5.1.2'],
  ['servfail.test', 'temporary', '4.4.3'],
  ['timeout.test', 'temporary', '4.4.3'],
  ['empty.test', 'permanent', '5.4.4'],
  ['dangling.test', 'permanent', '5.4.4'],
  ['unsure.test', 'temporary', '4.4.3'],
  ['ours.test', 'permanent', '5.4.6'],
  ['ours-by-address.test', 'permanent', '5.4.6'],
  ['mx.pabal.test', 'permanent', '5.1.2'],
  ['number.test', 'permanent', '5.4.4'],
  ['nonsense.test', 'permanent', '5.4.4'],
  ['private.test', 'permanent', '5.4.4'],
  ['[127.0.0.1]', 'permanent', '5.4.4'],
  ['[IPv6:::1]', 'permanent', '5.4.4'],
  ['[198.41.9.9]', 'permanent', '5.4.6'],
  ['[no address]', 'permanent', '5.1.2'],
  ['', 'permanent', '5.1.2'],
  [`${'a'.repeat(64)}.test`, 'permanent', '5.1.2'],
])('%s cannot be reached: %s %s (I-1, I-3)', async (domain, kind, status) => {
  expect(await router().route(domain, NEVER)).toMatchObject({ kind, status });
});

test('what DNS knows is enough, even when it does not know all', async () => {
  expect(await hosts('half.test')).toEqual(['a.two.test']);
  expect(await hosts('mixed.test')).toEqual(['a.two.test']);
});

test('where we are one of the exchanges, only better ones are asked', async () => {
  expect(await hosts('backup.test')).toEqual(['a.two.test']);
  expect(await hosts('backup-by-address.test')).toEqual(['a.two.test']);
});

test('addresses of private networks are for those who allow them (I-3)', async () => {
  expect(await hosts('private.test', { privateAddresses: true })).toEqual(['lan.test', 'loop.test']);
  expect(await hosts('[127.0.0.1]', { privateAddresses: true, port: 2525 })).toEqual(['127.0.0.1']);
  expect(await hosts('[IPv6:2606:4700::1]')).toEqual(['2606:4700::1']);
});

test('no domain keeps us busy: exchanges and addresses are bounded, families take turns (I-1)', async () => {
  expect(await hosts('many.test')).toEqual(Array.from({ length: 8 }, (_, i) => `m${i}.many.test`));
  const [hop] = await hopsTo('wide.test');
  expect(hop?.addresses.map(({ family }) => family)).toEqual([6, 4, 6, 4]);
});

test('international names are asked for as A-labels', async () => {
  expect(await hosts('한국.test')).toEqual(['xn--3e0b707e.test']);
});

test('what was validated is told', async () => {
  expect((await hopsTo('secure.test'))[0]?.authenticated).toBe(true);
  expect((await hopsTo('two.test'))[0]?.authenticated).toBe(false);
});

test('the operator decides first: for a domain, for those below it, for all', async () => {
  const relay = (host: string, port: number): Relay => ({ host, port, implicitTls: false, verifyTls: false });
  const transports = new Map([
    ['two.test', relay('relay.test', 2525)],
    ['.two.test', relay('::1', 465)],
    ['*', relay('198.41.0.9', 25)],
  ]);
  const [hop] = await hopsTo('two.test', { transports });
  expect(hop).toMatchObject({ host: 'relay.test', port: 2525, addresses: [{ address: '10.1.2.3', family: 4 }] });
  expect((await hopsTo('x.two.test', { transports }))[0]).toMatchObject({ host: '::1', port: 465 });
  expect((await hopsTo('null.test', { transports }))[0]).toMatchObject({ host: '198.41.0.9', port: 25 });
  expect(transportFor('y.x.two.test', transports)?.host).toBe('::1');
  expect(transportFor('two.test', new Map())).toBeUndefined();
});

test('a relay that cannot be found gives no mail back', async () => {
  const transports = new Map([['*', { host: 'gone.test', port: 25, implicitTls: false, verifyTls: false }]]);
  expect(await router({ transports }).route('two.test', NEVER)).toMatchObject({ kind: 'temporary', status: '4.4.3' });
});

test('an end that is asked for is no answer', async () => {
  await expect(router().route('two.test', AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
});
