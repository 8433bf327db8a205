import { afterEach, expect, test } from 'vitest';
import { pipelineOf } from '../../test/support/pipeline.ts';
import { aliceLab, mail, problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { settle } from '../../test/support/settle.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { openQueue } from '../adapters/queue-kv.ts';
import { MailError } from '../mail/error.ts';
import { type AccountId, Flag, type FolderId, type MailAccount, type MsgId } from '../mailstore/api.ts';
import { StoreFull } from '../ports/kv.ts';
import type { Queue } from '../ports/queue.ts';
import { silentLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import type { Arrival } from './arrival.ts';
import { payloadOf } from './entry.ts';
import { Intake } from './intake.ts';
import { deliveryOf, type Stage, type StageName } from './pipeline.ts';
import { Room } from './room.ts';
import { file } from './stages/file.ts';
import { loop } from './stages/loop.ts';
import { IntakeWorker, WORKER_LIMITS } from './worker.ts';

const ALICE = 'alice-1' as AccountId;
const BOB = 'bob-1' as AccountId;
const INBOX = 1 as FolderId;

const workers: IntakeWorker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
});

async function lab(options: { quota?: number; before?: Stage; limits?: Partial<typeof WORKER_LIMITS> } = {}) {
  const mailLab = await aliceLab(options.quota === undefined ? {} : { quota: options.quota });
  const { store, clock, kv } = mailLab;
  await store.createAccount(BOB);
  const bob = await store.open(SYSTEM, BOB);
  const random = new SeededRandom(7);
  let queue: Queue = await openQueue({ kv, clock, random });
  const metrics = new Metrics();
  const filing = file({ clock, log: silentLog });
  const passedOver: StageName[] = [];
  const pipeline = pipelineOf([loop(), ...(options.before === undefined ? [] : [options.before]), filing], (stage) =>
    passedOver.push(stage),
  );
  const make = () => new Intake({ store, queue, clock, hostname: 'mx.test', log: silentLog, metrics, pipeline });
  const limits = { ...WORKER_LIMITS, ...options.limits };
  const work = (): IntakeWorker => {
    const worker = new IntakeWorker({ store, queue, pipeline, clock, random, log: silentLog, metrics }, limits);
    workers.push(worker);
    return worker;
  };
  return {
    ...mailLab,
    bob,
    random,
    work,
    filing,
    passedOver,
    get queue() {
      return queue;
    },
    get intake() {
      return make();
    },
    /** As after a crash: what was taken and not done is due again. */
    restart: async (): Promise<void> => {
      queue = await openQueue({ kv, clock, random });
    },
  };
}

function arrival(raw: Buffer, ...accounts: AccountId[]): Arrival {
  return {
    sender: 'x@remote.test',
    recipients: accounts.map((account) => ({ account, address: `${account}@example.test` })),
    origin: { protocol: 'ESMTPS', hello: 'client.test', remote: '192.0.2.1', cipher: 'TLSv1.3 X' },
    mail: { head: raw },
  };
}

/** One that is put before filing. */
function stage(more: Partial<Stage>): Stage {
  return { name: 'spam', does: 'as the test says', needs: ['body'], onFailure: 'retry', ...more };
}

const WITH_ID = ['Message-ID: <1@remote.test>'];
const inbox = (account: MailAccount) => account.getMessageIds({ folder: INBOX });

test('an accepted mail is in each mailbox, below its own trace lines, byte for byte', async () => {
  const { intake, work, alice, bob, queue, store } = await lab();
  const raw = mail('hi', '본문\r\n', WITH_ID);
  work();
  const id = await intake.accept(arrival(raw, ALICE, BOB));
  await settle();
  for (const [account, address] of [
    [alice, 'alice-1@example.test'],
    [bob, 'bob-1@example.test'],
  ] as const) {
    // prettier-ignore
    const [message] = inbox(account);
    const bytes = Buffer.from(await (await account.body(message!)).bytes()).toString();
    expect(bytes).toBe(
      `Return-Path: <x@remote.test>\r\nReceived: from client.test ([192.0.2.1])\r\n\tby mx.test with ESMTPS id ${id}\r\n` +
        `\t(using TLSv1.3 X)\r\n\tfor <${address}>; Sun, 01 Mar 2026 09:00:00 +0000\r\n${raw.toString()}`,
    );
  }
  expect((await queue.counts()).intake.waiting).toBe(0);
  expect(await problemsOf(store)).toEqual([]);
});

test('the trace line says what the address is called, or that nobody knows', async () => {
  const { intake, work, alice } = await lab();
  work();
  for (const reverse of ['mx.remote.test', 'unknown', 'a) (b'])
    await intake.accept({
      ...arrival(mail('hi'), ALICE),
      origin: { protocol: 'SMTP', hello: 'client.test', remote: '192.0.2.1', cipher: '', reverse },
    });
  await settle();
  const first: string[] = [];
  for (const id of inbox(alice))
    first.push(
      Buffer.from(await (await alice.body(id)).bytes())
        .toString()
        .split('\r\n')[1] ?? '',
    );
  expect(first.toSorted()).toEqual([
    'Received: from client.test (a???b [192.0.2.1])',
    'Received: from client.test (mx.remote.test [192.0.2.1])',
    'Received: from client.test (unknown [192.0.2.1])',
  ]);
});

test('a client that sends again what it was not told we have makes no second copy (A3); another mail does (B13)', async () => {
  const { intake, work, alice, clock } = await lab();
  work();
  const raw = mail('hi', 'text\r\n', WITH_ID);
  await intake.accept(arrival(raw, ALICE));
  await settle();
  await clock.advance(16 * 3_600_000);
  await intake.accept(arrival(raw, ALICE));
  await settle();
  expect(inbox(alice)).toHaveLength(1);
  await intake.accept(arrival(mail('hi', 'other text\r\n', WITH_ID), ALICE));
  await intake.accept({ ...arrival(raw, ALICE), sender: 'y@remote.test' });
  await settle();
  expect(inbox(alice)).toHaveLength(3);
  // Without a Message-ID nothing says that two equal mails are one.
  await intake.accept(arrival(mail('hi'), ALICE));
  await intake.accept(arrival(mail('hi'), ALICE));
  await settle();
  expect(inbox(alice)).toHaveLength(5);
});

test('a crash between the acknowledgement and the mailbox, and one in the middle of two recipients (A4, A5)', async () => {
  const { intake, work, alice, bob, queue, restart, store, filing } = await lab();
  await intake.accept(arrival(mail('hi'), ALICE, BOB));
  const [entry] = await queue.take('intake', 1);
  const payload = payloadOf(entry!);
  await filing.deliver?.(deliveryOf(payload, payload.recipients[0]!, alice), new AbortController().signal);
  expect([inbox(alice).length, inbox(bob).length]).toEqual([1, 0]);
  await restart();
  work();
  await settle();
  expect([inbox(alice).length, inbox(bob).length]).toEqual([1, 1]);
  expect(await problemsOf(store)).toEqual([]);
});

test('a mail that fails every time goes to the error queue after five attempts, others pass it; mended, it is delivered (B7)', async () => {
  let broken = true;
  const poison = stage({
    deliver: ({ mail: { sender } }) =>
      broken && sender === 'poison@remote.test' ? Promise.reject(new Error('boom\r\nboom')) : Promise.resolve(false),
  });
  const l = await lab({ before: poison });
  l.work();
  await l.intake.accept({ ...arrival(mail('bad'), ALICE, BOB), sender: 'poison@remote.test' });
  await l.intake.accept(arrival(mail('good'), ALICE));
  await settle();
  expect(inbox(l.alice)).toHaveLength(1);
  const waits: number[] = [];
  for (let attempt = 1; attempt < 5; attempt++) {
    const [waiting] = await l.queue.list('intake');
    expect(waiting).toMatchObject({ attempts: attempt, reason: expect.stringContaining('boom??boom') });
    waits.push(waiting!.due - l.clock.now());
    await l.clock.advance(waiting!.due - l.clock.now());
    await settle();
  }
  for (const [i, wait] of waits.entries()) {
    expect(wait).toBeGreaterThanOrEqual(5_000 * 2 ** i);
    expect(wait).toBeLessThanOrEqual(7_500 * 2 ** i);
  }
  const [dead] = await l.queue.list('error');
  expect(dead).toMatchObject({
    reason: expect.stringContaining('alice-1@example.test: boom??boom'),
    tags: [ALICE, BOB],
  });
  broken = false;
  expect(await l.intake.redeliver([dead!.id])).toBe(1);
  await settle();
  expect([inbox(l.alice).length, inbox(l.bob).length]).toEqual([2, 1]);
  expect((await l.queue.counts()).error.waiting).toBe(0);
});

test('a step that never answers is given up after its deadline, and the worker works on (B8)', async () => {
  const stuck = stage({
    deliver: ({ mail: { sender } }) => (sender === 'stuck@x' ? new Promise(() => undefined) : Promise.resolve(false)),
  });
  const l = await lab({ before: stuck, limits: { entries: 1, attempts: 2 } });
  l.work();
  await l.intake.accept({ ...arrival(mail('bad'), ALICE), sender: 'stuck@x' });
  await l.intake.accept(arrival(mail('good'), ALICE));
  await settle();
  expect(inbox(l.alice)).toHaveLength(0);
  await l.clock.advance(60_000);
  await settle();
  expect(inbox(l.alice)).toHaveLength(1);
  expect(await l.queue.list('intake')).toMatchObject([{ attempts: 1, reason: expect.stringContaining("'spam'") }]);
  await l.clock.advance(10_000);
  await settle();
  // A slow one has twice as long the next time.
  await l.clock.advance(60_000);
  await settle();
  expect(await l.queue.list('error')).toHaveLength(0);
  await l.clock.advance(60_000);
  await settle();
  expect(await l.queue.list('error')).toHaveLength(1);
});

test('what the failure of a stage means: the mail goes on, or to the error queue at once', async () => {
  const boom = stage({ onFailure: 'accept', deadlineMs: 5_000, deliver: () => new Promise(() => undefined) });
  const l = await lab({ before: boom });
  l.work();
  await l.intake.accept(arrival(mail('hi'), ALICE));
  await settle();
  expect(inbox(l.alice)).toHaveLength(0);
  await l.clock.advance(5_000);
  await settle();
  expect([inbox(l.alice).length, l.passedOver]).toEqual([1, ['spam']]);

  const broken = stage({ onFailure: 'error-queue', deliver: () => Promise.reject(new Error('boom')) });
  const other = await lab({ before: broken });
  other.work();
  await other.intake.accept(arrival(mail('hi'), ALICE));
  await settle();
  expect(await other.queue.list('error')).toMatchObject([{ reason: expect.stringContaining('boom') }]);
  expect(inbox(other.alice)).toHaveLength(0);
});

test('who has it already is not tried again when another recipient fails', async () => {
  const l = await lab({ quota: 10 });
  l.work();
  await l.intake.accept(arrival(mail('hi'), ALICE, BOB));
  await settle();
  expect([inbox(l.alice).length, inbox(l.bob).length]).toEqual([0, 1]);
  const [waiting] = await l.queue.list('intake');
  expect((waiting!.payload as { recipients: unknown[] }).recipients).toHaveLength(1);
  expect(waiting!.due - l.clock.now()).toBeGreaterThanOrEqual(15 * 60_000);
  await l.store.setQuota(ALICE, undefined);
  await l.intake.signedIn(ALICE);
  await settle();
  expect(inbox(l.alice)).toHaveLength(1);
});

test('no room for the dead letters: new mail is refused, what was accepted waits, and goes on once there is room (B9)', async () => {
  let broken = true;
  const poison = stage({ deliver: () => (broken ? Promise.reject(new Error('boom')) : Promise.resolve(false)) });
  const l = await lab({ before: poison, limits: { attempts: 1 } });
  const writable = { commit: l.kv.commit.bind(l.kv), putImmutable: l.kv.putImmutable.bind(l.kv) };
  const full = () => Promise.reject(new StoreFull('no space left'));
  await l.intake.accept(arrival(mail('bad'), ALICE));
  Object.assign(l.kv, { commit: full, putImmutable: full });
  l.work();
  await settle();
  await expect(l.intake.accept(arrival(mail('new'), ALICE))).rejects.toThrow('no space left');
  await l.clock.advance(60_000);
  await settle();
  expect(await l.queue.counts()).toMatchObject({ intake: { waiting: 1 }, error: { waiting: 0 } });
  Object.assign(l.kv, writable);
  await l.clock.advance(30_000);
  await settle();
  expect(await l.queue.list('error')).toMatchObject([{ reason: expect.stringContaining('boom') }]);

  // The same for what went well and could not be written off: it is filed once.
  broken = false;
  await l.intake.redeliver((await l.queue.list('error')).map(({ id }) => id));
  l.kv.commit = (p, ...rest) => (p.startsWith('q/') ? full() : writable.commit(p, ...rest));
  await settle();
  expect([inbox(l.alice).length, (await l.queue.counts()).intake.waiting]).toEqual([1, 1]);
  Object.assign(l.kv, writable);
  await l.clock.advance(30_000);
  await settle();
  expect([inbox(l.alice).length, (await l.queue.counts()).intake.waiting]).toEqual([1, 0]);
});

test('two mails at once for a mailbox that holds one of them: one waits until there is room, and the count is right (B20)', async () => {
  const l = await lab({ quota: 1_000 });
  const large = (subject: string) => arrival(mail(subject, 'x'.repeat(200)), ALICE);
  await Promise.all(['one', 'two'].map((subject) => l.intake.accept(large(subject))));
  l.work();
  await settle();
  const { used } = l.alice.quota();
  expect([inbox(l.alice).length, (await l.queue.counts()).intake.waiting, used <= 1_000]).toEqual([1, 1, true]);
  expect(await problemsOf(l.store)).toEqual([]);
  // A client that does not say how large it will be is told at the end of it (452 4.2.2).
  const unsaid = { ...arrival(mail('three', 'x'.repeat(900)), ALICE), source: 'outside' as const };
  await expect(l.intake.accept(unsaid)).rejects.toMatchObject({ code: 'over-quota', kind: 'temporary' });
  // Not where somebody else has room for it.
  await l.intake.accept({ ...unsaid, recipients: arrival(mail('three'), ALICE, BOB).recipients });
  await settle();
  expect([inbox(l.alice).length, inbox(l.bob).length]).toEqual([1, 1]);
});

test('whoever is over quota may move, flag and delete, and gets what waits once there is room, without a restart (B21)', async () => {
  const l = await lab({ quota: 1_000 });
  l.work();
  await l.intake.accept(arrival(mail('first', 'x'.repeat(200)), ALICE));
  await settle();
  await l.store.setQuota(ALICE, 10);
  await l.intake.accept(arrival(mail('second'), ALICE));
  await settle();
  const [id] = inbox(l.alice) as [MsgId];
  await l.alice.updateMessage([id], { mode: 'add', flags: Flag.seen, keywords: [] });
  const [moved] = await l.alice.move([id], 2 as FolderId);
  expect(l.alice.meta(moved!.placed.id)?.flags).toBe(Flag.seen);
  await l.alice.deleteMessage([moved!.placed.id]);
  await l.store.setQuota(ALICE, 1_000);
  await l.clock.advance(23 * 60_000);
  await settle();
  expect(inbox(l.alice)).toHaveLength(1);
  expect((await l.queue.counts()).intake.waiting).toBe(0);
});

test('an account that is gone: at once to the error queue, with its reason', async () => {
  const l = await lab();
  await l.intake.accept(arrival(mail('hi'), BOB));
  await l.store.removeAccount(BOB);
  l.work();
  await settle();
  expect(await l.queue.list('error')).toMatchObject([{ reason: expect.stringContaining(BOB) }]);
});

test('a loop, a header without end, and a stream that breaks are refused and leave nothing (D20, C18)', async () => {
  const { intake, queue } = await lab();
  const received = (count: number): Buffer => mail('hi', 'x\r\n', Array<string>(count).fill('Received: from a by b'));
  await intake.accept(arrival(received(49), ALICE));
  for (const count of [50, 51, 101])
    await expect(intake.accept(arrival(received(count), ALICE))).rejects.toMatchObject({ code: 'mail-loop' });
  async function* rest(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('more');
    throw new MailError('too-large', 'user', 'it broke');
  }
  const endless = { head: Buffer.from('a: b\r\n'.repeat(10)), rest: rest() };
  await expect(intake.accept({ ...arrival(mail('x'), ALICE), mail: endless })).rejects.toMatchObject({
    code: 'too-large',
  }); // prettier-ignore
  const broken = { head: Buffer.from('a: b\r\n\r\nbody'), rest: rest() };
  await expect(intake.accept({ ...arrival(mail('x'), ALICE), mail: broken })).rejects.toThrow('it broke');
  expect((await queue.counts()).intake.waiting).toBe(1);
});

test('a mail without header keeps its text as text', async () => {
  const l = await lab();
  l.work();
  await l.intake.accept(arrival(Buffer.from('hello: world? no\r\n'.replace(':', '')), ALICE));
  await settle();
  const { details, body } = await l.alice.getMessage(inbox(l.alice)[0]!);
  expect(details.preview).toContain('hello world');
  expect(Buffer.from(await body.bytes()).toString()).toMatch(/\+0000\r\n\r\nhello world\? no\r\n$/);
});

test('a thousand recipients: several entries, one commit, everybody has it', async () => {
  const l = await lab();
  const accounts = Array.from({ length: 600 }, (_, i) => `many-${i}` as AccountId);
  for (const account of accounts) await l.store.createAccount(account);
  await l.intake.accept(arrival(mail('hi'), ...accounts));
  expect((await l.queue.counts()).intake.waiting).toBe(3);
  l.work();
  await settle();
  for (const account of accounts) {
    using opened = await l.store.open(SYSTEM, account);
    expect(inbox(opened)).toHaveLength(1);
  }
});

test('an accepted mail reaches a watcher without anybody asking', async () => {
  const l = await lab();
  l.work();
  let seen = 0;
  using _watch = l.alice.watch(() => seen++);
  await l.intake.accept(arrival(mail('hi'), ALICE));
  while (seen === 0) await new Promise((resolve) => setImmediate(resolve));
});

test('room is looked up at most once a second, by nobody who waits', async () => {
  const { clock } = await lab();
  let asked = 0;
  let free = 140 << 20;
  const room = new Room(
    () => (asked++, free < 0 ? Promise.reject(new Error('no disk')) : Promise.resolve(free)),
    clock,
  );
  expect(room.has(100 << 20)).toBe(true);
  await settle();
  expect([room.has(100 << 20), room.has(50 << 20), asked]).toEqual([false, true, 1]);
  free = -1;
  await clock.advance(1000);
  room.has(0);
  await settle();
  expect([room.has(100 << 20), asked]).toEqual([true, 2]);
});
