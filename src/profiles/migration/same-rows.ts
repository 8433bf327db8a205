/**
 * Makes a partition of one store the same as that of another, whatever the engines: only what differs is written, so that a copy that was
 * interrupted goes on where it was, and one that is complete is compared and nothing else. Nobody writes to either meanwhile.
 */
import {
  type Batch,
  type CommitId,
  type Entry,
  type KeyValueStore,
  type Partition,
  type Value,
} from '../../ports/kv.ts';

export interface CopyOptions {
  /** Write-once rows that stay behind. */
  readonly skipBuckets: ReadonlySet<string>;
  /** As in `CommitLoopOptions`. */
  readonly newId: () => CommitId;
}

export interface Copied {
  /** Of the source, with its write-once rows. */
  rows: number;
  bytes: number;
  /** Rows that had to be written or removed. */
  changed: number;
}

interface Row {
  /** '' for rows that are not write-once. */
  readonly bucket: string;
  readonly key: Uint8Array;
  readonly value: Value;
}

interface Difference {
  readonly bucket: string;
  readonly key: Uint8Array;
  /** Absent: it has to go. */
  readonly value?: Value;
}

/** Well within what an engine takes in one commit. */
const MOST_OPS = 5_000;
const MOST_BYTES = 2 << 20;
const MOST_IMMUTABLE = 64;

/** Throws `Damaged` for a row of the source that is not what was written, and what the engines throw. */
export async function makeSame(
  from: KeyValueStore,
  to: KeyValueStore,
  p: Partition,
  options: CopyOptions,
): Promise<Copied> {
  const copied: Copied = { rows: 0, bytes: 0, changed: 0 };
  // First what the other rows name.
  await copyImmutable(from, to, p, options, copied);
  await copyRows(from, to, p, options, copied);
  return copied;
}

async function copyRows(
  from: KeyValueStore,
  to: KeyValueStore,
  p: Partition,
  { newId }: CopyOptions,
  copied: Copied,
): Promise<void> {
  const [source, target] = [await from.head(p), await to.head(p)];
  let { version } = target;
  let put: Entry[] = [];
  let remove: Uint8Array[] = [];
  let bytes = 0;
  const commit = async (next: number, batch: Batch): Promise<void> => {
    const id = newId();
    const { kind } = await to.commit(p, version, next, batch, id);
    const done = kind === 'unknown' ? await to.resolve(p, version, id) : kind;
    if (done !== 'applied') throw new Error(`somebody else writes to ${p} of the store that mail moves to`);
    version = next;
  };
  for await (const { key, value } of differences(rowsOf(from, p), rowsOf(to, p), copied)) {
    if (value === undefined) remove.push(key);
    else put.push([key, value]);
    bytes += key.length + (value?.length ?? 0);
    if (put.length + remove.length < MOST_OPS && bytes < MOST_BYTES) continue;
    await commit(version + 1, { put, remove });
    [put, remove, bytes] = [[], [], 0];
  }
  // An account without its header does not exist: what is half there is seen by nobody.
  const header = source.value;
  const same = header === undefined ? target.value === undefined : equal(header, target.value);
  if (put.length + remove.length === 0 && same && version >= source.version) return;
  await commit(Math.max(version + 1, source.version), { ...(header && { header }), put, remove });
}

async function copyImmutable(
  from: KeyValueStore,
  to: KeyValueStore,
  p: Partition,
  { skipBuckets }: CopyOptions,
  copied: Copied,
): Promise<void> {
  let bucket = '';
  let put: Entry[] = [];
  let drop: Uint8Array[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (put.length > 0) await to.putImmutable(p, bucket, put);
    if (drop.length > 0) await to.dropImmutable(p, bucket, drop);
    [put, drop, bytes] = [[], [], 0];
  };
  const [a, b] = [immutableOf(from, p, skipBuckets), immutableOf(to, p, skipBuckets)];
  for await (const one of differences(a, b, copied)) {
    const full = put.length + drop.length >= MOST_IMMUTABLE || bytes >= MOST_BYTES;
    if (full || one.bucket !== bucket) await flush();
    bucket = one.bucket;
    if (one.value === undefined) drop.push(one.key);
    else put.push([one.key, one.value]);
    bytes += one.value?.length ?? 0;
  }
  await flush();
}

/** What has to be written or removed in `target` to make it the same; both are in order of bucket and key. */
async function* differences(
  source: AsyncIterator<Row>,
  target: AsyncIterator<Row>,
  copied: Copied,
): AsyncGenerator<Difference, void, undefined> {
  let [s, t] = [await source.next(), await target.next()];
  while (s.done !== true || t.done !== true) {
    const order = s.done === true ? 1 : t.done === true ? -1 : compare(s.value, t.value);
    if (order <= 0 && s.done !== true) {
      copied.rows++;
      copied.bytes += s.value.key.length + s.value.value.length;
      if (order < 0 || t.done === true || !equal(s.value.value, t.value.value)) {
        copied.changed++;
        yield s.value;
      }
      s = await source.next();
    } else if (t.done !== true) {
      copied.changed++;
      yield { bucket: t.value.bucket, key: t.value.key };
    }
    if (order >= 0) t = await target.next();
  }
}

async function* rowsOf(kv: KeyValueStore, p: Partition): AsyncGenerator<Row, void, undefined> {
  for await (const page of kv.scan(p, {})) for (const [key, value] of page) yield { bucket: '', key, value };
}

async function* immutableOf(
  kv: KeyValueStore,
  p: Partition,
  skip: ReadonlySet<string>,
): AsyncGenerator<Row, void, undefined> {
  for await (const page of kv.scanImmutable(p, undefined, {}))
    for (const row of page) if (!skip.has(row.bucket)) yield row;
}

function compare(a: Row, b: Row): number {
  if (a.bucket !== b.bucket) return a.bucket < b.bucket ? -1 : 1;
  return Buffer.compare(a.key, b.key);
}

function equal(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && Buffer.compare(a, b) === 0;
}
