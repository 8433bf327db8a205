import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { aliceLab, SYSTEM } from '../../test/support/mail-store.ts';
import { settle } from '../../test/support/settle.ts';
import { LocalBus } from '../adapters/bus-local.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { SIGNED_IN } from '../directory/directory.ts';
import { assessment } from '../intake/spam/assessment.ts';
import { BayesFilters } from '../intake/spam/bayes-filters.ts';
import { correspondent } from '../intake/spam/correspondents.ts';
import { Flag, type AccountId, type FolderId, type MailAccount } from '../mailstore/api.ts';
import { Cursors } from '../mailstore/cursors.ts';
import { createMailStore } from '../mailstore/store.ts';
import { loadModules } from '../profiles/load-modules.ts';
import { silentLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { contactCollection } from './contact-collection.ts';
import { DeadLetters } from './dead-letters.ts';
import type { EventType, ExtensionModule, ModuleEvent } from './module.ts';
import { ModuleRunner } from './runner.ts';
import { spamTraining } from './spam-training.ts';

const ALICE = 'alice-1' as AccountId;
const INBOX = 1 as FolderId;

const ends: ModuleRunner[] = [];
afterEach(async () => {
  for (const one of ends.splice(0)) await one[Symbol.asyncDispose]();
});

/** A module that writes down what it hears, and does what a test wants. */
class Listener implements ExtensionModule {
  readonly does = 'listens';
  readonly scope = 'read';
  readonly name: string;
  readonly events: readonly EventType[];
  readonly heard: ModuleEvent[] = [];
  act: (events: readonly ModuleEvent[], signal: AbortSignal) => Promise<void> = () => Promise.resolve();

  constructor(
    name = 'listener',
    events: readonly EventType[] = [
      'message-added',
      'flags-changed',
      'message-moved',
      'message-deleted',
      'folder-changed',
      'login',
    ],
  ) {
    // prettier-ignore
    this.name = name;
    this.events = events;
  }

  async handle(events: readonly ModuleEvent[], _context: unknown, signal: AbortSignal): Promise<void> {
    await this.act(events, signal);
    this.heard.push(...events);
  }
}

async function lab() {
  const { kv, blobs, clock } = await aliceLab();
  const random = new SeededRandom(9);
  const bus = new LocalBus();
  const store = createMailStore({ kv, blobs, clock, random, bus });
  const alice = await store.open(SYSTEM, ALICE);
  const cursors = new Cursors(kv, random);
  const dead = new DeadLetters(kv, random);
  const metrics = new Metrics();
  return {
    kv,
    blobs,
    clock,
    random,
    store,
    alice,
    cursors,
    dead,
    bus, // prettier-ignore
    start: (...modules: ExtensionModule[]): ModuleRunner => {
      const runner = new ModuleRunner({ modules, store, cursors, dead, bus, clock, random, log: silentLog, metrics });
      ends.push(runner);
      return runner;
    },
    add: (subject: string, folder = INBOX) =>
      alice.addMessage(Buffer.from(`From: kim@remote.test\r\nSubject: ${subject}\r\n\r\ntext of ${subject}\r\n`), {
        folder,
      }),
    /** Lets what was gathered be taken up, and waits for it. */
    turn: async (runner: ModuleRunner, ms = 600): Promise<void> => {
      await clock.advance(ms);
      await runner.idle();
    },
  };
}

async function subjects(alice: MailAccount, events: readonly ModuleEvent[]): Promise<string[]> {
  const added = events.flatMap((event) => (event.type === 'message-added' ? [event] : []));
  return Promise.all(added.map(async ({ message }) => (await alice.details(message.id)).envelope.subject));
}

test('accounts in which a module hangs, however many, hold up none of the others', async () => {
  const { start, add, store, clock } = await lab();
  const listener = new Listener('listener', ['message-added']);
  const hanging = Array.from({ length: 20 }, (_, i) => `slow-${i}` as AccountId);
  listener.act = async ([event], signal) => {
    if (!event?.id.startsWith('slow-')) return;
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  };
  start(listener);
  for (const id of hanging) {
    await store.createAccount(id);
    using account = await store.open(SYSTEM, id);
    await account.addMessage(Buffer.from('Subject: x\r\n\r\n'), { folder: INBOX });
  }
  const settle = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  // All have hung once, and are being tried again.
  for (let i = 0; i < 4; i++) await settle(31_000);
  await add('for alice');
  await settle(600);
  expect(listener.heard.map(({ type }) => type)).toEqual(['message-added']);
});

describe('modules hear of accounts', () => {
  test('every kind of event, in order, with ids that stay the same', async () => {
    const { start, add, alice, turn, bus } = await lab();
    const listener = new Listener();
    const runner = start(listener);
    const { id } = await add('one');
    await alice.updateMessage([id], { mode: 'add', flags: Flag.seen, keywords: [] });
    await alice.move([id], alice.folderWithRole('archive')!.id);
    await alice.createFolder('Projects');
    await alice.deleteMessage([id]);
    bus.publish(SIGNED_IN, { account: ALICE });
    await turn(runner);
    await turn(runner);
    const types = listener.heard.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1]);
    expect(types.slice(-6)).toEqual([
      'message-added',
      'flags-changed',
      'message-moved',
      'folder-changed',
      'message-deleted',
      'login',
    ]); // prettier-ignore
    expect(new Set(listener.heard.map((event) => event.id)).size).toBe(listener.heard.length);
  });

  test('who was away hears what happened, also where the log would have been cut', async () => {
    const { start, add, alice, turn, kv, blobs, clock, cursors } = await lab();
    const first = start(new Listener());
    await add('before');
    await turn(first);
    await first[Symbol.asyncDispose]();
    expect(await cursors.read(ALICE, 'listener')).toBe(alice.version);
    for (let i = 0; i < 30; i++) await add(`mail ${i}`);
    const tuning = { logRows: 5, logSlack: 0 };
    const parts = { kv, blobs, clock, random: new SeededRandom(3), bus: new LocalBus(), tuning };
    await using cutting = createMailStore(parts);
    using other = await cutting.open(SYSTEM, ALICE);
    for (let i = 0; i < 5; i++) await other.putRecord('x', 'x', { i });
    await other.refresh();
    expect(other.changesSince(0)).toBeUndefined();
    const listener = new Listener();
    await turn(start(listener));
    expect(await subjects(alice, listener.heard)).toEqual(Array.from({ length: 30 }, (_, i) => `mail ${i}`));
  });

  test('a module that takes several operations in one call loses none of them to one that fails', async () => {
    const { start, add, alice, turn, dead } = await lab();
    const listener = Object.assign(new Listener('greedy', ['message-added']), { together: 100 });
    const calls: string[][] = [];
    listener.act = async (events) => {
      const some = await subjects(alice, events);
      calls.push(some);
      if (some.includes('poison')) throw new Error('I cannot bear this');
    };
    const runner = start(listener);
    for (const subject of ['one', 'poison', 'two']) await add(subject);
    await turn(runner);
    expect(calls).toEqual([['one', 'poison', 'two']]);
    for (let i = 0; i < 10; i++) await turn(runner, 300_000);
    expect(await subjects(alice, listener.heard)).toEqual(['one', 'two']);
    expect(await Array.fromAsync(dead.list())).toMatchObject([{ module: 'greedy', reason: 'I cannot bear this' }]);
    for (const subject of ['three', 'four']) await add(subject);
    await turn(runner);
    expect(calls.at(-1)).toEqual(['three', 'four']);
  });

  test('a module that throws is given the same again, in order, then it is a dead letter and the next ones come', async () => {
    const { start, add, alice, turn, dead } = await lab();
    const listener = new Listener('fragile', ['message-added']);
    const other = new Listener('other', ['message-added']);
    let attempts = 0;
    listener.act = async (events) => {
      const [subject] = await subjects(alice, events);
      if (subject !== 'poison') return;
      attempts++;
      throw new Error('I cannot bear this');
    };
    const runner = start(listener, other);
    for (const subject of ['one', 'poison', 'two']) await add(subject);
    await turn(runner);
    expect(await subjects(alice, listener.heard)).toEqual(['one']);
    expect(await subjects(alice, other.heard)).toEqual(['one', 'poison', 'two']);
    for (let i = 0; i < 8; i++) await turn(runner, 300_000);
    expect(attempts).toBe(6);
    expect(await subjects(alice, listener.heard)).toEqual(['one', 'two']);
    const [letter] = await Array.fromAsync(dead.list());
    expect(letter).toMatchObject({ module: 'fragile', account: ALICE, reason: 'I cannot bear this', again: false });
    // Redelivered while it still fails it stays; mended, it goes.
    await dead.redeliver(letter!.id);
    await turn(runner, 60_000);
    expect((await dead.get(letter!.id))?.again).toBe(false);
    listener.act = () => Promise.resolve();
    await dead.redeliver(letter!.id);
    await turn(runner, 60_000);
    expect(await Array.fromAsync(dead.list())).toEqual([]);
    expect(await subjects(alice, listener.heard)).toEqual(['one', 'two', 'poison']);
  });

  test('dead letters that an operator sends again come once, also when that takes longer than until the next look', async () => {
    const { start, dead, clock, alice } = await lab();
    const slow = new Listener('slow', ['message-added']);
    const given: string[] = [];
    slow.act = async ([event]) => {
      given.push(event!.id);
      await clock.sleep(25_000);
    };
    const message = alice.meta((await alice.addMessage(Buffer.from('Subject: x\r\n\r\n'), { folder: INBOX })).id)!;
    for (const version of [101, 102, 103, 104]) {
      const changes = { version, operation: '', changes: [{ type: 'added' as const, message }] };
      await dead.add({ module: 'slow', account: ALICE, changes, reason: 'x', at: 0 });
      await dead.redeliver(`slow ${ALICE} ${version}`);
    }
    const runner = start(slow);
    for (let i = 0; i < 12; i++) {
      await clock.advance(12_500);
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    }
    await runner.idle();
    expect(await Array.fromAsync(dead.list())).toEqual([]);
    expect(given.filter((id) => /10[1-4]/.test(id))).toHaveLength(4);
  });

  test('a module that hangs is told to stop, and keeps nobody waiting: not its neighbours, not the mail', async () => {
    const { start, add, alice, turn, clock } = await lab();
    const hanging = new Listener('hanging', ['message-added']);
    let told = 0;
    let wakes = false;
    hanging.act = (_events, signal) => {
      signal.addEventListener('abort', () => told++);
      return wakes ? Promise.resolve() : new Promise(() => undefined);
    };
    const other = new Listener('other', ['message-added']);
    const runner = start(hanging, other);
    await add('one');
    await clock.advance(600);
    await expect.poll(() => other.heard.length).toBe(1);
    await add('two');
    expect(other.heard).toHaveLength(1);
    wakes = true;
    await clock.advance(31_000);
    await turn(runner, 60_000);
    expect(told).toBe(1);
    expect(await subjects(alice, hanging.heard)).toEqual(['one', 'two']);
    expect(await subjects(alice, other.heard)).toEqual(['one', 'two']);
  });

  test('who finds all places taken comes when one is free, and not before', async () => {
    const { store, add, clock, start: _start, ...parts } = await lab();
    const BOB = 'bob-1' as AccountId;
    await store.createAccount(BOB, {});
    using bob = await store.open(SYSTEM, BOB);
    const listener = new Listener('narrow', ['message-added']);
    const gate = Promise.withResolvers<void>();
    listener.act = () => gate.promise;
    const modules = [listener];
    const runner = new ModuleRunner(
      { ...parts, modules, store, clock, log: silentLog, metrics: new Metrics() },
      { lanes: 1 },
    );
    ends.push(runner);
    await add('one');
    await bob.addMessage(Buffer.from('Subject: two\r\n\r\n'), { folder: INBOX });
    await clock.advance(600);
    await settle();
    expect(listener.heard).toEqual([]);
    gate.resolve();
    await runner.idle();
    expect(listener.heard).toHaveLength(2);
  });

  test('one that is stopped in the middle misses nothing, and hears again at most what was under way', async () => {
    const { start, add, alice, turn, clock } = await lab();
    const heard: string[] = [];
    for (let round = 0; round < 6; round++) {
      const listener = new Listener('steady', ['message-added']);
      let left = 3;
      listener.act = async (events) => {
        // In the middle of its work the process ends.
        if (left-- === 0) await new Promise(() => undefined);
        heard.push(...(await subjects(alice, events)));
      };
      const runner = start(listener);
      for (let i = 0; i < 4; i++) await add(`${round}.${i}`);
      await clock.advance(600);
      await settle();
      await runner[Symbol.asyncDispose]();
    }
    const last = start(new Listener('other'));
    const listener = new Listener('steady', ['message-added']);
    listener.act = async (events) => void heard.push(...(await subjects(alice, events)));
    const runner = start(listener);
    await turn(runner);
    await turn(runner);
    await last[Symbol.asyncDispose]();
    const all = Array.from({ length: 24 }, (_, i) => `${Math.floor(i / 4)}.${i % 4}`);
    expect(heard.filter((subject, i) => heard.indexOf(subject) === i)).toEqual(all);
  });

  test('one with the scope `read` cannot change anything; one that is not wanted hears nothing', async () => {
    const { start, add, turn } = await lab();
    let context: object | undefined;
    const reader: ExtensionModule = {
      name: 'reader',
      does: 'reads',
      events: ['message-added'],
      scope: 'read',
      handle: (_events, given) => Promise.resolve(void (context = given)),
    };
    const unwanted = new Listener('unwanted');
    const runner = start(reader, Object.assign(unwanted, { wants: () => Promise.resolve(false) }));
    await add('one');
    await turn(runner);
    expect(context).toMatchObject({ change: undefined });
    expect(Object.keys((context as { account: object }).account)).not.toContain('addMessage');
    expect(unwanted.heard).toEqual([]);
  });
});

describe('the modules that ship', () => {
  test('moving mail to Junk and out of it teaches the filter, once, and changing one’s mind is learnt', async () => {
    const { start, add, alice, turn, kv, clock, random } = await lab();
    const filters = new BayesFilters({ kv, clock, random });
    const junk = alice.folderWithRole('junk')!.id;
    const runner = start(spamTraining(filters));
    const { id, email } = await add('casino');
    await add('filed by itself', junk);
    await turn(runner);
    expect(await filters.own(alice)).toMatchObject({ spam: 0, ham: 0 });
    await alice.move([id], junk);
    await turn(runner);
    expect(await filters.own(alice)).toMatchObject({ spam: 1, ham: 0 });
    expect(await assessment(alice, email)).toMatchObject({ taught: 'spam' });
    await alice.move([id], INBOX);
    await turn(runner);
    expect(await filters.own(alice)).toMatchObject({ spam: 0, ham: 1 });
    await alice.move([id], alice.folderWithRole('trash')!.id);
    await turn(runner);
    expect(await filters.own(alice)).toMatchObject({ spam: 0, ham: 1 });
    await alice.deleteMessage([id]);
    await turn(runner);
    expect(await assessment(alice, email)).toBeUndefined();
  });

  test('whom one writes to is remembered, with the mail that an answer names', async () => {
    const { start, alice, store, turn } = await lab();
    const runner = start(contactCollection());
    const [first, second] = await store.stage(
      [{ account: ALICE }, { account: ALICE }],
      Buffer.from('Subject: hi\r\nTo: Park <park@remote.test>,\r\n =?utf-8?b?6rmA?= <KIM@remote.test>\r\n\r\nhi\r\n'),
    );
    for (const [content, address, at] of [
      [first, 'Kim@remote.test', 5],
      [second, 'kim@remote.test', 6],
    ] as const)
      await alice.outgoing.submit(content!, {
        sender: 'alice@example.test',
        messageId: `<q${at}@example.test>`,
        subject: 'hi',
        created: at,
        size: 20,
        needs: { smtputf8: false, eightBit: false, binary: false },
        requireTls: false,
        origin: { protocol: 'HTTP', hello: '', remote: '', cipher: '' },
        deliveries: [{ destination: 'remote.test', recipients: [{ address, state: 'queued' }] }],
      });
    const { version } = alice;
    await turn(runner);
    expect(await correspondent(alice, 'kim@REMOTE.test')).toMatchObject({ sent: 2, last: 6, name: '김' });
    expect(alice.version, 'mails that were sent one after the other are noted at once').toBe(version + 1);
    expect(await correspondent(alice, 'other@remote.test')).toBeUndefined();
  });

  test('the example that HACKING.md names does what it says', async () => {
    const { start, add, alice, turn } = await lab();
    const [module] = await loadModules(['examples/flag-invoices.ts']);
    const runner = start(module!);
    const invoice = await add('Invoice 17');
    const letter = await add('letter');
    await turn(runner);
    expect(alice.meta(invoice.id)?.flags).toBe(Flag.flagged);
    expect(alice.meta(letter.id)?.flags).toBe(0);
    const file = await readFile('examples/flag-invoices.ts', 'utf8');
    expect(await readFile('HACKING.md', 'utf8')).toContain(`\n${file.slice(file.indexOf('import '))}\`\`\``);
    await expect(loadModules(['examples/none.ts'])).rejects.toThrow('modules.load: examples/none.ts');
    await expect(loadModules(['src/version.ts'])).rejects.toThrow('it exports no `module`');
  });
});
