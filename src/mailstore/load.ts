/** Bringing an account's index into memory: from its newest usable checkpoint and the log after it, else by full scan. */
import { MailError } from '../mail/error.ts';
import { Damaged, type Head, type KeyValueStore, type Range, type Value, type Version } from '../ports/kv.ts';
import type { AccountId, FolderId, MessageMeta, MsgId } from './api.ts';
import { loadCheckpoint } from './checkpoint.ts';
import {
  accountPartition,
  allCounters,
  allFolders,
  allKeywords,
  allPlacements,
  allSubscriptions,
  folderIdOf,
} from './keys.ts';
import { readLog } from './log.ts';
import { MailboxIndex } from './mailbox-index.ts';
import type { AccountFacts, FolderCounters, FolderRow, LogChange, LogRow } from './state.ts';
import { decodeCounters, decodeFacts, decodeFolder, decodePlacement, decodeStrings } from './values.ts';

/** Full scans that another node's trimming of the log got in the way of. */
const MOST_SCANS = 5;

export interface LoadedIndex {
  readonly index: MailboxIndex;
  /** Row by row: there was no checkpoint that could be used. */
  readonly scanned: boolean;
}

export async function loadIndex(kv: KeyValueStore, account: AccountId): Promise<LoadedIndex> {
  const head = await kv.head(accountPartition(account));
  const facts = accountFacts(account, head);
  const index = await loadCheckpoint(kv, account, facts, head.version);
  // The log after a checkpoint is read by the commit loop, as any other.
  return index ? { index, scanned: false } : { index: await wholeIndex(kv, account), scanned: true };
}

/** Rows that a damaged page hides are told, and never taken for messages that were removed: a client that synchronises would
 * remove its own copies of them. */
async function wholeIndex(kv: KeyValueStore, account: AccountId): Promise<MailboxIndex> {
  const index = await scanIndex(kv, account);
  const bytes = index.folders().reduce((sum, folder) => sum + folder.bytes, 0);
  const { used } = index.facts;
  if (bytes !== used) throw new Damaged(`account ${account}: ${used} bytes of mail are noted, ${bytes} are there`);
  return index;
}

/** `account-missing` when there is none, or none any more. */
export function accountFacts(account: AccountId, head: Head): AccountFacts {
  if (!head.value) throw new MailError('account-missing', 'user', `no account ${account}`);
  const facts = decodeFacts(head.value);
  if (facts.removed) throw new MailError('account-missing', 'user', `account ${account} was removed`);
  return facts;
}

/**
 * Reads every row. The rows need not be of one moment: each change of the log that came during the scan says the whole
 * truth about the rows it touches, so that applying them in order leaves the account as of the last one.
 */
export async function scanIndex(kv: KeyValueStore, account: AccountId): Promise<MailboxIndex> {
  const p = accountPartition(account);
  for (let attempt = 0; attempt < MOST_SCANS; attempt++) {
    const before = await kv.head(p);
    const start = accountFacts(account, before);
    const scan = new Scan();
    await eachRow(kv, account, allFolders(), (_, value) => scan.folder(decodeFolder(value)));
    await eachRow(kv, account, allCounters(), (key, value) =>
      scan.counters.set(folderIdOf(key), decodeCounters(value)),
    );
    await eachRow(kv, account, allKeywords(), (key, value) => scan.keywords.set(folderIdOf(key), decodeStrings(value)));
    await eachRow(kv, account, allSubscriptions(), (_, value) => scan.subscriptions.add(Buffer.from(value).toString()));
    await eachRow(kv, account, allPlacements(), (_, value) => scan.message(decodePlacement(value)));
    const after = await kv.head(p);
    const facts = accountFacts(account, after);
    if (facts.lastRow > start.lastRow && !(await scan.catchUp(kv, account, start.lastRow, facts))) continue;
    return scan.index(account, facts, after.version);
  }
  throw new Damaged(`account ${account}: the log after the scan has a gap`);
}

async function eachRow(
  kv: KeyValueStore,
  account: AccountId,
  range: Range,
  take: (key: Uint8Array, value: Value) => void,
): Promise<void> {
  for await (const page of kv.scan(accountPartition(account), range)) for (const [key, value] of page) take(key, value);
}

class Scan {
  readonly folders = new Map<FolderId, FolderRow>();
  readonly counters = new Map<FolderId, FolderCounters>();
  readonly keywords = new Map<FolderId, readonly string[]>();
  readonly subscriptions = new Set<string>();
  readonly messages = new Map<MsgId, MessageMeta>();
  /** Ids came in ascending order. */
  #ordered = true;
  #last = 0;

  folder(row: FolderRow): void {
    this.folders.set(row.id, row);
  }

  message(message: MessageMeta): void {
    if (message.id < this.#last && !this.messages.has(message.id)) this.#ordered = false;
    this.#last = Math.max(this.#last, message.id);
    this.messages.set(message.id, message);
  }

  /** Applies the log after version `from`; false when it does not reach `to` without a gap. */
  async catchUp(kv: KeyValueStore, account: AccountId, from: Version, to: AccountFacts): Promise<boolean> {
    let at = from;
    for await (const page of readLog(kv, accountPartition(account), from + 1, to.lastRow + 1))
      for (const row of page) {
        if (row.previous !== at) return false;
        at = row.version;
        for (const change of row.changes) this.#apply(change, row);
      }
    return at === to.lastRow;
  }

  #apply(change: LogChange, { version }: LogRow): void {
    switch (change.type) {
      case 'added':
      case 'moved':
      case 'flags':
        if (change.type === 'moved') this.#touch(change.from, version);
        this.message(change.message);
        this.#touch(change.message.folder, version, change.message);
        break;
      case 'removed':
        this.messages.delete(change.id);
        this.#touch(change.folder, version);
        break;
      case 'folder':
        this.folders.set(change.row.id, change.row);
        this.#touch(change.row.id, change.created ? version : 0);
        break;
      case 'folder-removed':
        this.folders.delete(change.id);
        break;
      case 'subscription':
        if (change.subscribed) this.subscriptions.add(change.path);
        else this.subscriptions.delete(change.path);
        break;
      case 'quota':
      case 'trimmed':
      case 'epoch':
      case 'record':
        break;
    }
  }

  /** What the counters' row may not have known yet; the sums are counted in the end. */
  #touch(id: FolderId, version: Version, message?: MessageMeta): void {
    let counters = this.counters.get(id);
    if (!counters) {
      counters = { uidNext: 1, highestModseq: 0, total: 0, unread: 0, bytes: 0 };
      this.counters.set(id, counters);
    }
    counters.highestModseq = Math.max(counters.highestModseq, version);
    if (!message) return;
    counters.uidNext = Math.max(counters.uidNext, message.uid + 1);
    const known = this.keywords.get(id) ?? [];
    const fresh = message.keywords.filter((keyword) => !known.includes(keyword));
    if (fresh.length > 0) this.keywords.set(id, [...known, ...fresh]);
  }

  async index(account: AccountId, facts: AccountFacts, version: Version): Promise<MailboxIndex> {
    const index = new MailboxIndex(account, facts, version);
    for (const id of [...this.folders.keys()].sort((a, b) => a - b)) {
      const counters = this.counters.get(id) ?? { uidNext: 1, highestModseq: 0, total: 0, unread: 0, bytes: 0 };
      index.putFolder({
        row: this.folders.get(id)!,
        keywords: this.keywords.get(id) ?? [],
        ...counters,
        total: 0,
        unread: 0,
        bytes: 0,
      });
    }
    for (const path of this.subscriptions) index.subscribe(path, true);
    const messages = [...this.messages.values()];
    if (!this.#ordered) messages.sort((a, b) => a.id - b.id);
    for (const message of messages) {
      index.table.append(message);
      const folder = index.folderForChange(message.folder);
      if (!folder)
        throw new Damaged(
          `account ${account}: message ${message.id} in folder ${message.folder}, which does not exist`,
        );
      folder.total++;
      folder.bytes += message.size;
      if (!(message.flags & 1)) folder.unread++;
    }
    await index.buildLists();
    return index;
  }
}
