/** G17: projections and search indexes made anew are those that grew with the mail; and seeded damage is found. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { openBlobFiles } from '../../src/adapters/blob-files.ts';
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { openLmdb } from '../../src/adapters/kv-lmdb.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { MailMaker } from '../../bench/load/mails.ts';
import {
  type AccountId,
  Flag,
  type FolderId,
  type MailAccount,
  type MailStore,
  type MsgId,
} from '../../src/mailstore/api.ts';
import { accountPartition, CHECKPOINTS, SEARCH, searchManifestKey } from '../../src/mailstore/keys.ts';
import { createMailStore } from '../../src/mailstore/store.ts';
import { Damaged, type CommitId, type KeyValueStore } from '../../src/ports/kv.ts';
import { searchDigest } from '../support/search-digest.ts';
import { damages } from './g17-damages.ts';
import { byForm, inTime, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

const REBUILD_MS = 600_000;
const SYSTEM = { kind: 'system', role: 'admin' } as const;
const TUNING = { checkpointChanges: 50, searchFlush: 16 };

export const goal: Goal = {
  id: 'G17',
  title: 'indexes made anew are those that grew with the mail, and verify finds every seeded damage',

  /** The rebuild does not see one of the mails. */
  async control(context) {
    const { different } = await rehearse(context, { accounts: 1, messages: 40 }, true);
    return different.length > 0 ? `${different.length} accounts differ` : undefined;
  },

  async run(context: GoalContext): Promise<GoalResult> {
    const size = byForm(context.form, {
      smoke: { accounts: 2, messages: 120 },
      quick: { accounts: 50, messages: 5_000 },
      full: { accounts: 1_000, messages: 100_000 },
    });
    const done = await rehearse(context, size, false);
    const { different, falseAlarms, missed, rebuildSeconds, tried, messages } = done;
    return result({
      runs: 1,
      faults: tried,
      acked: messages,
      violations: [
        ...several('accounts whose rebuilt indexes differ', different),
        ...several('problems found where there are none', falseAlarms),
        ...several('damages that verify did not find', missed),
        ...(!inTime(context.form, rebuildSeconds * 1000, REBUILD_MS) ? [`the rebuild took ${rebuildSeconds} s`] : []),
      ],
      figures: { ...size, rebuildSeconds, damages: tried, found: tried - missed.length },
    });
  },
};

interface Rehearsal {
  readonly different: readonly string[];
  readonly falseAlarms: readonly string[];
  readonly missed: readonly string[];
  readonly rebuildSeconds: number;
  readonly tried: number;
  readonly messages: number;
}

async function rehearse(
  { folder, seed }: GoalContext,
  size: { readonly accounts: number; readonly messages: number },
  blind: boolean,
): Promise<Rehearsal> {
  await using kv = await openLmdb(join(folder, 'kv'));
  const random = new SeededRandom(seed);
  await using blobs = await openBlobFiles(join(folder, 'blobs'), random);
  const clock = new SystemClock();
  const names = Array.from({ length: size.accounts }, (_, i) => `reader-${i}` as AccountId);
  const open = (store: KeyValueStore = kv, tuning: object = TUNING): MailStore =>
    createMailStore({ kv: store, blobs, clock, random, bus: new LocalBus(), tuning });
  // In this thread: a new one each time would take longer than the work.
  await using checking = open(kv, { ...TUNING, searchThread: false });
  const problems = async (account?: AccountId): Promise<string[]> => {
    const found: string[] = [];
    for await (const { problem } of checking.verify(account)) found.push(problem);
    return found;
  };
  const before = new Map<AccountId, Picture>();
  {
    await using store = open();
    for (const name of names) await live(store, name, Math.ceil(size.messages / names.length), random);
    for (const name of names) before.set(name, await picture(store, kv, name));
  }
  const falseAlarms = blind ? [] : await problems();
  for (const name of names) await forget(kv, name);
  const started = performance.now();
  const after = new Map<AccountId, Picture>();
  {
    await using store = open(blind ? withoutOneMail(kv) : kv);
    for (const name of names) await store.rebuildSearch(name);
    for (const name of names) after.set(name, await picture(store, kv, name, before.get(name)!.upTo));
  }
  const rebuildSeconds = Math.round((performance.now() - started) / 10) / 100;
  const different = names.filter((name) => before.get(name)!.digest !== after.get(name)!.digest);
  if (blind) return { different, falseAlarms: [], missed: [], rebuildSeconds, tried: 0, messages: size.messages };
  falseAlarms.push(...(await problems()));
  const missed: string[] = [];
  let tried = 0;
  for (const damage of damages(kv, names[0]!, random)) {
    tried++;
    const mend = await damage.harm();
    if ((await problems(names[0])).length === 0) missed.push(damage.name);
    await mend();
    // Mended, it is as it was: what was found was that damage.
    falseAlarms.push(...(await problems(names[0])).map((problem) => `after ${damage.name}: ${problem}`));
  }
  return { different, falseAlarms, missed, rebuildSeconds, tried, messages: size.messages };
}

/** Mail comes, is moved, copied, flagged, deleted; somebody searches in between. */
async function live(store: MailStore, name: AccountId, messages: number, random: SeededRandom): Promise<void> {
  await store.createAccount(name);
  using account = await store.open(SYSTEM, name);
  const maker = new MailMaker(random.below(1_000_000));
  const archive = account.folderWithRole('archive')!.id;
  for (let number = 0; number < messages; number++) {
    const { id } = await account.addMessage(maker.mail(number), { folder: 1 as FolderId });
    const some = [Math.max(1, id - random.below(20)) as MsgId];
    const dice = random.below(10);
    if (dice === 0) await account.deleteMessage(some);
    else if (dice === 1) await account.move(some, archive);
    else if (dice === 2) await account.copy(some, archive);
    else if (dice === 3) await account.updateMessage(some, { mode: 'add', flags: Flag.seen, keywords: [] });
    else if (dice === 4 && number % 50 === 0) await look(account);
  }
  await look(account);
}

const look = (account: MailAccount) => account.search({ query: { op: 'all' }, sort: 'date', limit: 1 });

interface Picture {
  readonly digest: string;
  /** The index in the store reaches up to this message. */
  readonly upTo: number;
}

/** Everything that the indexes show of an account. */
async function picture(store: MailStore, kv: KeyValueStore, name: AccountId, upTo?: number): Promise<Picture> {
  using account = await store.open(SYSTEM, name);
  const digest = createHash('sha256');
  for (const folder of account.folders()) {
    const { id, path, uidNext, total, unread, bytes } = folder;
    digest.update(JSON.stringify([id, path, uidNext, total, unread, bytes, account.keywords(id)]));
    const view = account.view(id);
    for (const msg of view.ids.subarray(0, view.length)) digest.update(JSON.stringify(account.meta(msg as MsgId)));
  }
  const search = await searchDigest(kv, account, upTo);
  return { digest: digest.update(search.digest).digest('hex'), upTo: search.upTo };
}

/** All that can be made anew. */
async function forget(kv: KeyValueStore, name: AccountId): Promise<void> {
  const p = accountPartition(name);
  for (const bucket of [CHECKPOINTS, SEARCH])
    for await (const page of kv.scanImmutable(p, bucket, {}))
      await kv.dropImmutable(
        p,
        bucket,
        page.map(({ key }) => key),
      );
  const { version } = await kv.head(p);
  await kv.commit(p, version, version + 1, { remove: [searchManifestKey()] }, 'forgotten' as CommitId);
}

/** A store that cannot read the first mail it is asked for. */
function withoutOneMail(kv: KeyValueStore): KeyValueStore {
  let hidden: Uint8Array | undefined;
  return new Proxy(kv, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (name === 'getImmutable')
        return async (p: never, bucket: string, keys: readonly Uint8Array[]) => {
          if (/^w\d/.test(bucket)) hidden ??= keys[0];
          if (hidden && keys.some((key) => Buffer.compare(key, hidden!) === 0)) throw new Damaged('hidden');
          return kv.getImmutable(p, bucket, keys);
        };
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });
}
