/**
 * The KeyValueStore on LMDB, for one process. Reads are done here, straight from the memory map; writes are packed and go
 * to a thread of their own (`kv-lmdb-writer.ts`), where everything that waits shares one transaction and one sync.
 *
 * Nobody else writes, so a commit's version is checked here, against the head as the commits already on their way leave
 * it; the engine needs no conditions. Once a transaction fails, whatever was sent after it fails too: nothing issued later
 * ever outlives something issued earlier.
 */
import { mkdirSync, statfsSync, statSync } from 'node:fs';
import { mkdir, open as openFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Database, open, type RootDatabase } from 'lmdb';
import {
  type Batch,
  type CommitId,
  type CommitResult,
  Damaged,
  type Entry,
  type Head,
  type ImmutableEntry,
  type Key,
  type KeyValueStore,
  KV_LIMITS,
  type Partition,
  type PartitionKind,
  type Range,
  StoreFailed,
  StoreFull,
  type Value,
  type Version,
} from '../ports/kv.ts';
import { lockData } from './data-lock.ts';
import { BatchWriter, Op, Table, TABLES, type WriteAnswer, type WriteMessage } from './kv-lmdb-batch.ts';
import { decodeHead, encodeHead } from './kv-lmdb-head.ts';
import { LMDB_OPTIONS, MAP_SIZE, PAGE, TABLE_OPTIONS, unusedPages } from './kv-lmdb-options.ts';
import { checkBucket, checkCommit, checkEntries, checkKey, checkPartition, MAX_KEY, unseal } from './kv-rows.ts';

export interface LmdbKvOptions {
  /** Below this much room on the disk only small commits are taken, so that mail can still be removed. Default 64 MiB. */
  readonly minFree?: number;
  /** Bytes that the store may ever have. Default 1 TiB. */
  readonly mapSize?: number;
  /** Bytes free on the store's disk; tests pretend. */
  readonly free?: (folder: string) => number;
}

/** The layout of what is stored; a newer one is refused. */
const FORMAT = 1;
/** What a commit may have when the disk is nearly full. */
const SMALL_COMMIT = 16 << 10;
const FREE_CHECK_MS = 200;
const PAGE_ROWS = 256;
const PAGE_BYTES = 256 << 10;
const HEADS_BYTES = 32 << 20;
const HEAD_COST = 400;
const RECENT = 32;
/** Of a table that changes meanwhile. */
const CHECK_READINGS = 5;
/** More of one table nobody reads. */
const CHECK_PROBLEMS = 20;
const NOTHING = new Uint8Array(0);
const APPLIED: CommitResult = { kind: 'applied' };

type Bytes = Database<Buffer, Buffer>;

/** What is known of a partition without asking LMDB. */
interface Part {
  /** The partition's name, and the name with a NUL: how its keys begin. */
  readonly name: Buffer;
  readonly prefix: Buffer;
  /** As it is on disk. */
  version: Version;
  commitId: CommitId | undefined;
  value: Buffer | undefined;
  /** As it will be, once what is on its way is on disk. */
  pending: Version;
  pendingValue: Buffer | undefined;
  /** Commits on their way, and the group of the last one. */
  inFlight: number;
  last: Group | undefined;
  /** Latest commits of this process, by where they started. */
  recent: { readonly expect: Version; readonly id: CommitId }[];
  cost: number;
  used: boolean;
}

/** What was issued in one turn. */
interface Group {
  readonly number: number;
  readonly commits: {
    readonly part: Part;
    readonly expect: Version;
    readonly next: Version;
    readonly id: CommitId;
    readonly value: Buffer | undefined;
  }[];
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Makes the folder when there is none. Throws `DataInUse`; an Error with a reason when it cannot be opened. */
export function openLmdb(folder: string, options: LmdbKvOptions = {}): Promise<LmdbKv> {
  return LmdbKv.open(folder, options);
}

export class LmdbKv implements KeyValueStore {
  readonly supports = { snapshots: true, orderedWrites: true, backup: true } as const;
  readonly limits = KV_LIMITS;
  /** What went through since the start. */
  readonly counters = { commits: 0, transactions: 0, bytes: 0 };
  /** Resolves, should the store ever fail, with the reason. */
  readonly failure: Promise<StoreFailed>;

  readonly #folder: string;
  readonly #minFree: number;
  readonly #free: (folder: string) => number;
  readonly #lock: Disposable;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #tables: readonly Bytes[];
  readonly #worker: Worker;
  readonly #batch = new BatchWriter();
  readonly #parts = new Map<Partition, Part>();
  #partsCost = 0;
  /** Being filled; sent at the end of the turn. */
  #open: Group | undefined;
  #openBytes = 0;
  /** Sent, not answered, oldest first. */
  #sent: Group[] = [];
  #number = 0;
  #epoch = 0;
  #failed: StoreFailed | undefined;
  readonly #reportFailure: (error: StoreFailed) => void;
  #full = false;
  #freeChecked = Number.NEGATIVE_INFINITY;
  #closed = false;
  readonly #scans = new Set<Disposable>();
  readonly #scratch = Buffer.allocUnsafe(2048);

  static async open(folder: string, options: LmdbKvOptions = {}): Promise<LmdbKv> {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new Error(`cannot make the data folder ${folder}: ${(error as Error).message}`, { cause: error });
    }
    const lock = lockData(folder);
    let root: RootDatabase<Buffer, Buffer> | undefined;
    try {
      const mapSize = options.mapSize ?? MAP_SIZE;
      root = open<Buffer, Buffer>({ path: folder, ...LMDB_OPTIONS, mapSize });
      const opened = root;
      checkLength(folder, root);
      const tables = TABLES.map((name) => opened.openDB<Buffer, Buffer>(name, TABLE_OPTIONS));
      checkFormat(folder, root, tables);
      // The names of new files, too, must survive.
      await syncFolder(folder);
      const worker = new Worker(new URL('./kv-lmdb-writer.ts', import.meta.url), {
        workerData: { path: folder, mapSize },
        name: 'kv-lmdb-writer',
      });
      await new Promise<void>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', () => {
          worker.off('error', reject);
          resolve();
        });
      });
      return new LmdbKv(folder, options, lock, root, tables, worker);
    } catch (error) {
      await root?.close();
      lock[Symbol.dispose]();
      throw error;
    }
  }

  private constructor(
    folder: string,
    options: LmdbKvOptions,
    lock: Disposable,
    root: RootDatabase<Buffer, Buffer>,
    tables: readonly Bytes[],
    worker: Worker,
  ) {
    this.#folder = folder;
    this.#minFree = options.minFree ?? 64 << 20;
    this.#free = options.free ?? freeBytes;
    this.#lock = lock;
    this.#root = root;
    this.#tables = tables;
    this.#worker = worker;
    const { promise, resolve } = Promise.withResolvers<StoreFailed>();
    this.failure = promise;
    this.#reportFailure = resolve;

    worker.on('message', (answer: WriteAnswer) => this.#answered(answer));
    worker.on('error', (error: Error) =>
      this.#giveUp(new StoreFailed(`the writer stopped: ${error.message}`, { cause: error })),
    );
    worker.on('exit', () => this.#closed || this.#giveUp(new StoreFailed('the writer stopped')));
    worker.unref();
  }

  /** Why nothing is acknowledged any more. */
  get failed(): StoreFailed | undefined {
    return this.#failed;
  }

  /** Nothing is taken any more: for what shares the disk with the store and has found it broken. What is on its way ends
   * as it ends. */
  fail(error: StoreFailed): void {
    this.#failed ??= error;
    this.#reportFailure(this.#failed);
  }

  /** Little room is left: only small commits are taken. */
  get full(): boolean {
    return this.#full;
  }

  async head(p: Partition): Promise<Head> {
    this.#usable();
    const { version, commitId, value } = this.#part(p);
    return { version, commitId, value };
  }

  async get(p: Partition, keys: readonly Key[]): Promise<(Value | undefined)[]> {
    this.#usable();
    const { prefix } = this.#part(p);
    return keys.map((key) => this.#read(p, Table.rows, prefix, key));
  }

  async *scan(p: Partition, range: Range): AsyncIterable<readonly Entry[]> {
    const { prefix } = this.#part(p);
    for (const page of this.#pages(p, Table.rows, prefix, range)) {
      yield page.map(([key, value]) => [key.subarray(prefix.length), value] as const);
    }
  }

  async commit(p: Partition, expect: Version, next: Version, batch: Batch, id: CommitId): Promise<CommitResult> {
    checkCommit(p, expect, next, batch, id);
    this.#usable();
    this.#writable();
    const part = this.#part(p);
    if (part.pending !== expect) {
      // Whatever it lost against must be there when the caller looks.
      await part.last?.done.catch(() => undefined);
      return { kind: 'conflict', version: part.version };
    }
    const { header, put = [], remove = [], clear = [] } = batch;
    const { name, prefix } = part;
    const value = header ? Buffer.from(header) : part.pendingValue;
    const head = encodeHead(next, id, value);
    let size = BatchWriter.size(name, 0, head.length);
    for (const [key, row] of put) size += BatchWriter.size(prefix, key.length, row.length);
    for (const key of remove) size += BatchWriter.size(prefix, key.length, 0);
    for (const { start, end } of clear)
      size += BatchWriter.size(prefix, start?.length ?? 0, prefix.length + (end?.length ?? 0));
    this.#roomFor(size, SMALL_COMMIT);

    const group = this.#group(size);
    for (const { start, end } of clear)
      this.#batch.write(Op.clear, Table.rows, prefix, start ?? NOTHING, endOf(prefix, end));
    for (const key of remove) this.#batch.write(Op.remove, Table.rows, prefix, key, undefined);
    for (const [key, row] of put) this.#batch.write(Op.put, Table.rows, prefix, key, row);
    this.#batch.write(Op.put, Table.heads, name, NOTHING, head);

    group.commits.push({ part, expect, next, id, value });
    part.pending = next;
    part.pendingValue = value;
    part.inFlight++;
    part.last = group;
    await group.done;
    return APPLIED;
  }

  async resolve(p: Partition, expect: Version, id: CommitId): Promise<'applied' | 'not-applied'> {
    this.#usable();
    const part = this.#part(p);
    await part.last?.done.catch(() => undefined);
    if (part.version === expect) return 'not-applied';
    if (part.commitId === id) return 'applied';
    const found = part.recent.find((commit) => commit.id === id);
    if (found) return found.expect === expect ? 'applied' : 'not-applied';
    // Each commit starts where the one before ended: another one that started there shows that this one did not.
    if (part.version < expect || part.recent.some((commit) => commit.expect === expect)) return 'not-applied';
    if ((part.recent[0]?.expect ?? part.version) <= expect) return 'not-applied';
    // This store never answers `unknown`, so nobody asks so late but after a restart.
    throw new Error(`commit ${id} of ${p} at version ${expect} is too long ago to tell whether it applied`);
  }

  async putImmutable(p: Partition, bucket: string, rows: readonly Entry[]): Promise<void> {
    checkBucket(bucket);
    checkEntries(rows);
    this.#usable();
    this.#writable();
    const prefix = Buffer.concat([this.#part(p).prefix, Buffer.from(`${bucket}\0`)]);
    let size = 0;
    for (const [key, value] of rows) size += BatchWriter.size(prefix, key.length, value.length);
    this.#roomFor(size, 0);
    if (rows.length === 0) return;
    let group: Group | undefined;
    for (const [key, value] of rows) {
      group = this.#group(BatchWriter.size(prefix, key.length, value.length));
      this.#batch.write(Op.putNew, Table.immutable, prefix, key, value);
    }
    await group!.done;
  }

  async getImmutable(p: Partition, bucket: string, keys: readonly Key[]): Promise<(Value | undefined)[]> {
    checkBucket(bucket);
    this.#usable();
    const prefix = Buffer.concat([this.#part(p).prefix, Buffer.from(`${bucket}\0`)]);
    return keys.map((key) => this.#read(p, Table.immutable, prefix, key));
  }

  async *scanImmutable(
    p: Partition,
    bucket: string | undefined,
    range: Range,
  ): AsyncIterable<readonly ImmutableEntry[]> {
    if (bucket !== undefined) checkBucket(bucket);
    const { prefix } = this.#part(p);
    const names = bucket === undefined ? this.#buckets(prefix) : [bucket];
    if (range.reverse) names.reverse();
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    for (const name of names) {
      if (left <= 0) return;
      const front = Buffer.concat([prefix, Buffer.from(`${name}\0`)]);
      for (const page of this.#pages(p, Table.immutable, front, { ...range, limit: left })) {
        left -= page.length;
        yield page.map(([key, value]) => ({ bucket: name, key: key.subarray(front.length), value }));
      }
    }
  }

  async dropImmutable(p: Partition, bucket: string, keys: readonly Key[]): Promise<void> {
    checkBucket(bucket);
    for (const key of keys) checkKey(key);
    this.#usable();
    this.#writable();
    if (keys.length === 0) return;
    const prefix = Buffer.concat([this.#part(p).prefix, Buffer.from(`${bucket}\0`)]);
    let group: Group | undefined;
    for (const key of keys) {
      group = this.#group(BatchWriter.size(prefix, key.length, 0));
      this.#batch.write(Op.remove, Table.immutable, prefix, key, undefined);
    }
    await group!.done;
  }

  async *partitions(kind: PartitionKind, after?: Partition): AsyncIterable<Partition> {
    let last = Buffer.from(after ?? `${kind}/`);
    const end = Buffer.from(`${kind}0`); // '0' follows '/'
    for (;;) {
      this.#usable();
      // Many in one go, yet never a reader that stays open while the caller works.
      const found: Buffer[] = [];
      while (found.length < PAGE_ROWS) {
        const start = Buffer.concat([last, Buffer.of(0)]);
        const [head] = this.#tables[Table.heads]!.getKeys({ start, end, limit: 1 });
        // Rows of the last partition begin with its name and NUL: 0x01 is behind them all.
        const behind = Buffer.concat([last, Buffer.of(1)]);
        const [row] = this.#tables[Table.immutable]!.getKeys({ start: behind, end, limit: 1 });
        const withRows = row?.subarray(0, row.indexOf(0));
        const next = head && withRows ? (Buffer.compare(head, withRows) < 0 ? head : withRows) : (head ?? withRows);
        if (!next) break;
        last = Buffer.from(next);
        found.push(last);
      }
      for (const name of found) yield name.toString() as Partition;
      if (found.length < PAGE_ROWS) return;
    }
  }

  async backup(folder: string): Promise<void> {
    this.#usable();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if ((await readdir(folder)).length > 0)
      throw new Error(`${folder} is not empty: a backup needs a folder of its own`);
    await this.#root.backup(folder, true);
    const file = await openFile(join(folder, 'data.mdb'), 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(folder);
  }

  /** LMDB's pages have no checksums: a bit that flips in one may hide rows, or lead to pages that hold something else. So
   * each table must have as many rows as LMDB has counted, in order, unchanged, and each must be found by its key. */
  async *check(): AsyncIterable<string> {
    for (const table of TABLES.keys()) {
      let problems: string[] = [];
      for (let reading = 1; reading <= CHECK_READINGS; reading++) {
        problems = await this.#checkTable(table);
        if (problems.length === 0) break;
      }
      yield* problems;
    }
  }

  async #checkTable(number: number): Promise<string[]> {
    this.#usable();
    const name = TABLES[number]!;
    const table = this.#tables[number]!;
    const problems: string[] = [];
    const note = (problem: string) => void (problems.length < CHECK_PROBLEMS && problems.push(`${name}: ${problem}`));
    const transaction = table.useReadTransaction();
    // Of the latest transaction: a commit in between makes the two differ, hence the repetition.
    const { entryCount } = table.getStats() as { entryCount: number };
    const lookup = table as unknown as { get(key: Buffer, options: object): Buffer | undefined };
    let count = 0;
    let last: Buffer | undefined;
    try {
      for (const { key, value } of table.getRange({ transaction })) {
        const where = () => `row ${printed(key)}`;
        if (last && Buffer.compare(last, key) >= 0) note(`${where()} is out of order`);
        last = Buffer.from(key);
        try {
          if (number !== Table.store) unseal(key, value, where, number);
        } catch (error) {
          note((error as Error).message);
        }
        if (lookup.get(last, { transaction }) === undefined) note(`${where()} is there, and is not found by its key`);
        if (++count % PAGE_ROWS === 0) await nextTurn();
        // A circle of pages would have no end.
        if (count > 2 * entryCount + CHECK_PROBLEMS) break;
      }
    } catch (error) {
      note(`cannot be read: ${(error as Error).message}`);
    } finally {
      transaction.done();
    }
    if (count !== entryCount) note(`${entryCount} rows are noted, ${count} are there`);
    return problems;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    await Promise.allSettled([...this.#sent, ...(this.#open ? [this.#open] : [])].map(({ done }) => done));
    this.#closed = true;
    for (const scan of this.#scans) scan[Symbol.dispose]();
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    if (this.#failed) await this.#worker.terminate();
    else {
      this.#worker.ref();
      this.#worker.postMessage('close');
      await ended;
    }
    await this.#root.close();
    this.#lock[Symbol.dispose]();
  }

  #usable(): void {
    if (this.#closed) throw new Error('the store is closed');
  }

  #writable(): void {
    if (this.#failed) throw this.#failed;
  }

  /** Throws `StoreFull` when the disk is nearly full and this is more than `small` bytes. */
  #roomFor(size: number, small: number): void {
    const now = performance.now();
    if (now - this.#freeChecked > FREE_CHECK_MS) {
      this.#freeChecked = now;
      const free = this.#free(this.#folder) + (unusedPages(this.#tables) / 2) * PAGE;
      // A little more room is asked for to go back to normal, so that it does not flicker.
      this.#full = free < (this.#full ? this.#minFree * 1.25 : this.#minFree);
    }
    if (this.#full && size > small)
      throw new StoreFull(`less than ${this.#minFree} bytes are free for ${this.#folder}`);
  }

  #group(size: number): Group {
    this.#batch.reserve(size);
    this.#openBytes += size;
    if (!this.#open) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      promise.catch(() => undefined); // Those who wait for it hear of it.
      this.#open = { number: ++this.#number, commits: [], done: promise, resolve, reject };
      // After everything else that this turn of the event loop still brings.
      setImmediate(() => this.#send());
    }
    return this.#open;
  }

  #send(): void {
    const group = this.#open;
    this.#open = undefined;
    const { buffers, lengths, pages } = this.#batch.take();
    this.counters.bytes += this.#openBytes;
    this.#openBytes = 0;
    if (!group) return;
    if (this.#sent.push(group) === 1) this.#worker.ref();
    const message: WriteMessage = {
      number: group.number,
      epoch: this.#epoch,
      buffers,
      lengths,
      pages,
      small: this.#full,
    };
    this.#worker.postMessage(message, buffers as ArrayBuffer[]);
  }

  #answered({ number, spare, error }: WriteAnswer): void {
    this.#batch.recycle(spare);
    if (error) {
      const what = `writing to ${this.#folder} failed: ${error.message}`;
      if (!error.full) this.#giveUp(new StoreFailed(what));
      else {
        this.#full = true;
        this.#freeChecked = performance.now();
        this.#rollBack(new StoreFull(what));
      }
      return;
    }
    this.counters.transactions++;
    // From now on readers must see it.
    this.#tables[Table.rows]!.resetReadTxn();
    let answered = 0;
    while (answered < this.#sent.length && this.#sent[answered]!.number <= number) {
      const group = this.#sent[answered++]!;
      for (const { part, expect, next, id, value } of group.commits) {
        part.version = next;
        part.commitId = id;
        part.value = value;
        part.inFlight--;
        if (part.last === group) part.last = undefined;
        if (part.recent.push({ expect, id }) > RECENT) part.recent.shift();
      }
      this.counters.commits += group.commits.length;
      group.resolve();
    }
    this.#sent.splice(0, answered);
    if (this.#sent.length === 0) this.#worker.unref();
  }

  #giveUp(error: StoreFailed): void {
    this.fail(error);
    this.#rollBack(error);
  }

  /** Nothing that is on its way was written, or will be. */
  #rollBack(error: Error): void {
    this.#epoch++;
    const groups = this.#sent;
    this.#sent = [];
    if (this.#open) groups.push(this.#open);
    this.#open = undefined;
    this.#batch.take();
    this.#openBytes = 0;
    for (const { commits } of groups)
      for (const { part } of commits) {
        part.pending = part.version;
        part.pendingValue = part.value;
        part.inFlight = 0;
        part.last = undefined;
      }
    for (const group of groups) group.reject(error);
    this.#worker.unref();
  }

  #part(p: Partition): Part {
    const known = this.#parts.get(p);
    if (known) {
      known.used = true;
      return known;
    }
    this.#usable();
    checkPartition(p);
    const name = Buffer.from(p);
    const sealed = this.#tables[Table.heads]!.getBinary(name);
    const head =
      sealed &&
      decodeHead(
        unseal(name, sealed, () => `header of ${p}`, Table.heads),
        p,
      );
    const part: Part = {
      name,
      prefix: Buffer.concat([name, Buffer.of(0)]),
      version: head?.version ?? 0,
      commitId: head?.commitId,
      value: head?.value,
      pending: head?.version ?? 0,
      pendingValue: head?.value,
      inFlight: 0,
      last: undefined,
      recent: [],
      cost: HEAD_COST + name.length * 4 + (head?.value?.length ?? 0),
      used: false,
    };
    this.#parts.set(p, part);
    this.#partsCost += part.cost;
    if (this.#partsCost > HEADS_BYTES) this.#forget();
    return part;
  }

  /** Makes room among the heads: those go that were not used since the last time, and have nothing on its way. */
  #forget(): void {
    for (const [p, part] of this.#parts) {
      if (this.#partsCost <= HEADS_BYTES * 0.9) return;
      this.#parts.delete(p);
      if (part.used || part.inFlight > 0) {
        part.used = false;
        this.#parts.set(p, part);
      } else this.#partsCost -= part.cost;
    }
  }

  #read(p: Partition, table: number, prefix: Buffer, key: Key): Value | undefined {
    if (key.length > MAX_KEY) checkKey(key);
    const length = prefix.length + key.length;
    this.#scratch.set(prefix);
    this.#scratch.set(key, prefix.length);
    const place = this.#scratch.subarray(0, length);
    const sealed = this.#tables[table]!.getBinary(place);
    return sealed && unseal(place, sealed, () => nameOf(p, table, place, prefix.length), table);
  }

  *#pages(p: Partition, table: number, front: Buffer, range: Range): Iterable<[key: Buffer, value: Value][]> {
    this.#usable();
    const start = range.start ? Buffer.concat([front, range.start]) : front;
    const end = endOf(front, range.end);
    if ((range.limit ?? 1) <= 0 || Buffer.compare(start, end) >= 0) return;
    const transaction = this.#tables[table]!.useReadTransaction();
    const bounds = range.reverse
      ? { start: end, end: start, reverse: true, exclusiveStart: true, inclusiveEnd: true }
      : { start, end };
    const limit = range.limit === undefined || range.limit === Number.POSITIVE_INFINITY ? {} : { limit: range.limit };
    const rows = this.#tables[table]!.getRange({ ...bounds, ...limit, transaction })[Symbol.iterator]();
    let ended = false;
    const scan = {
      [Symbol.dispose]: () => {
        if (ended) return;
        ended = true;
        rows.return?.();
        transaction.done();
      },
    };
    this.#scans.add(scan);
    try {
      let page: [Buffer, Value][] = [];
      let bytes = 0;
      for (;;) {
        if (ended) throw new Error('the store was closed during a scan');
        const row = rows.next();
        if (row.done) break;
        const { key, value } = row.value;
        page.push([key, unseal(key, value, () => nameOf(p, table, key, front.length), table)]);
        bytes += key.length + value.length;
        if (page.length >= PAGE_ROWS || bytes >= PAGE_BYTES) {
          yield page;
          page = [];
          bytes = 0;
        }
      }
      if (page.length > 0) yield page;
    } finally {
      this.#scans.delete(scan);
      scan[Symbol.dispose]();
    }
  }

  #buckets(prefix: Buffer): string[] {
    const names: string[] = [];
    let start = prefix;
    const end = endOf(prefix, undefined);
    for (;;) {
      const [key] = this.#tables[Table.immutable]!.getKeys({ start, end, limit: 1 });
      if (!key) return names;
      const name = key.subarray(prefix.length, key.indexOf(0, prefix.length)).toString('latin1');
      names.push(name);
      start = Buffer.concat([prefix, Buffer.from(`${name}\x01`)]);
    }
  }
}

/** The first key that is not of the range any more. */
function endOf(prefix: Buffer, end: Key | undefined): Buffer {
  if (end) return Buffer.concat([prefix, end]);
  const behind = Buffer.from(prefix);
  behind[behind.length - 1] = 1; // every prefix ends with NUL
  return behind;
}

/** A key, which may be damaged: the name of its partition if it still has one. */
function printed(key: Buffer): string {
  const end = key.indexOf(0);
  return end < 0
    ? key.toString('hex')
    : `of ${JSON.stringify(key.toString('utf8', 0, end))}, ${key.toString('hex', end + 1)}`;
}

function nameOf(p: Partition, table: number, place: Uint8Array, front: number): string {
  return `${TABLES[table]} of ${p}, ${Buffer.from(place.subarray(front)).toString('hex')}`;
}

/** LMDB would read beyond the end of a file that was cut, and the process would die of it. */
function checkLength(folder: string, root: RootDatabase<Buffer, Buffer>): void {
  const { lastPageNumber } = (root as unknown as { env: { info(): { lastPageNumber: number } } }).env.info();
  const { size } = statSync(join(folder, 'data.mdb'));
  if (size < (lastPageNumber + 1) * PAGE)
    throw new Damaged(
      `${folder} was cut: ${size} bytes are left of ${(lastPageNumber + 1) * PAGE}: restore it from a backup`,
    );
}

function checkFormat(folder: string, root: RootDatabase<Buffer, Buffer>, tables: readonly Bytes[]): void {
  const key = Buffer.from('format');
  const stored = tables[Table.store]!.getBinary(key);
  if (!stored) {
    root.transactionSync(() => void tables[Table.store]!.put(key, Buffer.from(String(FORMAT))));
    return;
  }
  const format = Number(stored.toString());
  if (format !== FORMAT)
    throw new Error(
      format > FORMAT
        ? `${folder} was written by a newer version of Pabal (format ${format}, this one knows ${FORMAT}): run that version`
        : `${folder} has the unknown format ${stored.toString('latin1')}`,
    );
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await openFile(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
