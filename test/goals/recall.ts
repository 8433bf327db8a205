/** RECALL: a search finds what reading every message finds, no less and no more, whatever happened to the mail and the index meanwhile. */
import { join } from 'node:path';
import { openBlobFiles } from '../../src/adapters/blob-files.ts';
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { openLmdb } from '../../src/adapters/kv-lmdb.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { MailMaker } from '../../bench/load/mails.ts';
import { parseQuery } from '../../src/mail/search/query.ts';
import { type AccountId, Flag, type FolderId, type MailAccount, type MsgId } from '../../src/mailstore/api.ts';
import { FAN_OUT } from '../../src/mailstore/search/choose-merge.ts';
import { decodeManifest, readManifestRow } from '../../src/mailstore/search/manifest.ts';
import { createMailStore } from '../../src/mailstore/store.ts';
import type { KeyValueStore } from '../../src/ports/kv.ts';
import { crashing } from '../support/crashing-index.ts';
import { bruteForce, Corpus } from '../support/search-oracle.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

const READER = 'reader' as AccountId;
const INBOX = 1 as FolderId;
const SYSTEM = { kind: 'system', role: 'admin' } as const;
/** Documents of a segment that is written: few, so that there are many merges. */
const FLUSH = 8;
const MOST_CRASHES = 100;
/** In this thread, so that a crash ends it as well. */
const TUNING = { searchFlush: FLUSH, searchThread: false };
/** Where mail comes in and nothing is indexed: that is left to stores that crash. */
const IDLE = { searchFlush: 1 << 20, searchThread: false };
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 20);
const DAYS = 730;

interface Size {
  readonly messages: number;
  readonly queries: number;
  /** After each of them everything is compared. */
  readonly rounds: number;
  /** In each round, at one of the writes of the index. */
  readonly crashes: number;
}

export const goal: Goal = {
  id: 'RECALL',
  title:
    'a search finds what reading every message finds, after deletes, moves, merges and crashes in the middle of merges',

  /** The account that is read misses what another one did. */
  async control(context) {
    const { missing, foreign } = await rehearse(context, { messages: 60, queries: 40, rounds: 1, crashes: 2 }, true);
    return missing.length + foreign.length > 0 ? `${missing.length + foreign.length} answers differ` : undefined;
  },

  async run(context: GoalContext): Promise<GoalResult> {
    const size = byForm<Size>(context.form, {
      smoke: { messages: 96, queries: 80, rounds: 2, crashes: 3 },
      quick: { messages: 400, queries: 2_000, rounds: 4, crashes: 10 },
      full: { messages: 2_000, queries: 4_000, rounds: 8, crashes: 30 },
    });
    const done = await rehearse(context, size, false);
    return result({
      runs: size.queries,
      faults: done.crashes,
      acked: size.messages,
      violations: [
        ...several('queries that did not find all', done.missing),
        ...several('queries that found too much', done.foreign),
        ...(done.hits < size.queries ? [`the queries found only ${done.hits} messages together`] : []),
        ...(context.form !== 'smoke' && done.crashesInMerges === 0 ? ['no crash was in the middle of a merge'] : []),
      ],
      figures: { ...size, hits: done.hits, segments: done.segments, crashesInMerges: done.crashesInMerges },
    });
  },
};

interface Rehearsal {
  readonly missing: readonly string[];
  readonly foreign: readonly string[];
  readonly hits: number;
  readonly crashes: number;
  readonly crashesInMerges: number;
  readonly segments: number;
}

async function rehearse({ folder, seed, form }: GoalContext, size: Size, blind: boolean): Promise<Rehearsal> {
  await using kv = await openLmdb(join(folder, 'kv'));
  const random = new SeededRandom(seed);
  await using blobs = await openBlobFiles(join(folder, 'blobs'), random);
  const clock = new SystemClock();
  const open = (tuning: typeof TUNING, store: KeyValueStore = kv) =>
    createMailStore({ kv: store, blobs, clock, random, bus: new LocalBus(), tuning });
  // The few mails of a smoke run hardly make a merge.
  const merges = form !== 'smoke' && !blind;
  const maker = new MailMaker(random.below(1_000_000));
  const corpus = new Corpus();
  const missing: string[] = [];
  const foreign: string[] = [];
  let [hits, crashes, crashesInMerges, segments] = [0, 0, 0, 0];
  for (let round = 0; round < size.rounds; round++) {
    {
      await using store = open(IDLE);
      if (round === 0) await store.createAccount(READER);
      const more = size.messages / size.rounds / size.crashes;
      // As often as it takes, for a merge must have been met.
      for (let i = 0; i < size.crashes || (merges && i < MOST_CRASHES && crashesInMerges === 0); i++) {
        using account = await store.open(SYSTEM, READER);
        if (i < size.crashes) await live(account, maker, more, random);
        // To index and merge all of it takes some writes for two messages.
        const writes = 1 + random.below(20 + (size.messages * (round + 1)) / size.rounds / 2);
        await crash(open(TUNING, crashing(kv, writes)));
        crashes++;
        if (await isMergeDue(kv)) crashesInMerges++;
      }
    }
    await using store = open(TUNING);
    using account = await store.open(SYSTEM, READER);
    const messages = await corpus.of(account);
    if (blind) await account.deleteMessage([messages[random.below(messages.length)]!.meta.id]);
    for (let i = 0; i < size.queries / size.rounds; i++) {
      const text = anyQuery(maker, random);
      const query = parseQuery(text, NOW);
      const expected = new Set(bruteForce(messages, query));
      const answer = await account.search({ query, sort: 'date', limit: size.messages * 2 });
      const found = new Set(answer.hits.map(({ id }) => id));
      hits += found.size;
      const missed = [...expected].filter((id) => !found.has(id)).length + answer.behind;
      const extra = [...found].filter((id) => !expected.has(id)).length;
      if (missed > 0) missing.push(`${text}: ${missed} of ${expected.size}`);
      if (extra > 0) foreign.push(`${text}: ${extra}`);
    }
    ({ segments } = await store.rebuildSearch(READER));
  }
  return { missing, foreign, hits, crashes, crashesInMerges, segments };
}

/** Mail comes, some of it is moved, copied, flagged, deleted. */
async function live(account: MailAccount, maker: MailMaker, messages: number, random: SeededRandom): Promise<void> {
  const archive = account.folderWithRole('archive')!.id;
  for (let i = 0; i < messages; i++) {
    const internalDate = NOW - random.below(DAYS) * DAY;
    const { id } = await account.addMessage(maker.mail(random.below(1_000_000)), { folder: INBOX, internalDate });
    const some = [Math.max(1, id - random.below(60)) as MsgId];
    const dice = random.below(12);
    if (dice < 2) await account.deleteMessage(some);
    else if (dice === 2) await account.move(some, archive);
    else if (dice === 3) await account.copy(some, archive);
    else if (dice < 6) await account.updateMessage(some, { mode: 'add', flags: Flag.seen, keywords: [] });
    else if (dice === 6) await account.updateMessage(some, { mode: 'add', flags: Flag.flagged, keywords: [] });
  }
}

/** Whoever searches there has the mail indexed, and it ends at one of the writes. */
async function crash(doomed: ReturnType<typeof createMailStore>): Promise<void> {
  try {
    using account = await doomed.open(SYSTEM, READER);
    await account.search({ query: { op: 'all' }, sort: 'date', limit: 1 });
    await doomed.rebuildSearch(READER);
  } catch {
    // It is dead.
  }
  await Promise.resolve(doomed[Symbol.asyncDispose]()).catch(() => undefined);
}

/** Many small segments that have not become one. */
async function isMergeDue(kv: KeyValueStore): Promise<boolean> {
  const { segments } = decodeManifest(await readManifestRow(kv, READER));
  return segments.filter(({ docs }) => docs < FAN_OUT * FLUSH * 0.75).length >= FAN_OUT;
}

/** In the forms that people use, in both languages. */
function anyQuery(maker: MailMaker, random: SeededRandom): string {
  const word = (): string => {
    const language = random.below(2) === 0 ? 'english' : 'korean';
    const whole = maker.word(language);
    const dice = random.below(6);
    if (dice === 0) return `${whole.slice(0, 3)}*`;
    return dice === 1 && language === 'korean' ? whole.slice(0, 1 + random.below(whole.length)) : whole;
  };
  const day = (): string => new Date(NOW - random.below(DAYS) * DAY).toISOString().slice(0, 10);
  const filter = (): string =>
    [
      () => `from:person${maker.person()}`,
      () => `subject:${word()}`,
      () => 'is:unread',
      () => 'is:flagged',
      () => 'in:archive',
      () => `after:${day()}`,
      () => `before:${day()}`,
      () => `larger:${1_500 + random.below(1_500)}`,
    ][random.below(8)]!();
  switch (random.below(8)) {
    case 0:
      return word();
    case 1:
      return `${word()} ${word()}`;
    case 2:
      return `"${maker.sentence(random.below(2) === 0 ? 'english' : 'korean', 2)}"`;
    case 3:
      return `${word()} OR ${word()}`;
    case 4:
      return `${word()} -${word()}`;
    case 5:
      return `${word()} ${filter()}`;
    case 6:
      return `${filter()} ${filter()}`;
    default:
      return `(${word()} OR ${filter()}) -(${word()} ${word()})`;
  }
}
