/**
 * The KeyValueStore on LMDB, for one process. Reads are done here, straight from the memory map (`kv-lmdb-reads.ts`); writes
 * are packed and go to a thread of their own (`kv-lmdb-writes.ts`), where everything that waits shares one transaction and
 * one sync.
 *
 * Nobody else writes, so a commit's version is checked here, against the head as the commits already on their way leave
 * it; the engine needs no conditions. Once a transaction fails, whatever was sent after it fails too: nothing issued later
 * ever outlives something issued earlier.
 */
import { mkdirSync, statfsSync, statSync } from 'node:fs';
import { mkdir, open as openFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
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
  type StoreFailed,
  type Value,
  type Version,
} from '../ports/kv.ts';
import { lockData } from './data-lock.ts';
import { BatchWriter, Op, Table, TABLES } from './kv-lmdb-batch.ts';
import { encodeHead } from './kv-lmdb-head.ts';
import { LMDB_OPTIONS, MAP_SIZE, PAGE, TABLE_OPTIONS } from './kv-lmdb-options.ts';
import { type Part, Parts } from './kv-lmdb-parts.ts';
import { endOf, Reads } from './kv-lmdb-reads.ts';
import { type Group, Writes } from './kv-lmdb-writes.ts';
import { checkBucket, checkCommit, checkEntries, checkKey } from './kv-rows.ts';

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
const NOTHING = new Uint8Array(0);
const APPLIED: CommitResult = { kind: 'applied' };

type Bytes = Database<Buffer, Buffer>;

/** Makes the folder when there is none. Throws `DataInUse`; an Error with a reason when it cannot be opened. */
export function openLmdb(folder: string, options: LmdbKvOptions = {}): Promise<LmdbKv> {
  return LmdbKv.open(folder, options);
}

export class LmdbKv implements KeyValueStore {
  readonly supports = { snapshots: true, orderedWrites: true, backup: true } as const;
  readonly limits = KV_LIMITS;

  readonly #lock: Disposable;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #parts: Parts;
  readonly #reads: Reads;
  readonly #writes: Writes;

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
    this.#lock = lock;
    this.#root = root;
    this.#parts = new Parts(tables[Table.heads]!);
    this.#reads = new Reads(tables, join(folder, 'data.mdb'));
    const { minFree = 64 << 20, free = freeBytes } = options;
    this.#writes = new Writes(worker, tables, { folder, minFree, free });
  }

  /** What went through since the start. */
  get counters(): Writes['counters'] {
    return this.#writes.counters;
  }

  get lost(): number {
    return this.#writes.lost;
  }

  /** Resolves, should the store ever fail, with the reason. */
  get failure(): Promise<StoreFailed> {
    return this.#writes.failure;
  }

  /** Why nothing is acknowledged any more. */
  get failed(): StoreFailed | undefined {
    return this.#writes.failed;
  }

  /** Nothing is taken any more: for what shares the disk with the store and has found it broken. What is on its way ends
   * as it ends. */
  fail(error: StoreFailed): void {
    this.#writes.fail(error);
  }

  /** Little room is left: only small commits are taken. */
  get full(): boolean {
    return this.#writes.full;
  }

  async head(p: Partition): Promise<Head> {
    const { version, commitId, value } = this.#part(p);
    return { version, commitId, value };
  }

  async get(p: Partition, keys: readonly Key[]): Promise<(Value | undefined)[]> {
    const { prefix } = this.#part(p);
    return keys.map((key) => this.#reads.row(p, Table.rows, prefix, key));
  }

  async *scan(p: Partition, range: Range): AsyncIterable<readonly Entry[]> {
    const { prefix } = this.#part(p);
    for (const page of this.#reads.pages(p, Table.rows, prefix, range)) {
      yield page.map(([key, value]) => [key.subarray(prefix.length), value] as const);
    }
  }

  async commit(p: Partition, expect: Version, next: Version, batch: Batch, id: CommitId): Promise<CommitResult> {
    checkCommit(p, expect, next, batch, id);
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
    this.#writes.roomFor(size, SMALL_COMMIT);

    const group = this.#writes.group(size);
    for (const { start, end } of clear)
      this.#writes.write(Op.clear, Table.rows, prefix, start ?? NOTHING, endOf(prefix, end));
    for (const key of remove) this.#writes.write(Op.remove, Table.rows, prefix, key, undefined);
    for (const [key, row] of put) this.#writes.write(Op.put, Table.rows, prefix, key, row);
    this.#writes.write(Op.put, Table.heads, name, NOTHING, head);

    group.commits.push({ part, expect, next, id, value });
    part.pending = next;
    part.pendingValue = value;
    part.inFlight++;
    part.last = group;
    await group.done;
    return APPLIED;
  }

  async resolve(p: Partition, expect: Version, id: CommitId): Promise<'applied' | 'not-applied'> {
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
    this.#writable();
    const prefix = Buffer.concat([this.#part(p).prefix, Buffer.from(`${bucket}\0`)]);
    let size = 0;
    for (const [key, value] of rows) size += BatchWriter.size(prefix, key.length, value.length);
    this.#writes.roomFor(size, 0);
    if (rows.length === 0) return;
    let group: Group | undefined;
    for (const [key, value] of rows) {
      group = this.#writes.group(BatchWriter.size(prefix, key.length, value.length));
      this.#writes.write(Op.putNew, Table.immutable, prefix, key, value);
    }
    await group!.done;
  }

  async getImmutable(p: Partition, bucket: string, keys: readonly Key[]): Promise<(Value | undefined)[]> {
    checkBucket(bucket);
    const prefix = Buffer.concat([this.#part(p).prefix, Buffer.from(`${bucket}\0`)]);
    return keys.map((key) => this.#reads.row(p, Table.immutable, prefix, key));
  }

  async *scanImmutable(
    p: Partition,
    bucket: string | undefined,
    range: Range,
  ): AsyncIterable<readonly ImmutableEntry[]> {
    if (bucket !== undefined) checkBucket(bucket);
    const { prefix } = this.#part(p);
    const names = bucket === undefined ? this.#reads.buckets(prefix) : [bucket];
    if (range.reverse) names.reverse();
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    for (const name of names) {
      if (left <= 0) return;
      const front = Buffer.concat([prefix, Buffer.from(`${name}\0`)]);
      for (const page of this.#reads.pages(p, Table.immutable, front, { ...range, limit: left })) {
        left -= page.length;
        yield page.map(([key, value]) => ({ bucket: name, key: key.subarray(front.length), value }));
      }
    }
  }

  async dropImmutable(p: Partition, bucket: string, keys: readonly Key[]): Promise<void> {
    checkBucket(bucket);
    for (const key of keys) checkKey(key);
    this.#writable();
    if (keys.length === 0) return;
    const prefix = Buffer.concat([this.#part(p).prefix, Buffer.from(`${bucket}\0`)]);
    let group: Group | undefined;
    for (const key of keys) {
      group = this.#writes.group(BatchWriter.size(prefix, key.length, 0));
      this.#writes.write(Op.remove, Table.immutable, prefix, key, undefined);
    }
    await group!.done;
  }

  partitions(kind: PartitionKind, after?: Partition): AsyncIterable<Partition> {
    return this.#reads.partitions(kind, after);
  }

  async backup(folder: string): Promise<void> {
    this.#reads.usable();
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

  /** See `Reads.check`. */
  check(): AsyncIterable<string> {
    return this.#reads.check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#reads.closed) return;
    await this.#writes.settled();
    this.#reads.close();
    await this.#writes.end();
    await this.#root.close();
    this.#lock[Symbol.dispose]();
  }

  #part(p: Partition): Part {
    this.#reads.usable();
    return this.#parts.get(p);
  }

  #writable(): void {
    this.#reads.usable();
    this.#writes.check();
  }
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
