/**
 * The key-value store on PostgreSQL (15 or newer, no extension). A commit is one statement. What it answers counts only where the
 * server keeps its promise: `fsync` is on, and `synchronous_commit` is, for our connections; both are looked at when the store is opened.
 * A connection that breaks while a commit is at work leaves it `unknown`: `resolve` then moves the version on, or finds that
 * the commit has. Whoever cancels the wait for a synchronous standby makes the server say that all went well, with a warning: that is
 * unknown, too.
 */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import {
  type Batch,
  type CommitId,
  type CommitResult,
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
import { checkBucket, checkCommit, checkEntries, checkPartition, MAX_KEY, seal, unseal } from './kv-rows.ts';
import { applicationName, type Lease, type StandbyOptions, takeLease } from './kv-postgres-lease.ts';
import * as sql from './kv-postgres-sql.ts';

export interface PostgresOptions {
  /** Connections at most. */
  readonly connections?: number;
  /** How long a read waits for a server that is away, and `resolve` for an answer, in milliseconds. */
  readonly patienceMs?: number;
  /** Of this service (see `LeaseOptions`); made from the process's number when absent. */
  readonly name?: string;
  /** Wait while another service has the database. */
  readonly standby?: StandbyOptions;
}

/** Rows of one page of a scan; immutable ones are larger. */
const PAGE = 256;
const IMMUTABLE_PAGE = 32;
/** Above every key. */
const END = Buffer.alloc(MAX_KEY + 1, 0xff);
const NOTHING = Buffer.alloc(0);
const RETRY_MS = 200;

interface PartRow {
  readonly ver: string;
  readonly id: string;
  readonly value: Buffer | null;
  readonly recent: Buffer;
}

/**
 * Makes the tables where there are none. Throws when the server cannot be reached, is too old, promises nothing, or serves another
 * Pabal that is not waited for.
 */
export async function openPostgres(url: string, options: PostgresOptions = {}): Promise<PostgresKv> {
  const { name = `service-${process.pid}`, standby } = options;
  const lease = await takeLease(url, { name, ...(standby && { standby }) });
  try {
    await lease.client.query(sql.TABLES);
    const formats = await lease.client.query<{ format: number }>('select format from pabal_format');
    const format = formats.rows[0]?.format;
    if (format !== sql.FORMAT)
      throw new Error(
        `the database has format ${format}, this version knows ${sql.FORMAT}: run the version that made it`,
      );
    const kv = new PostgresKv(url, lease, options);
    await lease.begin((error) => kv.fail(error));
    return kv;
  } catch (error) {
    await lease[Symbol.asyncDispose]();
    throw error;
  }
}

export class PostgresKv implements KeyValueStore {
  readonly limits = KV_LIMITS;
  readonly supports = { snapshots: false, orderedWrites: false, backup: false };
  readonly #pool: pg.Pool;
  readonly #lease: Lease;
  readonly #patienceMs: number;
  readonly #failure = Promise.withResolvers<StoreFailed>();
  #failed: StoreFailed | undefined;
  #closed = false;
  #fences = 0;

  constructor(url: string, lease: Lease, { connections = 10, patienceMs = 15_000 }: PostgresOptions) {
    this.#patienceMs = patienceMs;
    this.#lease = lease;
    this.#pool = new pg.Pool({
      connectionString: url,
      application_name: applicationName(lease.name),
      max: connections,
      connectionTimeoutMillis: patienceMs,
      // Not what the server's owner, or somebody's role, prefers.
      options: '-c synchronous_commit=on -c lc_messages=C',
    });
    // One that breaks while nobody uses it is replaced; whoever uses it is told by what it asked.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Resolves, should the store ever fail, with the reason. */
  get failure(): Promise<StoreFailed> {
    return this.#failure.promise;
  }

  /** Why nothing is acknowledged any more. */
  get failed(): StoreFailed | undefined {
    return this.#failed;
  }

  /** Nothing is taken any more. */
  fail(error: StoreFailed): void {
    this.#failed ??= error;
    this.#failure.resolve(error);
  }

  /** What holds for the connections that write. */
  async setting(name: string): Promise<string | undefined> {
    const rows = await this.#read<{ value: string }>('setting', 'select current_setting($1) as value', [name]);
    return rows[0]?.value;
  }

  async head(p: Partition): Promise<Head> {
    const row = await this.#head(p);
    return {
      version: Number(row?.ver ?? 0),
      commitId: row?.id as CommitId | undefined,
      value: row?.value ? unseal(placeOf(p), row.value, () => `header of ${p}`) : undefined,
    };
  }

  async get(p: Partition, keys: readonly Key[]): Promise<(Value | undefined)[]> {
    checkPartition(p);
    if (keys.length === 0) return [];
    const rows = await this.#read<{ k: Buffer; v: Buffer }>('get', sql.GET, [bytesOf(p), keys.map(buffer)]);
    return inOrder(p, '', keys, rows);
  }

  async *scan(p: Partition, range: Range): AsyncIterable<readonly Entry[]> {
    checkPartition(p);
    yield* this.#pages(p, '', range);
  }

  async commit(p: Partition, expect: Version, next: Version, batch: Batch, id: CommitId): Promise<CommitResult> {
    checkPartition(p);
    checkCommit(p, expect, next, batch, id);
    this.#writable();
    const { header, put = [], remove = [], clear = [] } = batch;
    const values = [
      bytesOf(p),
      expect,
      id,
      entryOf(expect, id),
      next,
      header ? seal(placeOf(p), header) : null,
      put.map(([key]) => copied(key)),
      put.map(([key, value]) => seal(placeOf(p, '', key), value)),
      remove.map(copied),
      clear.map(({ start }) => (start ? copied(start) : NOTHING)),
      clear.map(({ end }) => (end ? copied(end) : END)),
    ];
    const client = await this.#connected();
    let doubt: Error | undefined;
    const onNotice = (notice: {
      readonly severity?: string | undefined;
      readonly message?: string | undefined;
    }): void => {
      if (notice.severity === 'WARNING') doubt = new Error(notice.message);
    };
    client.on('notice', onNotice);
    let applied: number | undefined;
    try {
      const { rows } = await client.query<{ applied: number }>({ name: 'commit', text: sql.COMMIT, values });
      applied = rows[0]?.applied;
    } catch (error) {
      if (isSettled(error)) {
        if (!isSerialization(error)) throw toTell(error);
        applied = 0;
      } else doubt = error as Error;
    } finally {
      client.off('notice', onNotice);
      client.release(doubt);
    }
    if (doubt) return { kind: 'unknown' };
    if (applied === 1) return { kind: 'applied' };
    return { kind: 'conflict', version: Number((await this.#head(p))?.ver ?? 0) };
  }

  async resolve(p: Partition, expect: Version, id: CommitId): Promise<'applied' | 'not-applied'> {
    const fence = `fence.${process.pid}.${++this.#fences}` as CommitId;
    const before = await this.#head(p);
    if (before && isIn(before.recent, expect, id)) return 'applied';
    // Also when its connection broke long ago: the statement waits for whoever still holds the row.
    const fenced = await this.#patiently(async () => {
      const values = [bytesOf(p), expect, fence, entryOf(expect, fence)];
      const { rows } = await this.#pool.query<{ applied: number }>({ name: 'fence', text: sql.FENCE, values });
      return rows[0]?.applied === 1;
    });
    if (fenced) return 'not-applied';
    const row = await this.#head(p);
    if (row && isIn(row.recent, expect, id)) return 'applied';
    // Each commit starts where the one before ended: one that started there, or later, shows that this one did not.
    if (!row || Number(row.ver) <= expect || startsOf(row.recent).some((start) => start <= expect))
      return 'not-applied';
    throw new Error(`commit ${id} of ${p} at version ${expect} is too long ago to tell whether it applied`);
  }

  async putImmutable(p: Partition, bucket: string, rows: readonly Entry[]): Promise<void> {
    checkPartition(p);
    checkBucket(bucket);
    checkEntries(rows);
    this.#writable();
    if (rows.length === 0) return;
    // Of one that is twice the first counts; done twice is done once, so that it may be tried again.
    const keys = rows.map(([key]) => copied(key));
    const values = rows.map(([key, value]) => seal(placeOf(p, bucket, key), value));
    await this.#write('put', sql.PUT_IMMUTABLE, [bytesOf(p), bucket, keys, values]);
  }

  async getImmutable(p: Partition, bucket: string, keys: readonly Key[]): Promise<(Value | undefined)[]> {
    checkPartition(p);
    checkBucket(bucket);
    if (keys.length === 0) return [];
    const values = [bytesOf(p), bucket, keys.map(buffer)];
    return inOrder(p, bucket, keys, await this.#read('get-immutable', sql.GET_IMMUTABLE, values));
  }

  async *scanImmutable(
    p: Partition,
    bucket: string | undefined,
    range: Range,
  ): AsyncIterable<readonly ImmutableEntry[]> {
    checkPartition(p);
    if (bucket !== undefined) checkBucket(bucket);
    const buckets =
      bucket === undefined
        ? (await this.#read<{ b: string }>('buckets', sql.BUCKETS, [bytesOf(p)])).map(({ b }) => b)
        : [bucket];
    if (range.reverse) buckets.reverse();
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    for (const name of buckets)
      for await (const page of this.#pages(p, name, { ...range, limit: left })) {
        left -= page.length;
        yield page.map(([key, value]) => ({ bucket: name, key, value }));
      }
  }

  async dropImmutable(p: Partition, bucket: string, keys: readonly Key[]): Promise<void> {
    checkPartition(p);
    checkBucket(bucket);
    this.#writable();
    if (keys.length > 0) await this.#write('drop', sql.DROP_IMMUTABLE, [bytesOf(p), bucket, keys.map(copied)]);
  }

  async *partitions(kind: PartitionKind, after?: Partition): AsyncIterable<Partition> {
    const end = Buffer.from(`${kind}0`);
    let last: Uint8Array = Buffer.from(after ?? `${kind}/`);
    for (;;) {
      const rows = await this.#read<{ p: Buffer }>('partitions', sql.PARTITIONS, [last, end]);
      for (const { p } of rows) yield p.toString() as Partition;
      if (rows.length === 0) return;
      last = rows.at(-1)!.p;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#pool.end();
    await this.#lease[Symbol.asyncDispose]();
  }

  async *#pages(p: Partition, bucket: string, { start, end, reverse, limit }: Range): AsyncIterable<readonly Entry[]> {
    let from: Uint8Array = start ? buffer(start) : NOTHING;
    let to: Uint8Array = end ? buffer(end) : END;
    let left = limit ?? Number.POSITIVE_INFINITY;
    const most = bucket === '' ? PAGE : IMMUTABLE_PAGE;
    const [name, text] = scanOf(bucket, reverse === true);
    while (left > 0) {
      const count = Math.min(left, most);
      const values = [bytesOf(p), from, to, count, ...(bucket === '' ? [] : [bucket])];
      const rows = await this.#read<{ k: Buffer; v: Buffer }>(name, text, values);
      if (rows.length > 0) yield rows.map(({ k, v }) => [k, opened(p, bucket, k, v)] as const);
      if (rows.length < count) return;
      left -= rows.length;
      const last = rows.at(-1)!.k;
      // The smallest key above it; its own is left out going down.
      if (reverse) to = last;
      else from = Buffer.concat([last, Buffer.of(0)]);
    }
  }

  async #head(p: Partition): Promise<PartRow | undefined> {
    checkPartition(p);
    return (await this.#read<PartRow>('head', sql.HEAD, [bytesOf(p)]))[0];
  }

  async #read<T extends pg.QueryResultRow>(name: string, text: string, values: unknown[]): Promise<T[]> {
    return this.#patiently(async () => (await this.#pool.query<T>({ name, text, values })).rows);
  }

  async #write(name: string, text: string, values: unknown[]): Promise<void> {
    await this.#patiently(() => this.#pool.query({ name, text, values }));
  }

  /** What may be done twice is tried again while the server is away. */
  async #patiently<T>(act: () => Promise<T>): Promise<T> {
    const until = performance.now() + this.#patienceMs;
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (isSettled(error) && !isSerialization(error)) throw toTell(error);
        if (this.#closed || performance.now() > until)
          throw new StoreFailed((error as Error).message, { cause: error });
      }
      await pause(RETRY_MS);
    }
  }

  /** Nothing was sent yet when this throws. */
  async #connected(): Promise<pg.PoolClient> {
    return this.#patiently(() => this.#pool.connect());
  }

  #writable(): void {
    if (this.#failed) throw this.#failed;
    if (this.#closed) throw new StoreFailed('the store is closed');
  }
}

function scanOf(bucket: string, reverse: boolean): readonly [name: string, text: string] {
  if (bucket === '') return reverse ? ['scan-back', sql.SCAN_BACK] : ['scan', sql.SCAN];
  return reverse ? ['immutable-back', sql.SCAN_IMMUTABLE_BACK] : ['immutable', sql.SCAN_IMMUTABLE];
}

/** The server said no, and has undone what it began. It has not where it was ended, or says that something about the connection is wrong. */
function isSettled(error: unknown): error is pg.DatabaseError {
  const code = error instanceof pg.DatabaseError ? error.code : undefined;
  return code !== undefined && !/^(08|57P|58|XX)/.test(code);
}

/** 40001, 40P01: somebody else was quicker. */
function isSerialization({ code }: pg.DatabaseError): boolean {
  return code?.startsWith('40') === true;
}

function toTell(error: pg.DatabaseError): Error {
  return error.code === '53100' ? new StoreFull(error.message, { cause: error }) : error;
}

function bytesOf(p: Partition): Buffer {
  return Buffer.from(p);
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The caller may use its own again before the bytes are on their way. */
function copied(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}

/** What a checksum covers beside the value: the names have no NUL. */
function placeOf(p: Partition, bucket = '', key: Uint8Array = NOTHING): Buffer {
  return Buffer.concat([Buffer.from(`${p}\0${bucket}\0`), key]);
}

function opened(p: Partition, bucket: string, key: Uint8Array, sealed: Buffer): Uint8Array {
  return unseal(placeOf(p, bucket, key), sealed, () =>
    `row ${Buffer.from(key).toString('hex')} of ${p} ${bucket}`.trim(),
  );
}

function inOrder(
  p: Partition,
  bucket: string,
  keys: readonly Key[],
  rows: readonly { readonly k: Buffer; readonly v: Buffer }[],
): (Value | undefined)[] {
  const found = new Map(rows.map(({ k, v }) => [k.toString('latin1'), v]));
  return keys.map((key) => {
    const sealed = found.get(buffer(key).toString('latin1'));
    return sealed && opened(p, bucket, key, sealed);
  });
}

function entryOf(expect: Version, id: CommitId): Buffer {
  const entry = Buffer.alloc(sql.RECENT_ENTRY, ' ');
  entry.writeDoubleBE(expect);
  entry.write(id, 8, 'latin1');
  return entry;
}

function isIn(recent: Buffer, expect: Version, id: CommitId): boolean {
  const entry = entryOf(expect, id);
  for (let at = 0; at < recent.length; at += entry.length)
    if (recent.subarray(at, at + entry.length).equals(entry)) return true;
  return false;
}

function startsOf(recent: Buffer): number[] {
  return Array.from({ length: recent.length / sql.RECENT_ENTRY }, (_, i) => recent.readDoubleBE(i * sql.RECENT_ENTRY));
}
