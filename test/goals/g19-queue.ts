/**
 * G19: so many mails for hosts that are down or slow hold up nobody, cost little memory, and come back little by little; what fails on our side
 * ends in the error queue and goes once it is mended; forged senders hear nothing.
 */
import { join } from 'node:path';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { openLmdb } from '../../src/adapters/kv-lmdb.ts';
import { openQueue } from '../../src/adapters/queue-kv.ts';
import { SystemRandom } from '../../src/adapters/random-system.ts';
import { deliveryEntry } from '../../src/delivery/entry.ts';
import type { OutboundLimits } from '../../src/delivery/limits.ts';
import type { Outcome } from '../../src/delivery/transfer.ts';
import type { SubmissionId } from '../../src/mailstore/submission.ts';
import { startSmtp } from '../smtp/harness.ts';
import { heapAfterCollection } from '../support/heap.ts';
import { later, ScriptedTransfer, taken, unreachable } from '../support/scripted-transfer.ts';
import { ALICE, aliceSends, type Sending, sendingWorld } from '../support/sending.ts';
import { settle } from '../support/settle.ts';
import { atMost, byForm, inTime, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Promised. */
const EXTRA_MS = 10 * SECOND;
const MEMORY_BYTES = 100 * 1_000_000;
const PEAK = 2;
const FAULTS = 5;

/** As a limit of the operating system, or a server that is far too busy. */
const SLOW_MS = 30 * SECOND;
/** Mails to a host that works, one a second. */
const GOOD = 100;

export const goal: Goal = {
  id: 'G19',
  title: 'deferred mail holds up nobody, costs little and does not come back as a storm',

  /** A queue in which whoever comes first takes all the room. */
  async control({ form }) {
    const everything = { entries: 20, perDestination: 100_000, firstPerDestination: 100_000, parked: 100_000 };
    const deferred = byForm(form, { smoke: 150, quick: 300, full: 300 });
    const { p99 } = await fairness(deferred, 15, everything);
    const { ratio, atOnce } = await storm(deferred, { ...everything, entries: 2_000 });
    const seen = [
      p99 > EXTRA_MS && `a mail to a good host waited ${p99 / SECOND} s`,
      (ratio > PEAK || atOnce > 20) && `${atOnce} attempts at once when a host came back`,
    ];
    return seen.every((one) => one !== false) ? seen.join(', ') : undefined;
  },

  async run({ form, folder, say }: GoalContext): Promise<GoalResult> {
    const deferred = byForm(form, { smoke: 300, quick: 5_000, full: 100_000 });
    const bytes = await memory(byForm(form, { smoke: 2_000, quick: 20_000, full: 100_000 }), join(folder, 'kv'));
    say(`${Math.round(bytes / 1e6)} MB of memory for 100,000 deferred mails`);
    const fair = await fairness(deferred, GOOD);
    say(`p99 to a good host ${fair.p99 / SECOND} s beside ${deferred} deferred, ${fair.wallMs} ms of this machine`);
    // More would only take longer: it is the same second for all of them.
    const back = await storm(Math.min(deferred, 20_000));
    say(`peak of attempts ${back.ratio.toFixed(2)} times the mean, ${back.atOnce} at once`);
    const mended = await poison(byForm(form, { smoke: 3, quick: 20, full: 100 }));
    const forged = byForm(form, { smoke: 300, quick: 2_000, full: 10_000 });
    const accepted = await backscatter(forged);
    return result({
      runs: 5,
      faults: deferred + forged + mended.poisoned,
      acked: deferred + GOOD + back.sent + mended.sent,
      lost: GOOD - fair.received + (back.sent - back.received) + (mended.sent - mended.received),
      duplicated: fair.twice + back.twice + mended.twice,
      violations: [
        ...(!atMost(form, bytes, MEMORY_BYTES) ? [`100,000 deferred mails cost ${Math.round(bytes / 1e6)} MB`] : []),
        ...(fair.p99 > EXTRA_MS ? [`mail to a good host waits ${fair.p99 / SECOND} s`] : []),
        ...(!inTime(form, fair.wallMs, EXTRA_MS) ? [`a mail to a good host took this machine ${fair.wallMs} ms`] : []),
        ...(fair.connections > 20 ? [`${fair.connections} attempts at once at a host that is down`] : []),
        ...(back.ratio > PEAK ? [`the peak of attempts is ${back.ratio.toFixed(2)} times the mean`] : []),
        ...(back.atOnce > 20 ? [`${back.atOnce} attempts at once when a host came back`] : []),
        ...(accepted > 0 ? [`${accepted} mails accepted for people who are not there`] : []),
        ...several('poisoned mails did not end in the error queue after five attempts', mended.wrong),
        ...(fair.received < GOOD || back.received < back.sent || mended.received < mended.sent
          ? [
              `${fair.received} of ${GOOD}, ${back.received} of ${back.sent}, ${mended.received} of ${mended.sent} arrived`,
            ]
          : []),
      ],
      figures: {
        deferred,
        megabytesFor100000: Math.round(bytes / 1e5) / 10,
        goodP99Ms: fair.p99,
        goodWallP99Ms: fair.wallMs,
        stormPeakToMean: Math.round(back.ratio * 100) / 100,
        stormAtOnce: back.atOnce,
        forged,
      },
    });
  },
};

/** Of the queue alone, on the embedded store: all of its entries deferred, as a start finds them. */
async function memory(entries: number, folder: string): Promise<number> {
  await using kv = await openLmdb(folder);
  const parts = { kv, clock: new SystemClock(), random: new SystemRandom() };
  {
    await using queue = await openQueue(parts);
    for (let at = 0; at < entries; at += 1000) {
      const some = Array.from({ length: Math.min(1000, entries - at) }, (_, i) =>
        deliveryEntry(
          ALICE,
          (at + i).toString(16).padStart(24, '0') as SubmissionId,
          0,
          `host${(at + i) % 50}.test`,
          0,
        ),
      );
      await queue.add('outbound', some);
      const reason =
        'mx.host.test: it could not be reached a moment ago: cannot connect: connect ECONNREFUSED 192.0.2.1:25';
      const taken = await queue.take('outbound', 1000);
      await Promise.all(taken.map((entry) => queue.retry(entry, { due: parts.clock.now() + HOUR, reason })));
    }
  }
  const before = heapAfterCollection();
  await using queue = await openQueue(parts);
  const { waiting } = (await queue.counts()).outbound;
  if (waiting !== entries) throw new Error(`${waiting} of ${entries} entries wait`);
  return ((heapAfterCollection() - before) / entries) * 100_000;
}

/** Mails to a host that is down and one that puts everybody off, slowly; then some to one that works, in time that is moved by hand. */
async function fairness(deferred: number, good: number, limits: Partial<OutboundLimits> = {}) {
  const world = await sendingWorld({ limits, mailsPerHour: Infinity });
  const { clock } = world;
  const transfer = new ScriptedTransfer(() => clock.now());
  const slowly = async (outcome: Outcome): Promise<Outcome> => {
    await clock.sleep(SLOW_MS);
    return outcome;
  };
  transfer.servers.set('dead.test', () => slowly(unreachable));
  transfer.servers.set('slow.test', () => slowly(later));
  const arrived = new Map<string, { readonly at: number; readonly wall: number }>();
  transfer.servers.set('good.test', ({ raw }) => {
    arrived.set(subjectOf(raw), { at: clock.now(), wall: performance.now() });
    return taken;
  });
  const run = await world.start(world.kv, transfer);
  await using _end = { [Symbol.asyncDispose]: () => ended(run, clock) };
  await inTurns(deferred, (i) => aliceSends(run, [`x@${i % 2 === 0 ? 'dead' : 'slow'}.test`]));
  for (let i = 0; i < 4; i++) await step(run, clock, SLOW_MS);
  const sent = new Map<string, { readonly at: number; readonly wall: number }>();
  for (let i = 0; i < good; i++) {
    sent.set(`good ${i}`, { at: clock.now(), wall: performance.now() });
    await aliceSends(run, ['x@good.test'], { subject: `good ${i}` });
    await step(run, clock, SECOND);
  }
  for (let i = 0; i < 120 && arrived.size < good; i++) await step(run, clock, SECOND);
  const ages = (of: 'at' | 'wall'): number[] =>
    [...sent].map(([subject, before]) => (arrived.get(subject)?.[of] ?? Infinity) - before[of]);
  const received = transfer.received.filter((one) => one.startsWith('x@good.test'));
  return {
    p99: percentile(ages('at'), 0.99),
    wallMs: Math.round(percentile(ages('wall'), 0.99)),
    connections: Math.max(...['dead.test', 'slow.test'].map((host) => transfer.mostAtOnce.get(host) ?? 0)),
    received: new Set(received).size,
    twice: received.length - new Set(received).size,
  };
}

/** A host was down, we were down for six hours, and now everything is due in the same second. */
async function storm(mails: number, limits: Partial<OutboundLimits> = {}) {
  const world = await sendingWorld({ limits, mailsPerHour: Infinity });
  const { clock } = world;
  const transfer = new ScriptedTransfer(() => clock.now());
  transfer.servers.set('back.test', () => unreachable);
  {
    await using run = await world.start(world.kv, transfer);
    await inTurns(mails, (i) => aliceSends(run, ['x@back.test'], { subject: `mail ${i}` }));
    await settle();
  }
  await clock.advance(6 * HOUR);
  transfer.servers.set('back.test', async () => {
    await clock.sleep(SECOND);
    return taken;
  });
  transfer.attempts.clear();
  transfer.mostAtOnce.clear();
  await using run = await world.start(world.kv, transfer);
  for (let i = 0; transfer.received.length < mails && i < mails * 4 + 600; i++) await step(run, clock, SECOND / 2);
  const times = transfer.attempts.get('back.test') ?? [];
  const first = Math.min(...times.slice(0, 1));
  const bin = Math.max(10 * SECOND, ((times.at(-1) ?? first) - first) / 20);
  const bins = new Map<number, number>();
  for (const at of times) bins.set(Math.floor((at - first) / bin), (bins.get(Math.floor((at - first) / bin)) ?? 0) + 1);
  const last = Math.max(1, ...bins.keys());
  return {
    ratio: Math.max(...bins.values()) / (times.length / last),
    atOnce: transfer.mostAtOnce.get('back.test') ?? 0,
    sent: mails,
    received: new Set(transfer.received).size,
    twice: transfer.received.length - new Set(transfer.received).size,
  };
}

/** Some mails make us fail each time, until somebody mends what is wrong. */
async function poison(poisoned: number) {
  const world = await sendingWorld({ mailsPerHour: Infinity });
  const { clock } = world;
  const transfer = new ScriptedTransfer(() => clock.now());
  const attempts = new Map<string, number>();
  let broken = true;
  transfer.servers.set('one.test', ({ raw }) => {
    const subject = subjectOf(raw);
    attempts.set(subject, (attempts.get(subject) ?? 0) + 1);
    if (broken && subject.startsWith('poison')) throw new Error('what nobody thought of');
    return taken;
  });
  await using run = await world.start(world.kv, transfer);
  const sent = poisoned * 5;
  for (let i = 0; i < sent; i++)
    await aliceSends(run, ['x@one.test'], { subject: `${i % 5 === 0 ? 'poison' : 'mail'} ${i}` });
  for (let i = 0; i < 40; i++) await step(run, clock, MINUTE);
  const dead = await run.queue.list('error', { limit: sent });
  const tries = [...attempts].filter(([subject]) => subject.startsWith('poison'));
  const wrong = tries
    .filter(([, count]) => count !== FAULTS)
    .map(([subject, count]) => `${subject}: ${count} attempts`);
  if (dead.length !== poisoned) wrong.push(`${dead.length} of ${poisoned} in the error queue`);
  broken = false;
  for (const entry of dead) await run.queue.move(entry, 'outbound', 'mended');
  for (let i = 0; i < 60 && transfer.received.length < sent; i++) await step(run, clock, SECOND);
  const received = new Set(transfer.received).size;
  return { sent, poisoned, wrong, received, twice: transfer.received.length - received };
}

/** Nobody is there: said at RCPT, so that nothing is left to tell a sender who never wrote. */
async function backscatter(forged: number): Promise<number> {
  await using smtp = await startSmtp({ limits: { errors: Number.MAX_SAFE_INTEGER, recipients: 1000 } });
  let taken = 0;
  for (let at = 0; at < forged; at += 100) {
    await using client = await smtp.connect();
    const names = Array.from({ length: Math.min(100, forged - at) }, (_, i) => `nobody${at + i}`);
    await client.skipToLine('220 ');
    await client.write('EHLO spammer.test\r\n');
    await client.skipToLine('250 ');
    await client.write(
      `MAIL FROM:<victim${at}@elsewhere.test>\r\n${names.map((name) => `RCPT TO:<${name}@example.test>\r\n`).join('')}`,
    );
    await client.skipToLine('250 ');
    for (const _name of names) if (!(await client.line()).startsWith('550')) taken++;
  }
  return taken + smtp.accepted.length;
}

/** What is under way needs time to end. */
async function ended(run: Sending, clock: { advance(ms: number): Promise<void> }): Promise<void> {
  const ending = run[Symbol.asyncDispose]();
  await clock.advance(SLOW_MS);
  await ending;
}

async function step(run: Sending, clock: { advance(ms: number): Promise<void> }, ms: number): Promise<void> {
  await clock.advance(ms);
  await settle(60);
}

/** Some at once, as many people send. */
async function inTurns(count: number, act: (i: number) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < count; at += 50)
    await Promise.all(Array.from({ length: Math.min(50, count - at) }, (_, i) => act(at + i)));
}

function subjectOf(raw: string): string {
  return /^Subject: (.*)\r$/m.exec(raw)?.[1] ?? '';
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Infinity;
}
