/**
 * KeyValueStore: an ordered map per partition; the only durable truth about mail.
 *
 * Atomic: one `commit` (all rows or none, guarded by the partition's version). Durable: whatever a resolved promise
 * of `commit` (`applied`) or `putImmutable` covers survives the loss of power. Possibly stale: nothing; a read sees
 * every commit that was acknowledged before it began.
 */

/** What a partition belongs to: `u` account, `a` address claim, `i` identity (credentials), `d` domain, `s` slot feed,
 * `q` queue shard, `b` blob links of a hash shard, `m` module cursor, `c` cluster,
 * `h` sender id of held mail. */
export type PartitionKind = (typeof PARTITION_KINDS)[number];
export const PARTITION_KINDS = ['u', 'a', 'i', 'd', 's', 'q', 'b', 'm', 'c', 'h'] as const;

/** `<kind>/<id>`; the id is at most 320 bytes of UTF-8 without NUL. */
export type Partition = string & { readonly __brand: 'Partition' };

export function partition(kind: PartitionKind, id: string): Partition {
  return `${kind}/${id}` as Partition;
}

/** At most 512 bytes; keys order as unsigned bytes. */
export type Key = Uint8Array;
/** At most 256 KiB. A reader must not change the bytes it was given, and may keep them. */
export type Value = Uint8Array;

/** Keys from `start` (included) to `end` (excluded). */
export interface Range {
  readonly start?: Key;
  readonly end?: Key;
  readonly reverse?: boolean;
  /** Rows at most, over the whole scan. */
  readonly limit?: number;
}
export type Entry = readonly [key: Key, value: Value];

/** Versions are safe integers (ADR 0002): 0 when the partition does not exist. */
export type Version = number;

/** Names one attempt to commit, unique for ever; 1 to 40 printable ASCII characters. */
export type CommitId = string & { readonly __brand: 'CommitId' };

export interface Head {
  readonly version: Version;
  readonly commitId: CommitId | undefined;
  /** The header row's own value, as the last commit wrote it. */
  readonly value: Value | undefined;
}

/** Applied in this order: `clear`, `remove`, `put`. Keys in one batch are distinct. */
export interface Batch {
  /** The new value of the header row; absent = unchanged. */
  readonly header?: Value;
  readonly put?: readonly Entry[];
  readonly remove?: readonly Key[];
  readonly clear?: readonly Range[];
}

export type CommitResult =
  | { readonly kind: 'applied' }
  /** Nothing was written; `version` is what the partition is at now. */
  | { readonly kind: 'conflict'; readonly version: Version }
  /** Nobody can say yet; ask `resolve`. */
  | { readonly kind: 'unknown' };

export interface KeyValueStore extends AsyncDisposable {
  /** Version, last commit id and header value of the partition. Cheap. */
  head(p: Partition): Promise<Head>;
  get(p: Partition, keys: readonly Key[]): Promise<(Value | undefined)[]>;
  /** Pages of rows in key order. A snapshot of one moment when `supports.snapshots`; else a row committed meanwhile
   * may or may not be seen, but rows that nobody touches are seen exactly once. */
  scan(p: Partition, range: Range): AsyncIterable<readonly Entry[]>;
  /** All or nothing: from version `expect` to `next` (> expect). `applied` means it survives the loss of power.
   * Throws `StoreFailed` when the engine can no longer promise that (then every later write throws, too). */
  commit(p: Partition, expect: Version, next: Version, batch: Batch, id: CommitId): Promise<CommitResult>;
  /** Settles an `unknown`: did the commit that started at `expect` with this id apply? After 'not-applied' it never can
   * (an adapter that cannot know writes a fencing commit of its own, which moves the version). */
  resolve(p: Partition, expect: Version, id: CommitId): Promise<'applied' | 'not-applied'>;

  /** Write-once rows beside the partition: idempotent, without compare-and-set, not counted in its version. `bucket`
   * is 1 to 16 characters of [a-z0-9]. Durable when resolved. */
  putImmutable(p: Partition, bucket: string, rows: readonly Entry[]): Promise<void>;
  getImmutable(p: Partition, bucket: string, keys: readonly Key[]): Promise<(Value | undefined)[]>;
  /** Every bucket when `bucket` is undefined; then in order of bucket and key. */
  scanImmutable(p: Partition, bucket: string | undefined, range: Range): AsyncIterable<readonly ImmutableEntry[]>;
  dropImmutable(p: Partition, bucket: string, keys: readonly Key[]): Promise<void>;

  /** Every partition of a kind that has a header or immutable rows, in order of id, beginning after `after`. Reads the
   * whole store on some engines: for verify, backup and nightly sweeps only. */
  partitions(kind: PartitionKind, after?: Partition): AsyncIterable<Partition>;

  readonly supports: {
    /** `scan` sees one moment. */
    readonly snapshots: boolean;
    /** What was issued earlier (`putImmutable`, `commit`, whatever the partition) is never lost when something issued
     * later through this store is durable: then a writer may await them together, at the price of one sync. */
    readonly orderedWrites: boolean;
    /** `backup` works. */
    readonly backup: boolean;
  };
  /**
   * With `orderedWrites`: grows when a write is refused or lost, before anybody is told. As long as it is what it was before a write was issued, that
   * write is done or on its way, and what is issued in the same turn of the event loop is durable only together with it. Absent: nobody
   * relies on the order without waiting.
   */
  readonly lost?: number;
  readonly limits: KvLimits;
  /** A consistent copy of the whole store in an empty folder, while it is in use. */
  backup?(folder: string): Promise<void>;
  /** Does the engine's own structure hold together? Reads everything; answers what is wrong, one line each. For what
   * checksums of values cannot show: rows that are there and are not found. */
  check?(): AsyncIterable<string>;
}

export interface ImmutableEntry {
  readonly bucket: string;
  readonly key: Key;
  readonly value: Value;
}

export interface KvLimits {
  /** Rows and bytes of one commit. */
  readonly ops: number;
  readonly bytes: number;
  /** What a group of operations that share a commit should stay within. */
  readonly group: { readonly ops: number; readonly bytes: number };
}

export const KV_LIMITS: KvLimits = { ops: 20_000, bytes: 4 << 20, group: { ops: 500, bytes: 256 << 10 } };

/** The engine can promise nothing any more (a failed sync, a full or damaged disk): stop acknowledging. */
export class StoreFailed extends Error {
  override readonly name = 'StoreFailed';
}
/** No room: nothing was written, and reads and removals still work. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';
}
/** A stored value does not match its checksum, or a blob its digest. It is never served. */
export class Damaged extends Error {
  override readonly name = 'Damaged';
}
