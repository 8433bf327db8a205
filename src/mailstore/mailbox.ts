/**
 * One account on this node, whatever number of handles is open: its index, its commit loop, who watches it, and the work
 * that follows a commit (forgetting what nobody names any more, checkpoints, trimming the log).
 */
import { MailError } from '../mail/error.ts';
import type { BlobStore } from '../ports/blob.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyValueStore } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { ACCOUNT_CHANGED, type AccountChanged } from './api.ts';
import type { AccountId, Change, EmailId, MessageMeta, VersionChanges } from './api.ts';
import { lowestCursor } from './cursors.ts';
import { dropOldCheckpoints, writeCheckpoint } from './checkpoint.ts';
import { CommitLoop, type Operation } from './commit.ts';
import { forgetEmails } from './forget.ts';
import { isHeld } from './legal-hold.ts';
import { type LoadedIndex, loadIndex } from './load.ts';
import type { MailboxIndex } from './mailbox-index.ts';
import type { RecentLog } from './recent-log.ts';
import { RecordCache } from './record-cache.ts';
import { AccountSearch } from './search/account-search.ts';
import type { SearchNode } from './search/node.ts';
import type { Staging } from './staging.ts';
import { type LogRow, publicChanges, publicType } from './state.ts';
import { rowsOf, trimLog } from './trim.ts';

export interface Log {
  error(facts: Record<string, unknown>, message: string): void;
}

export interface Tuning {
  /** Memory for the indexes of accounts that nobody has open, in bytes. */
  readonly cacheBytes: number;
  /** Changes in the log after the last checkpoint that make another one worth while, if it is no large account: reading
   * them takes a few milliseconds. */
  readonly checkpointChanges: number;
  /** Rows of the log that are kept, and how many more there may be before it is worth a commit. */
  readonly logRows: number;
  readonly logSlack: number;
  /** Messages of a new segment of the search index. */
  readonly searchFlush: number;
  /** Messages that a search indexes before it answers; the rest follows behind its back. */
  readonly searchFirst: number;
  /** Memory for rows of search indexes, in bytes. */
  readonly searchCacheBytes: number;
  /** Indexing in a thread of its own. */
  readonly searchThread: boolean;
}

/** What all accounts of a node share. */
export interface Node {
  readonly kv: KeyValueStore;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly bus: Bus;
  readonly staging: Staging;
  readonly search: SearchNode;
  readonly recent: RecentLog;
  readonly log: Log | undefined;
  /** Tells this node's ids from all others, also from its own after a restart. */
  readonly name: string;
  readonly newId: () => string;
  readonly random: Random;
  readonly tuning: Tuning;
  readonly markChanged: (account: AccountId) => Promise<void> | undefined;
  readonly forgetElsewhere: ForgetElsewhere | undefined;
}

/** Takes away what others keep of accounts that were removed; harmless when repeated. */
export type ForgetElsewhere = (accounts: ReadonlySet<AccountId>) => Promise<void>;

export const topicOf = (account: AccountId): string => `mailbox/${account}`;

export class Mailbox {
  readonly account: AccountId;
  readonly loop: CommitLoop;
  readonly search: AccountSearch;
  readonly records: RecordCache;
  readonly #node: Node;
  readonly #watchers = new Set<(changes: VersionChanges) => void>();
  readonly #bus: Disposable;
  /** Work after commits, which a clean end waits for. */
  readonly #background = new Set<Promise<unknown>>();
  #sinceCheckpoint: number;
  #checkpointing = false;
  #trimming = false;

  private constructor(node: Node, { index, scanned }: LoadedIndex) {
    this.#node = node;
    this.account = index.account;
    // A full scan is what checkpoints are there to avoid.
    this.#sinceCheckpoint = scanned ? index.table.count : 0;
    const removed: EmailId[] = [];
    const kinds = new Set<Change['type'] | undefined>();
    this.loop = new CommitLoop(index, {
      kv: node.kv,
      clock: node.clock,
      account: index.account,
      newId: node.newId,
      load: async () => (await loadIndex(node.kv, index.account)).index,
      beforeCommit: () => node.markChanged(index.account),
      onRow: (row, ours) => {
        this.#sinceCheckpoint += Math.max(1, row.changes.length);
        for (const change of row.changes) {
          if (ours) kinds.add(publicType(change));
          if (change.type === 'record') this.records.changed(change.kind);
          else if (ours && change.type === 'removed') removed.push(change.email);
        }
        node.recent.add(index.account, row);
        this.#tell(row);
      },
      onReload: (before, after) => {
        this.records.clear();
        this.#tellDifference(before, after);
      },
      onCommitted: (version) => {
        node.bus.publish(topicOf(index.account), { version, node: node.name });
        node.bus.publish(ACCOUNT_CHANGED, {
          account: index.account,
          changes: [...kinds].filter((kind) => kind !== undefined),
        } satisfies AccountChanged);
        kinds.clear();
        // It may have ended in a later hour than it began.
        const marking = node.markChanged(index.account);
        if (marking) this.inBackground(marking);
        if (removed.length > 0) this.#forget(removed.splice(0));
        this.#maintain();
      },
    });
    this.records = new RecordCache(node.kv, index.account, () => this.index.version);
    this.search = new AccountSearch(
      node,
      index.account,
      () => this.index,
      (operation) => this.run(operation),
      (work) => this.inBackground(work),
    );
    this.#bus = node.bus.subscribe(topicOf(index.account), (message) => {
      const { version, node: from } = message as { version: number; node: string };
      if (from !== node.name && version > this.index.version) this.inBackground(this.loop.refresh());
    });
  }

  static async open(node: Node, account: AccountId): Promise<Mailbox> {
    const mailbox = new Mailbox(node, await loadIndex(node.kv, account));
    try {
      await mailbox.loop.refresh();
      mailbox.#maintain();
    } catch (error) {
      await mailbox.close();
      throw error;
    }
    return mailbox;
  }

  get index(): MailboxIndex {
    return this.loop.index;
  }

  get watched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Memory that it takes while nobody has it open, roughly. */
  get bytes(): number {
    return this.index.bytes + this.search.bytes;
  }

  get busy(): boolean {
    return !this.loop.idle || this.#background.size > 0;
  }

  run<T>(operation: Operation<T>): Promise<T> {
    return this.loop.run(operation);
  }

  watch(listener: (changes: VersionChanges) => void): Disposable {
    // A function of its own, so that the same one may watch twice.
    const watcher = (changes: VersionChanges) => listener(changes);
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => this.#watchers.delete(watcher) };
  }

  /** Waits for what was begun, and leaves a checkpoint when it is worth while. */
  async close(): Promise<void> {
    this.#bus[Symbol.dispose]();
    this.#watchers.clear();
    this.search.close();
    while (this.busy) await Promise.all([this.loop.drain(), ...this.#background]);
    if (this.#sinceCheckpoint >= this.#checkpointAfter / 4) await this.checkpoint();
  }

  /** Writes the index as it is now, so that the next start reads less. */
  async checkpoint(): Promise<void> {
    if (this.#checkpointing) return;
    this.#checkpointing = true;
    try {
      const { kv, name } = this.#node;
      this.#sinceCheckpoint = 0;
      await writeCheckpoint(kv, this.index, name);
      await dropOldCheckpoints(kv, this.account);
    } finally {
      this.#checkpointing = false;
    }
  }

  /** A large account's checkpoint is large: it is written after more changes, so that it costs each about a kilobyte. */
  get #checkpointAfter(): number {
    return Math.max(this.#node.tuning.checkpointChanges, this.index.table.count >> 4);
  }

  #tell(row: LogRow): void {
    if (this.#watchers.size === 0) return;
    this.#show(publicChanges(row));
  }

  #show(changes: VersionChanges): void {
    for (const watcher of new Set(this.#watchers)) {
      try {
        watcher(changes);
      } catch (error) {
        this.#node.log?.error({ account: this.account, err: error }, 'a watcher of an account failed');
      }
    }
  }

  /** The log no longer reached back: what happened is told as one change. */
  #tellDifference(before: MailboxIndex, after: MailboxIndex): void {
    if (this.#watchers.size === 0) return;
    this.#show({ version: after.version, operation: '', changes: difference(before, after) });
  }

  #forget(emails: readonly EmailId[]): void {
    const unused = this.index.table.unused(emails);
    if (unused.size > 0) this.inBackground(this.#forgetUnused([...unused]));
  }

  /** What stays because of a hold is no garbage before a sweep finds that the hold has ended. */
  async #forgetUnused(unused: readonly EmailId[]): Promise<void> {
    const { kv } = this.#node;
    if (!(await isHeld(kv, this.account))) await forgetEmails(kv, this.account, unused);
  }

  #maintain(): void {
    if (this.#sinceCheckpoint >= this.#checkpointAfter && !this.#checkpointing) this.inBackground(this.checkpoint());
    if (this.search.isBehind) this.inBackground(this.search.catchUp());
    const { logRows, logSlack } = this.#node.tuning;
    if (rowsOf(this.index) > logRows + logSlack) this.inBackground(this.trim());
  }

  /** Cuts off what the log no longer has to keep. */
  async trim(): Promise<void> {
    if (this.#trimming) return;
    this.#trimming = true;
    try {
      const { kv, clock, tuning } = this.#node;
      const heard = await lowestCursor(kv, this.account);
      const bounds = { rows: tuning.logRows, now: clock.now(), ...(heard !== undefined && { heard }) };
      await trimLog(kv, this.index, bounds, (operation) => this.run(operation));
    } finally {
      this.#trimming = false;
    }
  }

  /** Work that follows a commit: a clean end waits for it. */
  inBackground(work: Promise<unknown>): void {
    const watched = work.catch((error: unknown) => {
      if (error instanceof MailError && error.code === 'account-missing') return;
      this.#node.log?.error({ account: this.account, err: error }, 'work after a commit failed');
    });
    this.#background.add(watched);
    void watched.finally(() => this.#background.delete(watched));
  }
}

/** What happened between two states of an account, as changes. */
function difference(before: MailboxIndex, after: MailboxIndex): Change[] {
  const changes: Change[] = [];
  const messages = (index: MailboxIndex): Map<number, MessageMeta> => {
    const all = new Map<number, MessageMeta>();
    for (const { id } of index.folders()) {
      const view = index.view(id)!;
      for (let i = 0; i < view.length; i++) all.set(view.ids[i]!, index.meta(view.ids[i]! as MessageMeta['id'])!);
    }
    return all;
  };
  for (const { id } of after.folders())
    changes.push({ type: 'folder', id, what: before.folder(id) ? 'changed' : 'created' });
  const was = messages(before);
  const is = messages(after);
  for (const { id, folder, uid, email } of was.values())
    if (!is.has(id)) changes.push({ type: 'removed', id, folder, uid, email });
  for (const message of is.values()) {
    const old = was.get(message.id);
    if (!old) changes.push({ type: 'added', message });
    else if (old.folder !== message.folder || old.uid !== message.uid)
      changes.push({ type: 'moved', from: old.folder, fromUid: old.uid, message });
    else if (old.modseq !== message.modseq) changes.push({ type: 'flags', message });
  }
  for (const { id } of before.folders()) if (!after.folder(id)) changes.push({ type: 'folder', id, what: 'removed' });
  return changes;
}
