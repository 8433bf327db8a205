/**
 * Blobs in the key-value store, for those who want one engine and no more: write-once rows in the partition of their hash shard, beside their links.
 * A content is cut into rows of 128 KiB under the name of its upload, then a row under the blob's own name makes it a blob. So two that
 * put the same blob never mix, and what a crash left half way is no blob: `list` forgets it a day later.
 */
import { createHash } from 'node:crypto';
import type { BlobInfo, BlobKey, BlobStore } from '../ports/blob.ts';
import type { Clock } from '../ports/clock.ts';
import { Damaged, type Key, type KeyValueStore, type Partition, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { BlobWrites, digestOf } from './blob-keys.ts';

/** Row of a blob: `<blob key>` → what it is. */
const BLOBS = 'blob';
/** Row of its content: `<blob key> NUL <upload> <number>` → bytes. */
const PIECES = 'blobpieces';
/** What of the write-once rows is content of blobs. */
export const BLOB_BUCKETS: readonly string[] = [BLOBS, PIECES];
const PIECE = 128 << 10;
/** When it began (6 bytes, milliseconds since 1970), then what makes it unique (6). */
const UPLOAD = 12;
const LEFT_OVER_MS = 24 * 3_600_000;
/** Rows dropped at a time. */
const STEP = 500;
const MOST_ATTEMPTS = 3;

interface Described {
  readonly size: number;
  readonly modified: number;
  readonly upload: Buffer;
}

export interface BlobKvOptions {
  readonly kv: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
}

export function openBlobKv(options: BlobKvOptions): BlobStore {
  return new BlobKv(options);
}

class BlobKv implements BlobStore {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #writing = new BlobWrites();
  readonly #forgetting = new Set<Promise<void>>();

  constructor({ kv, clock, random }: BlobKvOptions) {
    this.#kv = kv;
    this.#clock = clock;
    this.#random = random;
  }

  async put(key: BlobKey, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const { shard, digest } = place(key);
    await this.#writing.once(key, () => this.#put(shard, key, digest, content));
  }

  /** Written and read whether it is there or not: how long it takes tells nobody whether somebody else has the same. */
  async #put(
    shard: Partition,
    key: BlobKey,
    digest: string,
    content: Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<void> {
    const upload = Buffer.alloc(UPLOAD);
    upload.writeUIntBE(this.#clock.now(), 0, 6);
    upload.set(this.#random.bytes(6), 6);
    const hash = createHash('sha256');
    let size = 0;
    let pieces = 0;
    for await (const piece of cut(content)) {
      hash.update(piece);
      size += piece.length;
      await this.#kv.putImmutable(shard, PIECES, [[pieceKey(key, upload, pieces++), piece]]);
    }
    const found = hash.digest('hex');
    if (found !== digest) {
      await this.#forget(shard, key, upload, pieces);
      throw new Damaged(`a blob named ${digest} whose content has the digest ${found}`);
    }
    const row = describe({ size, modified: this.#clock.now(), upload });
    for (let attempt = 1; ; attempt++) {
      // The first row of a name counts.
      await this.#kv.putImmutable(shard, BLOBS, [[Buffer.from(key), row]]);
      const there = await this.#described(shard, key);
      if (there && (await this.#intact(shard, key, there))) {
        if (!there.upload.equals(upload)) this.#forgetLater(shard, key, upload, pieces);
        return;
      }
      if (attempt === MOST_ATTEMPTS) throw new Damaged(`blob ${key} is damaged as soon as it is written`);
      // A damaged one gives way to ours.
      await this.#kv.dropImmutable(shard, BLOBS, [Buffer.from(key)]);
    }
  }

  async get(key: BlobKey, start = 0, end = Infinity): Promise<AsyncIterable<Uint8Array> | undefined> {
    const { shard } = place(key);
    const described = await this.#described(shard, key);
    return described && this.#read(shard, key, described, Math.max(0, start), Math.min(end, described.size));
  }

  async info(key: BlobKey): Promise<BlobInfo | undefined> {
    const described = await this.#described(place(key).shard, key);
    return described && { key, size: described.size, modified: described.modified };
  }

  async drop(key: BlobKey): Promise<void> {
    const { shard } = place(key);
    await this.#kv.dropImmutable(shard, BLOBS, [Buffer.from(key)]);
    const range = { start: pieceKey(key, Buffer.alloc(0)), end: Buffer.from(`${key}\x01`) };
    for await (const keys of this.#keys(shard, range)) await this.#kv.dropImmutable(shard, PIECES, keys);
  }

  async *list(): AsyncIterable<BlobInfo> {
    for await (const shard of this.#kv.partitions('b')) {
      const uploads = new Set<string>();
      for await (const page of this.#kv.scanImmutable(shard, BLOBS, {}))
        for (const { key: name, value } of page) {
          const key = Buffer.from(name).toString() as BlobKey;
          const { size, modified, upload } = decode(value);
          uploads.add(upload.toString('hex'));
          yield { key, size, modified };
        }
      await this.#forgetLeftOver(shard, uploads);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.settled();
    await Promise.all(this.#forgetting);
  }

  async #described(shard: Partition, key: BlobKey): Promise<Described | undefined> {
    const [value] = await this.#kv.getImmutable(shard, BLOBS, [Buffer.from(key)]);
    return value && decode(value);
  }

  async *#read(
    shard: Partition,
    key: BlobKey,
    { size, upload }: Described,
    start: number,
    end: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = Math.floor(start / PIECE); at * PIECE < end; at++) {
      const from = at * PIECE;
      const [bytes] = await this.#kv.getImmutable(shard, PIECES, [pieceKey(key, upload, at)]);
      if (bytes?.length !== Math.min(PIECE, size - from))
        throw new Damaged(`blob ${key} has no bytes from ${from} on, or not as many as it had`);
      const piece = bytes.subarray(Math.max(0, start - from), Math.max(0, end - from));
      if (piece.length > 0) yield piece;
    }
  }

  async #intact(shard: Partition, key: BlobKey, described: Described): Promise<boolean> {
    try {
      for await (const _piece of this.#read(shard, key, described, 0, described.size));
      return true;
    } catch (error) {
      if (error instanceof Damaged) return false;
      throw error;
    }
  }

  async #forget(shard: Partition, key: BlobKey, upload: Buffer, pieces: number): Promise<void> {
    const keys = Array.from({ length: pieces }, (_, at) => pieceKey(key, upload, at));
    for (let at = 0; at < keys.length; at += STEP)
      await this.#kv.dropImmutable(shard, PIECES, keys.slice(at, at + STEP));
  }

  /** Nobody waits for it; what stays is forgotten by `list`. */
  #forgetLater(shard: Partition, key: BlobKey, upload: Buffer, pieces: number): void {
    const forgetting = this.#forget(shard, key, upload, pieces)
      .catch(() => undefined)
      .finally(() => this.#forgetting.delete(forgetting));
    this.#forgetting.add(forgetting);
  }

  /** Of uploads that no blob names and that began long ago. */
  async #forgetLeftOver(shard: Partition, uploads: ReadonlySet<string>): Promise<void> {
    const oldest = this.#clock.now() - LEFT_OVER_MS;
    for await (const keys of this.#keys(shard, {})) {
      const dead = keys.filter((key) => {
        const upload = Buffer.from(key.subarray(key.length - UPLOAD - 4, key.length - 4));
        return upload.readUIntBE(0, 6) < oldest && !uploads.has(upload.toString('hex'));
      });
      if (dead.length > 0) await this.#kv.dropImmutable(shard, PIECES, dead);
    }
  }

  async *#keys(shard: Partition, range: { start?: Key; end?: Key }): AsyncIterable<Key[]> {
    for await (const page of this.#kv.scanImmutable(shard, PIECES, range)) yield page.map(({ key }) => key);
  }
}

function place(key: BlobKey): { shard: Partition; digest: string } {
  const digest = digestOf(key);
  return { shard: partition('b', digest.slice(0, 2)), digest };
}

function pieceKey(key: BlobKey, upload: Uint8Array, at?: number): Key {
  const number = Buffer.alloc(at === undefined ? 0 : 4);
  if (at !== undefined) number.writeUInt32BE(at);
  return Buffer.concat([Buffer.from(`${key}\0`), upload, number]);
}

function describe({ size, modified, upload }: Described): Uint8Array {
  const row = Buffer.alloc(16);
  row.writeDoubleBE(size, 0);
  row.writeDoubleBE(modified, 8);
  return Buffer.concat([row, upload]);
}

function decode(value: Uint8Array): Described {
  const row = Buffer.from(value);
  return { size: row.readDoubleBE(0), modified: row.readDoubleBE(8), upload: row.subarray(16) };
}

/** In pieces of `PIECE`, the last one shorter, or none. */
async function* cut(content: Uint8Array | AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (let bytes of content instanceof Uint8Array ? [content] : content) {
    while (length + bytes.length >= PIECE) {
      const rest = PIECE - length;
      yield Buffer.concat([...waiting, bytes.subarray(0, rest)]);
      bytes = bytes.subarray(rest);
      waiting = [];
      length = 0;
    }
    if (bytes.length > 0) {
      // Its owner may use it again.
      waiting.push(Uint8Array.from(bytes));
      length += bytes.length;
    }
  }
  if (length > 0) yield Buffer.concat(waiting);
}
