/**
 * RULES: what an owner's rules cost each mail that arrives, and what it takes to run them over all the mail that is there:
 * 20,000 messages on the embedded store, with progress, and back again.
 */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openBlobFiles } from '../../src/adapters/blob-files.ts';
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { openLmdb } from '../../src/adapters/kv-lmdb.ts';
import { SystemRandom } from '../../src/adapters/random-system.ts';
import { Classifier, type Classification } from '../../src/intake/classify.ts';
import { compileRules } from '../../src/mail/rules/compile.ts';
import type { Rule } from '../../src/mail/rules/rule.ts';
import { blankHost } from '../../src/mail/sieve/blank-host.ts';
import { compileSieve } from '../../src/mail/sieve/check.ts';
import type { SieveInput } from '../../src/mail/sieve/message.ts';
import { runSieve } from '../../src/mail/sieve/run.ts';
import { parseMessage } from '../../src/mail/parse.ts';
import type { AccountId, FolderId, MailAccount } from '../../src/mailstore/api.ts';
import { createMailStore } from '../../src/mailstore/store.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { MailMaker } from '../../bench/load/mails.ts';
import { round } from '../proc.ts';
import { atMost, byForm, type Goal, type GoalContext, result, several } from './goal.ts';

/** Promised: the middle one of many mails. */
const MS_A_MAIL = 2;
const LINES = 200;
const BODY_TESTS = 50;
/** Rounds over the same mails; the quickest of each counts, for others use the machine, too. */
const ROUNDS = 5;
const MAILS = 40;
/** Bodies that each has: some screens of text, 20 KB. */
const BODIES = 9;
/** Messages that are filed together. */
const AT_ONCE = 500;
/** What no generated mail is about. */
const SUBJECT = '[결재] 회의록';
const ACCOUNT = 'reader' as AccountId;
const INBOX = 1 as FolderId;
const GOAL = { kind: 'system', role: 'admin' } as const;

export const goal: Goal = {
  id: 'RULES',
  title: '200 lines of rules cost a mail less than 2 ms, and 20,000 messages are put in order and back again',

  /** Rules that look at everything twenty times as often, and an undo that forgets one message. */
  async control({ folder, seed, say }) {
    const costly = await costOf(seed, 20);
    const { violations } = await putInOrder({ form: 'smoke', folder, seed, say }, async (account, target) => {
      await account.move([account.getMessageIds({ folder: INBOX, limit: 1 })[0]!], target);
    });
    const slow = costly > MS_A_MAIL;
    return slow && violations.length > 0 ? `a thousand body tests take ${costly} ms, and ${violations[0]}` : undefined;
  },

  async run(context) {
    const ms = await costOf(context.seed, 1);
    context.say(`${ms} ms a mail`);
    const order = await putInOrder(context);
    const cheap = atMost(context.form, ms, MS_A_MAIL);
    return result({
      runs: MAILS * ROUNDS,
      acked: order.total,
      lost: order.lost,
      violations: [
        ...(cheap ? [] : [`${LINES} lines of rules cost ${ms} ms a mail, and ${MS_A_MAIL} are promised`]),
        ...order.violations,
      ],
      figures: { msAMail: ms, bodyTests: BODY_TESTS, lines: LINES, ...order.figures },
    });
  },
};

/** Milliseconds that rules, so many times one after the other, take for the middle one of some mails, none of which they want. */
async function costOf(seed: number, count: number): Promise<number> {
  const source = compileRules(manyRules());
  if (source.split('\n').length < LINES) throw new Error('the rules are too few');
  const script = compileSieve(source);
  const scripts = Array.from({ length: count }, () => script);
  const maker = new MailMaker(seed);
  const host = blankHost(0);
  const times: number[] = [];
  for (let i = 0; i < MAILS; i++) {
    const bodies = Array.from({ length: BODIES - 1 }, () => bodyOf(maker.mail(i)));
    const raw = Buffer.concat([maker.mail(i), ...bodies]);
    const { structure } = parseMessage(raw);
    const input: SieveInput = {
      envelope: { from: '', to: '' },
      size: raw.length,
      structure,
      read: (start, end) => Promise.resolve(raw.subarray(start, end)),
    };
    let quickest = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < ROUNDS; turn++) {
      const started = performance.now();
      const { error, actions } = await runSieve(scripts, input, host);
      quickest = Math.min(quickest, performance.now() - started);
      if (error !== undefined || actions.length !== 1) throw new Error(`the rules did not let it pass: ${error}`);
    }
    times.push(quickest);
  }
  return round(times.sort((a, b) => a - b)[MAILS >> 1]!);
}

function bodyOf(raw: Buffer): Buffer {
  return raw.subarray(raw.indexOf('\r\n\r\n') + 4);
}

function manyRules(): Rule[] {
  return Array.from(
    { length: BODY_TESTS },
    (_, i): Rule => ({
      id: `r${i}`,
      name: '',
      enabled: true,
      match: 'any',
      conditions: [
        { field: 'sender', comparison: 'contains', value: `nobody${i}@elsewhere.test` },
        { field: 'subject', comparison: 'contains', value: `없는 말 ${i}` },
        { field: 'body', comparison: 'contains', value: `없는 단어 ${i}` },
      ],
      actions: [{ do: 'read' }, { do: 'flag' }],
      stop: true,
    }),
  );
}

interface Order {
  readonly total: number;
  readonly lost: number;
  readonly violations: readonly string[];
  readonly figures: Readonly<Record<string, unknown>>;
}

/** Fills an account, runs a rule over it, looks at the progress, and takes it back. `spoil` is done before the last look. */
async function putInOrder(
  { form, folder, seed, say }: GoalContext,
  spoil?: (account: MailAccount, target: FolderId) => Promise<void>,
): Promise<Order> {
  const total = spoil ? 120 : byForm(form, { smoke: 400, quick: 20_000, full: 20_000 });
  await using kv = await openLmdb(join(folder, 'kv'));
  const random = new SystemRandom();
  await using blobs = await openBlobFiles(join(folder, 'blobs'), random);
  await using bus = new LocalBus();
  const clock = new SystemClock();
  await using store = createMailStore({ kv, blobs, clock, random, bus });
  await store.createAccount(ACCOUNT);
  using account = await store.open(GOAL, ACCOUNT);
  const target = await account.createFolder('회의');
  const maker = new MailMaker(seed);
  const wanted = await fill(account, maker, total);
  say(`${total} messages are there`);

  const rule: Rule = {
    id: 'r',
    name: '',
    enabled: true,
    match: 'all',
    conditions: [{ field: 'subject', comparison: 'contains', value: SUBJECT }],
    actions: [{ do: 'flag' }, { do: 'move', folder: { id: target.id, path: target.path } }],
    stop: true,
  };
  const rules = { list: () => Promise.resolve([rule]) };
  await using classifier = new Classifier({ store, kv, rules, clock, random, log: silentLog });
  const before = places(account);
  const violations: string[] = [];

  const started = performance.now();
  const { id } = await classifier.start(account, { folder: null, rules: null, preview: false });
  const seen = await watched(classifier, account, id);
  const seconds = (performance.now() - started) / 1_000;
  const done = seen.at(-1)!;
  if (done.state !== 'done' || done.looked !== total || done.matched !== wanted)
    violations.push(`${done.state}: ${done.looked} of ${total} were looked at, ${done.matched} of ${wanted} changed`);
  const looked = seen.map((one) => one.looked);
  // Each step is 100 messages, and whoever looks sees them add up.
  if (looked.some((count, i) => count < (looked[i - 1] ?? 0)) || new Set(looked).size < Math.min(3, total / 100))
    violations.push(`the progress that was seen is none: ${looked.slice(0, 20).join(', ')}`);
  if (account.view(target.id).length !== wanted) violations.push(`${account.view(target.id).length} were moved`);

  const undone = performance.now();
  await classifier.undo(account, id);
  const back = (await watched(classifier, account, id)).at(-1)!;
  const undoSeconds = (performance.now() - undone) / 1_000;
  await account.refresh();
  await spoil?.(account, target.id);
  const after = places(account);
  const elsewhere = [...before].filter(([message, place]) => after.get(message) !== place).map(([message]) => message);
  if (back.state !== 'undone') violations.push(`undoing it ended as ${back.state}`);
  violations.push(...several('are not as they were', elsewhere.map(String)));
  for await (const { problem } of store.verify(ACCOUNT)) violations.push(problem);
  return {
    total,
    lost: total - after.size,
    violations,
    figures: {
      messages: total,
      matched: wanted,
      seconds: round(seconds),
      undoSeconds: round(undoSeconds),
      steps: new Set(looked).size,
    }, // prettier-ignore
  };
}

/** Answers how many of them the rule wants. */
async function fill(account: MailAccount, maker: MailMaker, total: number): Promise<number> {
  let wanted = 0;
  for (let from = 0; from < total; from += AT_ONCE) {
    const raws = Array.from({ length: Math.min(AT_ONCE, total - from) }, (_, i) => {
      if (i % 4 !== 0) return maker.mail(from + i);
      wanted++;
      return Buffer.from(`From: kim@remote.test\r\nSubject: ${SUBJECT} ${from + i}\r\n\r\n회의록입니다.\r\n`);
    });
    await Promise.all(raws.map((raw) => account.addMessage(raw, { folder: INBOX })));
  }
  return wanted;
}

function places(account: MailAccount): Map<number, string> {
  return new Map(
    account.getMessageIds({ sort: 'id' }).map((id) => {
      const { folder, flags } = account.meta(id)!;
      return [id, `${folder} ${flags}`];
    }),
  );
}

/** What somebody sees who looks again and again until it is over. */
async function watched(classifier: Classifier, account: MailAccount, id: string): Promise<Classification[]> {
  const seen: Classification[] = [];
  for (;;) {
    await account.refresh();
    const now = await classifier.get(account, id);
    if (now !== undefined && now.looked !== seen.at(-1)?.looked) seen.push(now);
    if (now !== undefined && now.state !== 'running' && now.state !== 'undoing') {
      await classifier.idle();
      return [...seen, now];
    }
    await nextTurn();
  }
}
