/**
 * Puts right what follows from other rows: counters, what is used, checkpoints, rows that remember deliveries and calls. The
 * rows of folders and messages are the truth; where they are damaged, nothing is guessed. Mail is never dropped here.
 */
import { MailError } from '../mail/error.ts';
import {
  type CommitId,
  Damaged,
  type Entry,
  type Key,
  type KeyValueStore,
  type Partition,
  type Range,
} from '../ports/kv.ts';
import type { AccountId, FolderId, MessageMeta } from './api.ts';
import { loadCheckpoint } from './checkpoint.ts';
import { newEpoch } from './create-account.ts';
import {
  accountOf,
  accountPartition,
  allCounters,
  allDelivered,
  allFolders,
  allOnce,
  allPlacements,
  checkpointChunks,
  checkpointKeys,
  checkpointManifests,
  checkpointOf,
  CHECKPOINTS,
  countersKey,
  folderIdOf,
  folderKey,
  keywordsKey,
  logKey,
} from './keys.ts';
import { accountFacts, scanIndex } from './load.ts';
import { readLog } from './log.ts';
import type { Node } from './mailbox.ts';
import type { AccountFacts, FolderCounters, FolderRow, LogChange } from './state.ts';
import {
  decodeCounters,
  decodeFolder,
  decodePlaced,
  decodePlacement,
  decodeStrings,
  encodeCounters,
  encodeFacts,
  encodeFolder,
  encodeLog,
  encodeStrings,
} from './values.ts';

const MOST_ATTEMPTS = 20;
/** Chunks of a checkpoint beyond the last that could be read. */
const MOST_UNSEEN = 64;
/** Rows of deliveries and calls removed in one go. */
const MOST_REMOVED = 5_000;

export interface Repair {
  readonly account: AccountId;
  readonly repaired: string;
}

/** What cannot be repaired is left as it is, for `verify` to tell. */
export async function* repairAll(node: Node, only: AccountId | undefined): AsyncIterable<Repair> {
  const accounts =
    only === undefined
      ? node.kv.partitions('u')
      : (async function* () {
          yield accountPartition(only);
        })(); // prettier-ignore
  for await (const p of accounts) {
    const account = accountOf(p);
    for (const repaired of await repairAccount(node, account)) yield { account, repaired };
  }
}

async function repairAccount(node: Node, account: AccountId): Promise<string[]> {
  try {
    const repaired = await repairRows(node, account);
    if (await checkpointIsWrong(node.kv, account)) {
      await dropCheckpoints(node.kv, account);
      repaired.push('checkpoint: it was damaged or showed something else than the rows do; dropped');
    }
    return repaired;
  } catch (error) {
    if (error instanceof Damaged || error instanceof RangeError) return [];
    if (error instanceof MailError && error.code === 'account-missing') return [];
    throw error;
  }
}

/** One commit; a new epoch makes everybody read the account anew. */
async function repairRows(node: Node, account: AccountId): Promise<string[]> {
  const { kv, newId, clock } = node;
  const p = accountPartition(account);
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const head = await kv.head(p);
    const version = head.version + 1;
    const found = await Findings.read(kv, account, accountFacts(account, head), head.version);
    found.check();
    if (found.repaired.length === 0) return [];
    const operation = newId();
    const { facts } = found;
    const changes: LogChange[] = [{ type: 'epoch', epoch: newEpoch(node.random) }, ...found.changes];
    const time = Math.floor(clock.now() / 1000);
    const row = { version, operation, time, previous: facts.lastRow, changes };
    facts.epoch = (changes[0] as { epoch: string }).epoch;
    facts.lastRow = version;
    const log = encodeLog(row).map((part, i): Entry => [logKey(version, i), part]);
    const batch = { header: encodeFacts(facts), put: [...found.put, ...log], remove: found.remove };
    await node.markChanged(account);
    const id = newId() as CommitId;
    const result = await kv.commit(p, head.version, version, batch, id);
    if (result.kind === 'applied') return found.repaired;
    if (result.kind === 'unknown' && (await kv.resolve(p, head.version, id)) === 'applied') return found.repaired;
  }
  throw new MailError('busy', 'temporary', `account ${account} changes too often to be repaired`);
}

interface Sum {
  total: number;
  unread: number;
  bytes: number;
  modseq: number;
  uid: number;
  readonly keywords: Set<string>;
}

const noSum = (): Sum => ({ total: 0, unread: 0, bytes: 0, modseq: 0, uid: 0, keywords: new Set() });

/** What differs from what the rows of folders and messages say, and the rows that put it right. */
class Findings {
  readonly facts: AccountFacts;
  readonly repaired: string[] = [];
  readonly put: Entry[] = [];
  readonly remove: Key[] = [];
  readonly changes: LogChange[] = [];
  readonly #version: number;
  readonly #folders: readonly FolderRow[];
  readonly #counters: ReadonlyMap<FolderId, FolderCounters>;
  readonly #keywords: ReadonlyMap<FolderId, readonly string[]>;
  readonly #messages: readonly MessageMeta[];
  readonly #stray: readonly FolderId[];
  readonly #dangling: readonly { readonly key: Key; readonly what: string }[];

  private constructor(facts: AccountFacts, version: number, rows: Awaited<ReturnType<typeof readRows>>) {
    this.facts = facts;
    this.#version = version;
    this.#folders = rows.folders;
    this.#counters = rows.counters;
    this.#keywords = rows.keywords;
    this.#messages = rows.messages;
    this.#stray = rows.stray;
    this.#dangling = rows.dangling;
  }

  static async read(kv: KeyValueStore, account: AccountId, facts: AccountFacts, version: number): Promise<Findings> {
    return new Findings(facts, version, await readRows(kv, account, facts, version));
  }

  check(): void {
    const { facts } = this;
    const sums = new Map(this.#folders.map(({ id }) => [id, noSum()]));
    let used = 0;
    let lastMessage = 0;
    for (const message of this.#messages) {
      used += message.size;
      lastMessage = Math.max(lastMessage, message.id);
      const sum = sums.get(message.folder);
      // Counting on would hide it.
      if (sum === undefined)
        throw new Damaged(`message ${message.id} is in folder ${message.folder}, which is missing`);
      add(sum, message);
    }
    this.#fact('used', used, 'quota: bytes used');
    if (facts.nextMessage <= lastMessage) this.#fact('nextMessage', lastMessage + 1, 'the next id of a message');
    for (const row of this.#folders) {
      if (facts.nextFolder <= row.id) this.#fact('nextFolder', row.id + 1, 'the next id of a folder');
      if (facts.lastUidValidity < row.uidValidity)
        this.#fact('lastUidValidity', row.uidValidity, 'the last UIDVALIDITY');
    }
    for (const row of this.#folders) this.#folder(row, sums.get(row.id) ?? noSum());
    for (const id of this.#stray) {
      this.remove.push(countersKey(id));
      this.repaired.push(`counters of folder ${id}, which does not exist: removed`);
    }
    for (const { key, what } of this.#dangling) {
      this.remove.push(key);
      this.repaired.push(`${what}: removed`);
    }
  }

  #fact(name: 'used' | 'nextMessage' | 'nextFolder' | 'lastUidValidity', is: number, what: string): void {
    if (this.facts[name] === is) return;
    this.repaired.push(`${what}: ${this.facts[name]} was noted, it is ${is}`);
    this.facts[name] = is;
  }

  #folder(row: FolderRow, sum: Sum): void {
    const where = `folder ${row.id}`;
    const noted = this.#counters.get(row.id);
    const known = this.#keywords.get(row.id) ?? [];
    const fresh = [...sum.keywords].filter((keyword) => !known.includes(keyword));
    if (fresh.length > 0) {
      this.put.push([keywordsKey(row.id), encodeStrings([...known, ...fresh])]);
      this.repaired.push(`${where}: keywords ${fresh.join(', ')} were not noted`);
    }
    const differing: string[] = [];
    if (noted === undefined) differing.push('there were no counters');
    else
      for (const field of ['total', 'unread', 'bytes'] as const)
        if (noted[field] !== sum[field]) differing.push(`${field} ${noted[field]} was noted, ${sum[field]} is counted`);
    if (noted !== undefined && (noted.highestModseq < sum.modseq || noted.highestModseq > this.#version))
      differing.push(`HIGHESTMODSEQ ${noted.highestModseq} was noted`);
    // Which UIDs were given out is not known any more: they begin anew.
    const renumber = noted === undefined || noted.uidNext <= sum.uid;
    if (renumber && noted !== undefined) differing.push(`UIDNEXT ${noted.uidNext} was noted, UID ${sum.uid} is there`);
    if (differing.length === 0) return;
    this.repaired.push(`${where}: ${differing.join('; ')}`);
    const counters = {
      uidNext: Math.max(noted?.uidNext ?? 1, sum.uid + 1),
      highestModseq: this.#version + 1,
      total: sum.total,
      unread: sum.unread,
      bytes: sum.bytes,
    };
    this.put.push([countersKey(row.id), encodeCounters(counters)]);
    if (!renumber) return;
    const changed = { ...row, uidValidity: ++this.facts.lastUidValidity };
    this.put.push([folderKey(row.id), encodeFolder(changed)]);
    this.changes.push({ type: 'folder', row: changed, created: false });
  }
}

function add(sum: Sum, message: MessageMeta): void {
  sum.total++;
  sum.unread += message.flags & 1 ? 0 : 1;
  sum.bytes += message.size;
  sum.modseq = Math.max(sum.modseq, message.modseq);
  sum.uid = Math.max(sum.uid, message.uid);
  for (const keyword of message.keywords) sum.keywords.add(keyword);
}

/** Throws `Damaged` where the truth itself is. */
async function readRows(kv: KeyValueStore, account: AccountId, facts: AccountFacts, version: number) {
  const p = accountPartition(account);
  const each = async (range: Range, take: (key: Key, value: Uint8Array) => void): Promise<void> => {
    for await (const page of kv.scan(p, range)) for (const [key, value] of page) take(key, value);
  };
  const one = async <T>(key: Key, decode: (value: Uint8Array) => T): Promise<T | undefined> => {
    try {
      const [value] = await kv.get(p, [key]);
      return value && decode(value);
    } catch (error) {
      if (error instanceof Damaged || error instanceof RangeError) return undefined;
      throw error;
    }
  };
  const folders: FolderRow[] = [];
  const messages: MessageMeta[] = [];
  await each(allFolders(), (_, value) => folders.push(decodeFolder(value)));
  await each(allPlacements(), (_, value) => messages.push(decodePlacement(value)));
  const counters = new Map<FolderId, FolderCounters>();
  const keywords = new Map<FolderId, readonly string[]>();
  for (const { id } of folders) {
    const noted = await one(countersKey(id), decodeCounters);
    if (noted !== undefined) counters.set(id, noted);
    const known = await one(keywordsKey(id), decodeStrings);
    if (known !== undefined) keywords.set(id, known);
  }
  const stray: FolderId[] = [];
  const dangling: { key: Key; what: string }[] = [];
  const extra = async (range: Range, take: (key: Key, value: Uint8Array) => void): Promise<void> => {
    try {
      await each(range, take);
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
    }
  };
  const exists = new Set(folders.map(({ id }) => id));
  await extra(allCounters(), (key) => void (exists.has(folderIdOf(key)) || stray.push(folderIdOf(key))));
  // A mail that is taken for delivered and never was would be lost when it comes again.
  await extra(allDelivered(), (key, value) => {
    const placed = orUndefined(() => decodePlaced(value));
    if (placed !== undefined && placed.id < facts.nextMessage && placed.version <= version) return;
    if (dangling.length < MOST_REMOVED)
      dangling.push({ key, what: `a delivery is remembered that never was (message ${placed?.id ?? 'unknown'})` });
  });
  await extra(allOnce(), (key, value) => {
    if (orUndefined(() => JSON.parse(Buffer.from(value).toString()) as object) === undefined)
      if (dangling.length < MOST_REMOVED) dangling.push({ key, what: 'the result of a call cannot be read' });
  });
  return { folders, messages, counters, keywords, stray, dangling };
}

function orUndefined<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

async function checkpointIsWrong(kv: KeyValueStore, account: AccountId): Promise<boolean> {
  const p = accountPartition(account);
  try {
    for await (const _ of kv.scanImmutable(p, CHECKPOINTS, {}));
    const head = await kv.head(p);
    const facts = accountFacts(account, head);
    const index = await loadCheckpoint(kv, account, facts, head.version);
    if (index === undefined) return false;
    for await (const page of readLog(kv, p, index.facts.lastRow + 1, facts.lastRow + 1))
      for (const row of page) index.apply(row);
    index.version = head.version;
    const scanned = await scanIndex(kv, account);
    return index.stateHash() !== scanned.stateHash() && (await kv.head(p)).version === head.version;
  } catch (error) {
    if (error instanceof Damaged || error instanceof RangeError) return true;
    throw error;
  }
}

/**
 * A damaged row cannot be read, and so has no key: what the others of its checkpoint are called tells. Rows are therefore read
 * one by one, from both ends.
 */
async function dropCheckpoints(kv: KeyValueStore, account: AccountId): Promise<void> {
  const p = accountPartition(account);
  const chunks = new Map<string, number>();
  const keys: Key[] = [];
  for (const range of [checkpointManifests(), checkpointChunks()])
    for (const reverse of [false, true])
      for await (const key of readable(kv, p, range, reverse)) {
        const [name, chunk] = checkpointOf(key);
        chunks.set(name, Math.max(chunks.get(name) ?? 0, chunk ?? 0));
      }
  for (const [name, last] of chunks) keys.push(...checkpointKeys(name, last + MOST_UNSEEN));
  await kv.dropImmutable(p, CHECKPOINTS, keys);
}

async function* readable(kv: KeyValueStore, p: Partition, range: Range, reverse: boolean): AsyncIterable<Key> {
  let { start, end } = range;
  for (;;) {
    let found: Key | undefined;
    try {
      const bounds = { ...(start && { start }), ...(end && { end }) };
      for await (const page of kv.scanImmutable(p, CHECKPOINTS, { ...bounds, reverse, limit: 1 }))
        for (const { key } of page) found = key;
    } catch (error) {
      if (error instanceof Damaged) return;
      throw error;
    }
    if (found === undefined) return;
    yield found;
    if (reverse) end = found;
    else start = Buffer.concat([found, Uint8Array.of(0)]);
  }
}
