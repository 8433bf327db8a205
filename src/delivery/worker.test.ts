import { describe, expect, test } from 'vitest';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { problemsOf } from '../../test/support/mail-store.ts';
import {
  later,
  refused,
  ScriptedTransfer,
  type Server,
  taken,
  unreachable,
} from '../../test/support/scripted-transfer.ts';
import { ALICE, aliceSends, INBOX, type Sending, sendingWorld, subjects } from '../../test/support/sending.ts';
import { settle } from '../../test/support/settle.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import type { SubmissionId } from '../mailstore/submission.ts';
import type { OutboundLimits } from './limits.ts';
import { Postponed } from './transfer.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

async function lab(options: { servers?: Record<string, Server>; limits?: Partial<OutboundLimits> } = {}) {
  const world = await sendingWorld({ limits: options.limits ?? {} });
  const transfer = new ScriptedTransfer(() => world.clock.now());
  for (const [domain, server] of Object.entries(options.servers ?? {})) transfer.servers.set(domain, server);
  const run = await world.start(world.kv, transfer);
  return { ...world, transfer, run };
}

/** Lets time pass until nothing waits, at most so long. */
async function pass(l: Awaited<ReturnType<typeof lab>>, most: number, step = HOUR): Promise<void> {
  const end = l.clock.now() + most;
  await l.run.quiet();
  while (l.clock.now() < end && (await l.run.queue.counts()).outbound.waiting > 0) {
    await l.clock.advance(step);
    await l.run.quiet();
  }
}

async function states({ alice }: Sending, id: SubmissionId): Promise<string[]> {
  const deliveries = await alice.outgoing.deliveries(id);
  return deliveries.flatMap((d) => d.recipients.map(({ address, state, status }) => `${address} ${state} ${status}`));
}

async function report({ alice }: Sending, nth = 0): Promise<string> {
  await alice.refresh();
  const id = alice.getMessageIds({ folder: INBOX })[nth];
  return id === undefined ? '' : Buffer.from(await (await alice.body(id)).bytes()).toString();
}

describe('an attempt', () => {
  test('carries the mail with our trace line, and what was said of it stays with the sender', async () => {
    const l = await lab();
    await using run = l.run;
    const { id } = await aliceSends(run, ['x@one.test']);
    await run.quiet();
    expect(l.transfer.received).toEqual(['x@one.test hi']);
    expect(l.transfer.mails[0]).toMatch(
      /^Received: from client.test \(\[192.0.2.7\]\)\r\n\tby mx.example.test with ESMTPSA id [0-9a-f]{24}\r\n\t\(using TLSv1.3 X\);\r\n\tSun, 01 Mar 2026 09:00:00 \+0000\r\nDate: /,
    );
    expect(await states(run, id)).toEqual(['x@one.test sent 2.0.0']);
    const [delivery] = await run.alice.outgoing.deliveries(id);
    expect(delivery?.recipients[0]).toMatchObject({ host: 'mx', reply: '250 ok', at: l.clock.now() });
    expect((await run.queue.counts()).outbound.waiting).toBe(0);
    expect(await subjects(run.alice, INBOX)).toEqual([]);
  });

  test('has an outcome for each recipient: three taken, one put off, one refused (B2), also over a restart', async () => {
    const l = await lab({
      servers: {
        'one.test': ({ recipient: { address }, attempt }) =>
          address.startsWith('bad') ? refused : address.startsWith('slow') && attempt === 1 ? later : taken,
      },
    });
    const to = ['a', 'b', 'c', 'slow', 'bad'].map((name) => `${name}@one.test`);
    const { id } = await aliceSends(l.run, to);
    await l.run.quiet();
    expect(l.transfer.received).toEqual(['a@one.test hi', 'b@one.test hi', 'c@one.test hi']);
    await l.run[Symbol.asyncDispose]();
    await using run = await l.start(l.kv, l.transfer);
    await run.quiet();
    expect(await states(run, id)).toContain('slow@one.test delayed 4.2.0');
    expect(await subjects(run.alice, INBOX)).toEqual(['Undelivered mail returned to sender']);
    const raw = await report(run);
    expect(raw).toContain(
      'Final-Recipient: rfc822; bad@one.test\r\nAction: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mx\r\n',
    );
    expect(raw).not.toContain('Final-Recipient: rfc822; slow');
    const known = { sent: 3, bounced: 1, deferred: 1, refused: 0, complaint: 0 };
    expect(await run.reputation.of('account', ALICE)).toEqual(known);
    expect(await run.reputation.of('domain', 'example.test')).toEqual(known);
    await l.clock.advance(2 * MINUTE);
    await run.quiet();
    expect(l.transfer.received).toContain('slow@one.test hi');
    expect(l.transfer.received).toHaveLength(4);
    expect(await subjects(run.alice, INBOX)).toHaveLength(1);
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test('that fails for five days: pauses that double to four hours, one warning, one report at the end (B3)', async () => {
    const l = await lab({ servers: { 'one.test': () => later } });
    await using run = l.run;
    const { id } = await aliceSends(run, ['x@one.test'], { dsn: { ret: 'FULL' } });
    await pass(l, 6 * DAY, 30 * MINUTE);
    const times = l.transfer.attempts.get('one.test') ?? [];
    const pauses = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    for (const [i, pause] of pauses.slice(0, -1).entries()) {
      const base = Math.min(4 * HOUR, MINUTE * 2 ** i);
      expect(pause).toBeGreaterThanOrEqual(base);
      expect(pause).toBeLessThanOrEqual(base * 1.5 + 1);
    }
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBe(5 * DAY);
    expect(await states(run, id)).toEqual(['x@one.test bounced 4.4.7']);
    expect(await subjects(run.alice, INBOX)).toEqual(['Your mail is delayed', 'Undelivered mail returned to sender']);
    expect(await report(run)).toMatch(
      /Action: delayed\r\nStatus: 4\.2\.0\r\n[^]*Will-Retry-Until: Fri, 06 Mar 2026 09:00:00/,
    );
    expect(await report(run, 1)).toContain('Content-Type: message/rfc822');
    expect(await report(run, 1)).toMatch(/Subject: hi\r\n\r\ntext\r\n/);
  });

  test('of a mail without return path, or for which nobody wants reports, is told to nobody', async () => {
    const l = await lab({ servers: { 'one.test': () => refused } });
    await using run = l.run;
    await aliceSends(run, ['x@one.test'], { sender: '' });
    const recipient = { address: 'y@one.test', destination: 'one.test', dsn: { notify: ['NEVER'] as const } };
    await aliceSends(run, [], { recipients: [recipient] });
    const slow = { address: 'z@one.test', destination: 'one.test', dsn: { notify: ['SUCCESS', 'DELAY'] as const } };
    await aliceSends(run, [], { recipients: [slow] });
    await run.quiet();
    expect(l.transfer.attempts.get('one.test')).toHaveLength(3);
    expect(await subjects(run.alice, INBOX)).toEqual([]);
  });

  test('is reported as a success when that was asked, unless the next server does so', async () => {
    const l = await lab({ servers: { 'dsn.test': () => ({ ...taken, dsnRelayed: true }) } });
    await using run = l.run;
    const dsn = { notify: ['SUCCESS'] as const, orcpt: 'rfc822;x+2Bsome@one.test' };
    const ask = (destination: string) => ({ address: `x@${destination}`, destination, dsn });
    const local = {
      ...(await run.submit.recipient(
        { kind: 'user', account: ALICE, address: 'alice@example.test', admin: false },
        'bob@example.test',
        0,
        '',
      )),
      dsn,
    };
    await aliceSends(run, [], { recipients: [ask('one.test'), ask('dsn.test'), local] });
    await run.quiet();
    expect((await subjects(run.alice, INBOX)).sort((a, b) => a.localeCompare(b))).toEqual([
      'Your mail was delivered',
      'Your mail was passed on',
    ]);
    const all = `${await report(run)}${await report(run, 1)}`;
    expect(all).toContain(
      'Original-Recipient: rfc822; x+some@one.test\r\nFinal-Recipient: rfc822; x@one.test\r\nAction: relayed',
    );
    expect(all).toContain('Final-Recipient: rfc822; bob@example.test\r\nAction: delivered');
    expect(all).not.toContain('x@dsn.test');
  });

  test('that fails on our side five times ends in the error queue, others pass it; mended, it is delivered (B7)', async () => {
    let broken = true;
    const l = await lab({
      servers: {
        'one.test': ({ raw }) => {
          if (broken && raw.includes('poison')) throw new Error('boom\r\nboom');
          return taken;
        },
      },
    });
    await using run = l.run;
    await aliceSends(run, ['x@one.test'], { subject: 'poison' });
    await aliceSends(run, ['x@one.test'], { subject: 'good' });
    await pass(l, DAY, MINUTE);
    expect(l.transfer.received).toEqual(['x@one.test good']);
    const [dead] = await run.queue.list('error');
    expect(dead?.reason).toContain('boom??boom');
    broken = false;
    await run.queue.move(dead!, 'outbound', 'again');
    await run.quiet();
    expect(l.transfer.received).toEqual(['x@one.test good', 'x@one.test poison']);
  });

  test('that never ends is given up after its time', async () => {
    const l = await lab({
      servers: {
        'one.test': ({ signal, attempt }) =>
          attempt > 1 ? taken : new Promise((resolve) => signal.addEventListener('abort', () => resolve(unreachable))),
      },
    });
    await using run = l.run;
    await aliceSends(run, ['x@one.test']);
    await settle();
    await l.clock.advance(31 * MINUTE);
    await run.quiet();
    await pass(l, HOUR, MINUTE);
    expect(l.transfer.received).toEqual(['x@one.test hi']);
  });

  test('of an account that is gone is no longer made', async () => {
    const l = await lab({ servers: { 'one.test': () => later } });
    await using run = l.run;
    await aliceSends(run, ['x@one.test']);
    await run.quiet();
    await run.mailstore.removeAccount(ALICE);
    await pass(l, HOUR, MINUTE);
    expect(l.transfer.attempts.get('one.test')).toHaveLength(1);
    expect((await run.queue.counts()).outbound.waiting).toBe(0);
  });
});

describe('destinations', () => {
  test('that are down or hang hold up nobody, and few connections try them (B4)', async () => {
    let hanging = 0;
    let over = false;
    const l = await lab({
      limits: { entries: 30 },
      servers: {
        'dead.test': () => unreachable,
        'hangs.test': ({ signal }) => {
          if (over) return unreachable;
          hanging++;
          return new Promise((resolve) => signal.addEventListener('abort', () => resolve(unreachable)));
        },
      },
    });
    await using run = l.run;
    for (let i = 0; i < 30; i++) {
      await aliceSends(run, ['x@dead.test'], { subject: `dead ${i}` });
      await aliceSends(run, ['x@hangs.test'], { subject: `hangs ${i}` });
    }
    for (let i = 0; i < 10; i++) await aliceSends(run, ['x@good.test'], { subject: `good ${i}` });
    for (let i = 0; i < 60 && l.transfer.received.length < 10; i++) {
      await settle();
      await l.clock.advance(1000);
    }
    expect(l.transfer.received).toHaveLength(10);
    expect(hanging).toBeLessThanOrEqual(4);
    expect(l.transfer.mostAtOnce.get('dead.test')).toBeLessThanOrEqual(4);
    // Not each of them asked for itself.
    expect(l.transfer.attempts.get('dead.test')?.length).toBeLessThan(10);
    over = true;
    await l.clock.advance(31 * MINUTE);
  });

  test('that come back get mail little by little, not all at once (B5, B6)', async () => {
    const back = Date.UTC(2026, 2, 1, 9) + 6 * HOUR;
    const l = await lab({ servers: { 'one.test': () => (l.clock.now() < back ? unreachable : taken) } });
    await using run = l.run;
    for (let i = 0; i < 50; i++) await aliceSends(run, ['x@one.test'], { subject: `mail ${i}` });
    await pass(l, 2 * DAY, 30 * MINUTE);
    expect(new Set(l.transfer.received).size).toBe(50);
    expect(l.transfer.received).toHaveLength(50);
    expect(l.transfer.mostAtOnce.get('one.test')).toBeLessThanOrEqual(20);
    const after = (l.transfer.attempts.get('one.test') ?? []).filter((at) => at >= back);
    const peak = Math.max(...after.map((at) => after.filter((other) => other >= at && other < at + MINUTE).length));
    expect(peak).toBeLessThan(25);
  });
});

describe('held mail', () => {
  const at = Date.UTC(2026, 2, 1, 12);

  test('goes when its time has come, not before, whatever the clock on the wall does (B14)', async () => {
    const l = await lab();
    const { id, state } = await aliceSends(l.run, ['x@one.test', 'bob@example.test'], { sendAt: at });
    expect(state).toBe('held');
    await l.run.quiet();
    expect(await subjects(l.run.alice, 2 as never)).toEqual([]);
    await l.clock.advance(3 * HOUR - 1000);
    await l.run[Symbol.asyncDispose]();
    await using run = await l.start(l.kv, l.transfer);
    await run.quiet();
    expect(l.transfer.received).toEqual([]);
    l.clock.setWall(at - HOUR);
    await l.clock.advance(MINUTE);
    await run.quiet();
    expect(l.transfer.received).toEqual([]);
    await l.clock.advance(HOUR);
    await run.quiet();
    expect(l.transfer.received).toEqual(['x@one.test hi']);
    expect(l.transfer.attempts.get('one.test')?.[0]).toBeGreaterThanOrEqual(at);
    expect(await states(run, id)).toEqual(['x@one.test sent 2.0.0', 'bob@example.test delivered 2.1.5']);
    expect(await subjects(run.alice, 2 as never)).toEqual(['hi']);
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test('is either cancelled or sent, never both, and the answer says which (B15)', async () => {
    const l = await lab();
    await using run = l.run;
    const early = await aliceSends(run, ['x@one.test'], { sendAt: at, subject: 'early' });
    expect(await run.alice.outgoing.cancel(early.id)).toBe(true);
    expect(await run.alice.outgoing.cancel(early.id)).toBe(true);
    const race = await aliceSends(run, ['x@one.test'], { sendAt: at, subject: 'race' });
    l.clock.setWall(at);
    const answers = await Promise.all([
      run.alice.outgoing.release(race.id),
      run.alice.outgoing.cancel(race.id),
      run.alice.outgoing.release(early.id),
    ]);
    const sent = answers[0].state === 'released';
    expect(answers[1]).toBe(!sent);
    expect(answers[2].state).toBe('cancelled');
    run.dispatcher.wake(ALICE);
    await pass(l, DAY);
    expect(l.transfer.received).toEqual(sent ? ['x@one.test race'] : []);
    expect(await run.alice.outgoing.cancel(race.id)).toBe(!sent);
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });
});

describe('a mail for which our own limits have no room', () => {
  test('waits without an attempt; its sender is told when it takes long, and it comes back in the end', async () => {
    const l = await lab();
    await using run = l.run;
    l.transfer.servers.set('one.test', () => {
      throw new Postponed(l.clock.now() + 20 * HOUR, 'our address is new');
    });
    const { id } = await aliceSends(run, ['x@one.test']);
    await run.quiet();
    expect(await states(run, id)).toEqual(['x@one.test queued undefined']);
    const [entry] = await run.queue.list('outbound');
    expect(entry).toMatchObject({ reason: 'our address is new', due: l.clock.now() + 20 * HOUR });
    await pass(l, 6 * DAY);
    expect(await states(run, id)).toEqual(['x@one.test bounced 4.4.7']);
    expect(await subjects(run.alice, INBOX)).toEqual(['Your mail is delayed', 'Undelivered mail returned to sender']);
    expect(await report(run, 1)).toContain('our address is new');
    const times = l.transfer.attempts.get('one.test') ?? [];
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBe(5 * DAY);
  });
});

describe('whatever happens', () => {
  test.each([{ applied: false }, { applied: true }])(
    'a crash at any write ($applied) repeats at most the attempt under way',
    async ({ applied }) => {
      let repeated = 0;
      for (let at = 1; ; at++) {
        const world = await sendingWorld();
        const transfer = new ScriptedTransfer(() => world.clock.now());
        transfer.servers.set('one.test', ({ attempt, recipient: { address } }) =>
          address.startsWith('bad') ? refused : attempt === 1 ? later : taken,
        );
        // Slower than the others, so that their commits come while it has taken the mail and nobody knows.
        transfer.servers.set('two.test', async () => {
          await settle(5);
          return taken;
        });
        const crashing = crashingKv(world.kv, { at, applied });
        const first = await world.start(crashing.kv, transfer).catch(() => undefined);
        const to = ['x@one.test', 'bad@one.test', 'y@two.test'];
        const told =
          first &&
          (await aliceSends(first, to, { key: 'k', sendAt: world.clock.now() + MINUTE }).catch(() => undefined));
        for (let i = 0; i < 3; i++) {
          await settle();
          await world.clock.advance(MINUTE);
        }
        await settle();
        first?.stop();
        const before = transfer.received.length;
        await using run = await world.start(world.kv, transfer);
        if (!told) await aliceSends(run, to, { key: 'k', sendAt: world.clock.now() + MINUTE });
        for (let i = 0; i < 10; i++) {
          await run.quiet();
          await world.clock.advance(10 * MINUTE);
        }
        await run.quiet();
        const where = `write ${at}`;
        const times = (what: string) => transfer.received.filter((one) => one === what).length;
        for (const what of ['x@one.test hi', 'y@two.test hi']) {
          expect(times(what), where).toBeGreaterThanOrEqual(1);
          expect(times(what), where).toBeLessThanOrEqual(2);
          if (times(what) === 2) repeated++;
        }
        expect(transfer.received.length - 2, where).toBeLessThanOrEqual(crashing.dead ? before : 0);
        expect(await run.alice.outgoing.list(), where).toHaveLength(1);
        expect(await subjects(run.alice, INBOX), where).toEqual(['Undelivered mail returned to sender']);
        expect(await subjects(run.alice, 2 as never), where).toEqual(['hi']);
        expect((await run.queue.counts()).outbound.waiting, where).toBe(0);
        expect(await problemsOf(run.mailstore), where).toEqual([]);
        if (!crashing.dead) break;
      }
      // The test sees what it is about: the moment between the other side's answer and our commit.
      if (!applied) expect(repeated).toBeGreaterThan(0);
    },
  );

  test('many mails, servers of every kind, two days down, greylisting: each ends exactly once', async () => {
    const start = Date.UTC(2026, 2, 1, 9);
    const random = new SeededRandom(5);
    const known = new Set<string>();
    const l = await lab({
      limits: { entries: 40, firstRetryMs: 30 * MINUTE, longestRetryMs: 12 * HOUR },
      servers: {
        'perm.test': () => refused,
        'never.test': () => later,
        'down.test': () => (l.clock.now() < start + 2 * DAY ? unreachable : taken),
        'grey.test': ({ recipient: { address }, raw }) => {
          const triple = `${address} ${/^Subject: (.*)\r$/m.exec(raw)?.[1]}`;
          if (known.has(triple)) return taken;
          known.add(triple);
          return later;
        },
        'moody.test': () => [taken, refused, later, unreachable][Math.floor(random.fraction() * 4)] ?? taken,
      },
    });
    await using run = l.run;
    const domains = ['perm.test', 'never.test', 'down.test', 'grey.test', 'moody.test', 'good.test'];
    const ids: SubmissionId[] = [];
    for (let i = 0; i < 18; i++) {
      const to = domains
        .filter((_, n) => (i + n) % 3 !== 0)
        .flatMap((domain) => [`a${i}@${domain}`, `b${i}@${domain}`]);
      ids.push((await aliceSends(run, to, { subject: `m${i}` })).id);
    }
    await pass(l, 6 * DAY, 2 * HOUR);
    const ends = new Map<string, number>();
    for (const [i, id] of ids.entries())
      for (const delivery of await run.alice.outgoing.deliveries(id))
        for (const { address, state } of delivery.recipients) {
          expect(['sent', 'bounced']).toContain(state);
          const key = `${address} m${i}`;
          const times = l.transfer.received.filter((one) => one === key).length;
          expect(times, `${key} ${state}`).toBe(state === 'sent' ? 1 : 0);
          const kind = `${delivery.destination} ${state}`;
          ends.set(kind, (ends.get(kind) ?? 0) + 1);
        }
    for (const kind of [
      'perm.test bounced',
      'never.test bounced',
      'down.test sent',
      'grey.test sent',
      'good.test sent',
    ])
      expect(ends.get(kind), kind).toBe(24);
    expect((ends.get('moody.test sent') ?? 0) + (ends.get('moody.test bounced') ?? 0)).toBe(24);
    expect((await run.queue.counts()).outbound.waiting + (await run.queue.counts()).error.waiting).toBe(0);
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });
});
