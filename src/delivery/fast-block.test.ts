import { describe, expect, test } from 'vitest';
import { ALICE, aliceSends, BOB, sendingWorld } from '../../test/support/sending.ts';
import { refused, ScriptedTransfer } from '../../test/support/scripted-transfer.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import type { Arrival } from '../intake/arrival.ts';
import { silentLog } from '../telemetry/log.ts';
import { tellPostmaster } from './block-notice.ts';
import { type Blocked, FastBlock } from './fast-block.ts';
import type { Standing } from './reputation.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const THERE = '192.0.2.7';
const NONE: Standing = { sent: 0, bounced: 0, deferred: 0, refused: 0, complaint: 0 };

async function lab(usualPerDay = 20) {
  const clock = new ManualClock();
  const parts = { clock, kv: new MemoryKv(), random: new SeededRandom(1), log: silentLog };
  const open = async () => FastBlock.open(parts, { usualPerDay, limitLoopback: false });
  const block = await open();
  const told: Blocked[] = [];
  block.onBlock((one) => told.push(one));
  /** How many mails to so many each are let through. */
  const sends = async (mails: number, recipients = 1, remote = THERE): Promise<number> => {
    let gone = 0;
    for (let i = 0; i < mails; i++)
      await block.admit(ALICE, remote, recipients).then(
        () => gone++,
        () => undefined,
      );
    return gone;
  };
  return { clock, block, open, told, sends };
}

describe('an account that sends far above its habit', () => {
  test('is slowed at five times as much, suspended at ten, and both are told once (F21)', async () => {
    const { block, sends, told, clock } = await lab();
    expect(await sends(100)).toBe(100);
    expect(told).toEqual([]);
    expect(await sends(1)).toBe(1);
    expect(told).toEqual([
      { account: ALICE, state: 'slowed', since: clock.now(), reason: '101 recipients today, and usually 20' },
    ]);
    expect(await sends(50)).toBeLessThan(10);
    await expect(block.admit(ALICE, THERE, 1)).rejects.toMatchObject({ code: 'limit', kind: 'temporary' });
    expect(await sends(100)).toBe(0);
    expect(told.map(({ state }) => state)).toEqual(['slowed', 'suspended']);
    await expect(block.admit(ALICE, THERE, 1)).rejects.toMatchObject({ code: 'sending-suspended', kind: 'user' });
    await block.admit(BOB, THERE, 50);
  });

  test('is slowed for the day only, a little each hour', async () => {
    const { block, clock, sends } = await lab();
    await sends(110);
    expect(block.blocked(ALICE)).toMatchObject({ state: 'slowed' });
    await clock.advance(HOUR);
    expect(await sends(12)).toBe(10);
    await clock.advance(DAY);
    expect(await sends(30)).toBe(30);
    expect(block.blocked(ALICE)).toBeUndefined();
  });

  test('has a habit that grows with what it sends, and is known after a restart', async () => {
    const { block, clock, sends, open } = await lab();
    for (const mails of [90, 400, 1500]) {
      expect(await sends(mails)).toBe(mails);
      await clock.advance(DAY);
    }
    expect(await block.habit(ALICE)).toEqual({ usual: 1500, today: 0 });
    await block[Symbol.asyncDispose]();
    const after = await open();
    expect(await after.habit(ALICE)).toEqual({ usual: 1500, today: 0 });
    await clock.advance(30 * DAY);
    expect((await after.habit(ALICE)).usual).toBe(Math.round(1500 * 0.95 ** 30));
  });

  test('is not seen where it sends from this machine itself', async () => {
    const { sends } = await lab();
    expect(await sends(500, 1, '127.0.0.1')).toBe(500);
    expect(await sends(500, 1, '')).toBe(500);
  });
});

describe('an account whose mail bounces or is complained about', () => {
  test.each([
    [{ ...NONE, sent: 1000, bounced: 100 }, undefined],
    [{ ...NONE, sent: 10, bounced: 15 }, undefined],
    [{ ...NONE, sent: 100, bounced: 10, refused: 15 }, 'slowed'],
    [{ ...NONE, sent: 50, bounced: 60 }, 'suspended'],
    [{ ...NONE, sent: 200, complaint: 2 }, undefined],
    [{ ...NONE, sent: 500, complaint: 4 }, 'slowed'],
    [{ ...NONE, sent: 400, complaint: 12 }, 'suspended'],
  ] as const)('%o: %s', async (standing, state) => {
    const { block } = await lab();
    await block.judge(ALICE, standing);
    expect(block.blocked(ALICE)?.state).toBe(state);
  });

  test('is free again when that is long ago, unless it was suspended: that takes a word', async () => {
    const { block, open } = await lab();
    await block.judge(ALICE, { ...NONE, sent: 100, bounced: 30 });
    await block.judge(ALICE, { ...NONE, sent: 100, bounced: 10 });
    expect(block.blocked(ALICE)).toBeUndefined();
    await block.judge(ALICE, { ...NONE, sent: 10, bounced: 90 });
    await block.judge(ALICE, NONE);
    // At once, without a proper end.
    const after = await open();
    expect(after.list()).toMatchObject([
      { account: ALICE, state: 'suspended', reason: '90 of 100 recipients refused or unknown' },
    ]);
    await after.resume(ALICE, 5000);
    expect(after.list()).toEqual([]);
    expect(await after.habit(ALICE)).toEqual({ usual: 5000, today: 0 });
    expect((await open()).list()).toEqual([]);
  });
});

describe('in the service', () => {
  test('bounces of other servers suspend a sender; what waits stays, and goes when it may', async () => {
    const world = await sendingWorld();
    const transfer = new ScriptedTransfer(() => world.clock.now());
    transfer.servers.set('gone.test', () => refused);
    await using run = await world.start(world.kv, transfer);
    const to = (count: number, domain: string) => Array.from({ length: count }, (_, i) => `p${i}@${domain}`);
    const { id } = await aliceSends(run, ['x@one.test'], { sendAt: world.clock.now() + HOUR });
    await aliceSends(run, to(60, 'gone.test'));
    await run.quiet();
    expect(run.fastBlock.blocked(ALICE)).toMatchObject({ state: 'suspended' });
    await expect(aliceSends(run, ['y@one.test'])).rejects.toMatchObject({ code: 'sending-suspended' });
    await world.clock.advance(2 * HOUR);
    await run.quiet();
    expect(transfer.received).toEqual([]);
    await run.fastBlock.resume(ALICE);
    await run.queue.promote('outbound', ALICE);
    await run.quiet();
    expect(transfer.received).toEqual(['x@one.test hi']);
    expect((await run.alice.outgoing.deliveries(id))[0]?.recipients[0]).toMatchObject({ state: 'sent' });
  });

  test('a category is one of those that the account may send, by the header or by the call', async () => {
    const world = await sendingWorld();
    await using run = await world.start();
    world.directory.categories = ['marketing', 'transactional'];
    const sent = async (more: Parameters<typeof aliceSends>[2]) =>
      (await run.alice.outgoing.get((await aliceSends(run, ['x@one.test'], more)).id))?.category;
    const head = (category: string) => ({
      head: Buffer.from(`From: alice@example.test\r\nX-Pabal-Category: ${category}\r\nSubject: c\r\n\r\nx\r\n`),
    });
    expect(await sent({})).toBe('marketing');
    expect(await sent({ category: 'transactional' })).toBe('transactional');
    expect(await sent({ mail: head('Transactional') })).toBe('transactional');
    await expect(sent({ mail: head('personal') })).rejects.toMatchObject({ code: 'not-allowed' });
    const { id } = await aliceSends(run, ['x@one.test'], { mail: head('marketing') });
    expect(Buffer.from(await (await run.alice.outgoing.content(id)).bytes()).toString()).not.toContain('X-Pabal');
    world.directory.categories = [];
    expect(await sent({})).toBeUndefined();
    await expect(sent({ category: 'marketing' })).rejects.toMatchObject({ code: 'not-allowed' });
  });

  test('the postmaster of the domain is told, once', async () => {
    const accepted: Arrival[] = [];
    const directory = {
      account: () => Promise.resolve({ address: 'alice@example.test' } as never),
      route: (address: string) =>
        Promise.resolve({ kind: 'account' as const, account: BOB, address, detail: undefined }),
    };
    const intake = { accept: (one: Arrival) => Promise.resolve(void accepted.push(one)) as never };
    const blocked: Blocked = {
      account: ALICE,
      state: 'suspended',
      since: Date.UTC(2026, 2, 1),
      reason: '12 complaints',
    };
    await tellPostmaster({ directory, intake, hostname: 'mx.example.test' }, blocked);
    expect(accepted).toMatchObject([
      { sender: '', recipients: [{ account: BOB, address: 'postmaster@example.test' }] },
    ]);
    const text = accepted[0]?.mail.head.toString() ?? '';
    expect(text).toContain('Subject: alice@example.test may not send any more\r\n');
    expect(text).toContain('Why: 12 complaints.\r\n');
    expect(text).toContain('pabal account sending alice@example.test --resume');
  });
});
