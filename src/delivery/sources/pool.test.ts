import { describe, expect, test } from 'vitest';
import { later, refused, taken } from '../../../test/support/scripted-transfer.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { MemoryKv } from '../../adapters/kv-memory.ts';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import type { AccountId } from '../../mailstore/api.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Reputation } from '../reputation.ts';
import type { Hop } from '../route.ts';
import type { OutgoingMail, Outcome } from '../transfer.ts';
import { asksForLess } from './asks-for-less.ts';
import { Leases } from './leases.ts';
import { type Lease, type Request, SourcePool } from './pool.ts';
import { providerOf } from './provider.ts';
import type { Source } from './source.ts';
import { WarmUp } from './warm-up.ts';

const ALICE = 'alice-1' as AccountId;
const tooFast: Outcome = { ...later, status: '4.7.28', reply: '421 4.7.28 slow down' } as Outcome;
const tooMany: Outcome = { ...later, status: '4.3.2', reply: '421 4.3.2 too many connections' } as Outcome;

function source(address: string, more: Partial<Source> = {}): Source {
  return { address, name: 'out.example.test', categories: [], warm: true, ...more };
}

function lab(sources: readonly Source[]) {
  const clock = new ManualClock();
  const parts = { clock, kv: new MemoryKv(), random: new SeededRandom(1), log: silentLog };
  const reputation = new Reputation(parts);
  const warmUp = new WarmUp(parts, { days: 14, first: 3, last: 1000 });
  const pool = new SourcePool({
    sources,
    hostname: 'mx.example.test',
    clock,
    random: parts.random,
    reputation,
    warmUp,
    throttle: { most: 8, first: 4 },
  });
  const ask = (more: Partial<Request> = {}) =>
    pool.acquire({ provider: 'big.test', family: 4, relayed: false, recipients: 1, ...more });
  const lease = async (more: Partial<Request> = {}): Promise<Lease> => {
    const got = await ask(more);
    if ('reason' in got) throw new Error(got.reason);
    return got;
  };
  /** Which address takes so many mails, one after the other. */
  const spread = async (count: number, more: Partial<Request> = {}): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      const got = await lease(more);
      const name = got.source.address ?? 'default';
      counts[name] = (counts[name] ?? 0) + 1;
      await got.end([taken]);
    }
    return counts;
  };
  return { clock, reputation, warmUp, pool, ask, lease, spread };
}

describe('the address a mail goes by', () => {
  test('is there for its category; others share those that name none; without any it is the system that chooses', async () => {
    const l = lab([source('192.0.2.1', { categories: ['marketing'] }), source('192.0.2.2'), source('2001:db8::2')]);
    expect(await l.spread(5, { category: 'marketing' })).toEqual({ '192.0.2.1': 5 });
    expect(await l.spread(5, { category: 'transactional' })).toEqual({ '192.0.2.2': 5 });
    expect(await l.spread(5, { family: 6 })).toEqual({ '2001:db8::2': 5 });
    expect(await l.ask({ category: 'marketing', family: 6 })).toMatchObject({ until: undefined });
    expect(await l.spread(5, { relayed: true, category: 'marketing' })).toEqual({ default: 5 });
    expect((await lab([]).lease()).source.name).toBe('mx.example.test');
    const [own] = [source('192.0.2.1', { categories: ['marketing'] })];
    expect(await lab([own]).spread(2)).toEqual({ default: 2 });
  });

  test('is the new one first while it may, then the warm one; without a warm one the rest waits', async () => {
    const l = lab([source('192.0.2.1', { warm: false }), source('192.0.2.2')]);
    expect(await l.spread(20)).toEqual({ '192.0.2.1': 3, '192.0.2.2': 17 });
    const alone = lab([source('192.0.2.1', { warm: false })]);
    await alone.spread(3);
    const refusal = await alone.ask();
    expect(refusal).toMatchObject({ reason: '192.0.2.1 is new, and has sent to big.test what it may today' });
    expect((refusal as { until: number }).until).toBeGreaterThan(alone.clock.now());
    // Nobody was asked: it does not count.
    const other = await alone.lease({ provider: 'other.test', recipients: 3 });
    await other.end([]);
    expect(await alone.spread(3, { provider: 'other.test' })).toEqual({ '192.0.2.1': 3 });
  });

  test('is mostly the one with the better name; bad senders go by the worse one', async () => {
    const l = lab([source('192.0.2.1'), source('192.0.2.2')]);
    await l.reputation.note({ what: 'sent', count: 1000, source: '192.0.2.1' });
    await l.reputation.note({ what: 'complaint', count: 5, source: '192.0.2.1' });
    const counts = await l.spread(200);
    expect(counts['192.0.2.2']).toBeGreaterThan(counts['192.0.2.1']! * 2);
    expect(counts['192.0.2.1']).toBeGreaterThan(0);
    await l.reputation.note({ what: 'complaint', count: 50, account: ALICE });
    expect(await l.spread(20, { account: ALICE })).toEqual({ '192.0.2.1': 20 });
    await l.reputation.note({ what: 'complaint', count: 100, source: '192.0.2.1' });
    expect(await l.spread(50)).toEqual({ '192.0.2.2': 50 });
  });
});

describe('what a receiver answers', () => {
  test('421 and 4.7: half as much at once and pauses; others are not held up; it recovers', async () => {
    const l = lab([]);
    const first = await Promise.all([l.lease(), l.lease(), l.lease(), l.lease()]);
    expect(await l.ask()).toMatchObject({ reason: 'big.test takes no more mail from us now' });
    await l.lease({ provider: 'other.test' });
    // All four hear it: it counts once.
    for (const one of first) await one.end([tooFast]);
    expect(l.pool.throttles()).toContainEqual(
      expect.objectContaining({ provider: 'big.test', active: 0, atOnce: 2, pauseMs: 500 }),
    );
    expect(await l.ask()).toHaveProperty('reason');
    await l.clock.advance(1000);
    await (await l.lease()).end([tooFast]);
    expect(l.pool.throttles()[0]).toMatchObject({ atOnce: 1, pauseMs: 1000 - 2 });
    for (let i = 0; i < 40; i++) {
      await l.clock.advance(60_000);
      await (await l.lease()).end([taken]);
    }
    expect(l.pool.throttles()[0]).toMatchObject({ atOnce: 8, pauseMs: 0 });
  });

  test('too many connections: fewer at once, no pauses; a refusal of the mail changes nothing', async () => {
    const l = lab([]);
    await (await l.lease()).end([refused]);
    expect(l.pool.throttles()[0]).toMatchObject({ atOnce: 4, pauseMs: 0 });
    await (await l.lease()).end([tooMany]);
    expect(l.pool.throttles()[0]).toMatchObject({ atOnce: 2, pauseMs: 0 });
  });

  test('whoever has no turn is told ever later times', async () => {
    const l = lab([]);
    await Promise.all([l.lease(), l.lease(), l.lease(), l.lease()]);
    const waits: number[] = [];
    for (let i = 0; i < 50; i++) waits.push(((await l.ask()) as { until: number }).until - l.clock.now());
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits[0]).toBe(2000);
    expect(waits.at(-1)).toBe(2500);
  });

  test('asking for less is told from other answers', () => {
    const says = (status: string, reply: string): Outcome => ({ ...later, status, reply }) as Outcome;
    expect(asksForLess(says('4.7.0', '450 4.7.0 rate limited'))).toBe('rate');
    expect(asksForLess(says('4.3.2', '421 4.3.2 closing'))).toBe('rate');
    expect(asksForLess(says('4.7.0', '421 4.7.0 Too many concurrent sessions'))).toBe('connections');
    expect(asksForLess(says('4.7.1', '451 4.7.1 Greylisted, try again'))).toBe('connections');
    expect(asksForLess(says('4.2.2', '452 4.2.2 mailbox full'))).toBeUndefined();
    expect(asksForLess(taken)).toBeUndefined();
  });
});

test('domains whose mail the same operator takes are one receiver', () => {
  const of = (host: string): string => providerOf({ host });
  expect(of('ASPMX.L.google.com')).toBe('google.com');
  expect(of('alt1.gmail-smtp-in.l.google.com')).toBe('google.com');
  expect(of('example-com.mail.protection.outlook.com')).toBe('outlook.com');
  expect(of('mx.example.co.kr')).toBe('example.co.kr');
  expect(of('mx1.dest.test')).toBe('dest.test');
  expect(of('localhost')).toBe('localhost');
  expect(of('192.0.2.77')).toBe('192.0.2.0/24');
  expect(of('2001:db8::1')).toBe('2001:db8::1');
});

test('places at all receivers are given back, also when one cannot note what it heard', async () => {
  const ended: string[] = [];
  const leases = new Leases(
    {
      acquire: ({ provider }) =>
        Promise.resolve({
          source: source('192.0.2.1'),
          end: () => {
            ended.push(provider);
            return provider === 'a.test' ? Promise.reject(new Error('the store is away')) : Promise.resolve();
          },
        }),
    },
    { mail: {} as OutgoingMail, sender: undefined, outcomes: [undefined] },
  );
  const address = { address: '192.0.2.9', family: 4 as const };
  for (const host of ['mx.a.test', 'mx.b.test'])
    await leases.source({ host, port: 25, addresses: [address] } as unknown as Hop, address);
  await expect(leases.end()).rejects.toThrow('the store is away');
  expect(ended).toEqual(['a.test', 'b.test']);
});
