/** What every KeyValueStore adapter does alike: order of keys, checks of what callers hand in, checksums of values. */
import { crc32 } from 'node:zlib';
import {
  type Batch,
  type CommitId,
  Damaged,
  type Entry,
  type Key,
  KV_LIMITS,
  type Partition,
  PARTITION_KINDS,
} from '../ports/kv.ts';

export const MAX_KEY = 512;
export const MAX_VALUE = 256 << 10;
/** Bytes that `seal` adds. */
export const SEAL = 4;

const COMMIT_ID = /^[\x21-\x7e]{1,40}$/;
const BUCKET = /^[a-z0-9]{1,16}$/;
const PARTITION = new RegExp(`^[${PARTITION_KINDS.join('')}]/[^\\0]*$`, 's');

export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

export function checkPartition(p: Partition): void {
  if (!PARTITION.test(p) || Buffer.byteLength(p) > 322)
    throw new RangeError(`not a partition: ${JSON.stringify(p).slice(0, 400)}`);
}

export function checkBucket(bucket: string): void {
  if (!BUCKET.test(bucket)) throw new RangeError(`not a bucket: ${JSON.stringify(bucket).slice(0, 40)}`);
}

export function checkKey(key: Key): void {
  if (key.length > MAX_KEY) throw new RangeError(`a key of ${key.length} bytes: at most ${MAX_KEY}`);
}

export function checkEntries(rows: readonly Entry[]): void {
  for (const [key, value] of rows) {
    if (key.length > MAX_KEY) throw new RangeError(`a key of ${key.length} bytes: at most ${MAX_KEY}`);
    if (value.length > MAX_VALUE) throw new RangeError(`a value of ${value.length} bytes: at most ${MAX_VALUE}`);
  }
}

/** Throws RangeError for what no adapter takes, so that a caller's mistake shows on every one of them. */
export function checkCommit(p: Partition, expect: number, next: number, batch: Batch, id: CommitId): void {
  if (!Number.isSafeInteger(expect) || !Number.isSafeInteger(next) || expect < 0 || next <= expect)
    throw new RangeError(`commit of ${p} from version ${expect} to ${next}`);
  if (!COMMIT_ID.test(id)) throw new RangeError(`not a commit id: ${JSON.stringify(id).slice(0, 60)}`);
  const { header, put = [], remove = [], clear = [] } = batch;
  const ops = put.length + remove.length + clear.length;
  if (ops > KV_LIMITS.ops) throw new RangeError(`a commit of ${ops} rows in ${p}: at most ${KV_LIMITS.ops}`);
  let bytes = header?.length ?? 0;
  if (bytes > MAX_VALUE) throw new RangeError(`a header of ${bytes} bytes in ${p}: at most ${MAX_VALUE}`);
  checkEntries(put);
  for (const [key, value] of put) bytes += key.length + value.length;
  for (const key of remove) {
    checkKey(key);
    bytes += key.length;
  }
  for (const { start, end } of clear) {
    if (start) checkKey(start);
    if (end) checkKey(end);
  }
  if (bytes > KV_LIMITS.bytes) throw new RangeError(`a commit of ${bytes} bytes in ${p}: at most ${KV_LIMITS.bytes}`);
}

/** The value with a checksum over where it belongs and what it is: a row that turns up under another key is damaged.
 * `table` tells places apart whose bytes are the same. */
export function seal(place: Uint8Array, value: Uint8Array, table = 0): Buffer {
  const sealed = Buffer.allocUnsafe(value.length + SEAL);
  sealed.set(value);
  sealed.writeUInt32LE(crc32(value, crc32(place, table)), value.length);
  return sealed;
}

/** What `seal` sealed, without copying it. `name` says whose it is, for the operator. */
export function unseal(place: Uint8Array, sealed: Uint8Array, name: () => string, table = 0): Uint8Array {
  const length = sealed.length - SEAL;
  if (length >= 0) {
    const value = sealed.subarray(0, length);
    const expected =
      (sealed[length]! | (sealed[length + 1]! << 8) | (sealed[length + 2]! << 16) | (sealed[length + 3]! << 24)) >>> 0;
    if (crc32(value, crc32(place, table)) === expected) return value;
  }
  throw new Damaged(`${name()}: the stored value does not match its checksum`);
}
