/** Reads what the indexing thread needs of messages: details as they are stored, and the bytes that hold text. */
import { MailError } from '../../mail/error.ts';
import { searchedRanges } from '../../mail/search/document.ts';
import type { BlobStore } from '../../ports/blob.ts';
import { Damaged, type KeyValueStore, type Value } from '../../ports/kv.ts';
import type { AccountId, EmailId } from '../api.ts';
import { StoredBody } from '../bodies.ts';
import { decodeDetails, type StoredDetails } from '../details.ts';
import { accountPartition, bodyKey, bucketOf, detailsKey } from '../keys.ts';
import { allRows } from '../read-details.ts';
import { Patience } from '../raw-source.ts';
import type { MessageBatch } from './work.ts';

/** Bytes of a batch, roughly, and messages whose rows are read at once. */
const BATCH_BYTES = 1 << 20;
const AT_ONCE = 64;
/** Bytes for a few messages to begin with; many fill a batch. */
const LEAST_ROOM = 1 << 16;

export interface MessageName {
  readonly id: number;
  readonly email: EmailId;
}

export interface Stores {
  readonly kv: KeyValueStore;
  readonly blobs: BlobStore;
}

/** What is stored of a message, as far as it can be read. */
interface Stored {
  readonly first: Value | undefined;
  readonly body: Value | undefined;
}

/** In their order: all of them, or as many as have about `most` bytes, at least one. */
export async function* readMessages(
  stores: Stores,
  account: AccountId,
  messages: readonly MessageName[],
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<MessageBatch> {
  let left = most;
  const patience = new Patience();
  const room = messages.length < AT_ONCE ? LEAST_ROOM : BATCH_BYTES + BATCH_BYTES / 4;
  let batch = new Batch(room);
  for (let at = 0; at < messages.length; at += AT_ONCE) {
    const some = messages.slice(at, at + AT_ONCE);
    const stored = await readRows(
      stores.kv,
      account,
      some.map(({ email }) => email),
    );
    for (const [i, name] of some.entries()) {
      const added = addMessage(stores, account, name, stored[i]!, batch);
      if (added) await added;
      if (batch.length >= Math.min(left, BATCH_BYTES)) {
        left -= batch.length;
        yield batch.take();
        if (left <= 0) return;
        batch = new Batch(room);
      }
      const pause = patience.pause();
      if (pause) await pause;
    }
  }
  if (batch.count > 0) yield batch.take();
}

/** Waits only where there is more to read. */
function addMessage(
  stores: Stores,
  account: AccountId,
  { id, email }: MessageName,
  { first, body }: Stored,
  batch: Batch,
): Promise<void> | undefined {
  const add = (rows: readonly Value[]): Promise<void> | undefined => {
    const details = rows.length > 0 ? readable(() => decodeDetails(email, rows)) : undefined;
    batch.begin(id, details ? rows : []);
    if (!details) {
      batch.stretches([]);
      return undefined;
    }
    const { segments, prefix } = details.plan;
    // All of it in one row, as it mostly is: where the text is in it, the thread finds out.
    const isWhole =
      body && segments.length === 1 && segments[0]!.kind === 'rows' && segments[0]!.length === body.length;
    if (!isWhole) return addStretches(stores, account, details, batch);
    batch.stretches([[prefix.length, body]]);
    return undefined;
  };
  // Those of many parts take several rows, read when their turn has come.
  const p = accountPartition(account);
  const all = first && readable(() => allRows(stores.kv, p, bucketOf(email), email, first));
  return all instanceof Promise ? tolerate(() => all).then((rows) => add(rows ?? [])) : add(all ?? []);
}

async function addStretches(
  { kv, blobs }: Stores,
  account: AccountId,
  details: StoredDetails,
  batch: Batch,
): Promise<void> {
  const read = new StoredBody(kv, blobs, account, details);
  const stretches: [number, Uint8Array][] = [];
  for (const [start, end] of searchedRanges(details.structure)) {
    const bytes = await tolerate(() => read.bytes(start, end));
    if (bytes) stretches.push([start, bytes]);
  }
  batch.stretches(stretches);
}

/** The first row of the details of each, and of its body. A damaged one must not keep the others from being read. */
async function readRows(kv: KeyValueStore, account: AccountId, emails: readonly EmailId[]): Promise<Stored[]> {
  const bucket = bucketOf(emails[0]!);
  const p = accountPartition(account);
  if (emails.every((email) => bucketOf(email) === bucket)) {
    const keys = emails.flatMap((email) => [detailsKey(email), bodyKey(email, 0)]);
    const rows = await tolerate(() => kv.getImmutable(p, bucket, keys));
    if (rows) return emails.map((_, i) => ({ first: rows[2 * i], body: rows[2 * i + 1] }));
  }
  if (emails.length === 1) {
    const one = async (key: Uint8Array) => (await tolerate(() => kv.getImmutable(p, bucket, [key])))?.[0];
    return [{ first: await one(detailsKey(emails[0]!)), body: await one(bodyKey(emails[0]!, 0)) }];
  }
  const half = emails.length >> 1;
  return [
    ...(await readRows(kv, account, emails.slice(0, half))),
    ...(await readRows(kv, account, emails.slice(half))),
  ];
}

/** Undefined for what is damaged. */
function readable<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

async function tolerate<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

const isUnreadable = (error: unknown): boolean =>
  error instanceof Damaged || (error instanceof MailError && error.code === 'damaged');

class Batch {
  #bytes: Uint8Array<ArrayBuffer>;
  #layout = new Uint32Array(4096);
  #places = 0;
  length = 0;
  count = 0;

  constructor(room: number) {
    this.#bytes = new Uint8Array(room);
  }

  begin(id: number, details: readonly Uint8Array[]): void {
    this.count++;
    this.#say(id);
    this.#say(details.length);
    for (const row of details) this.#put(row);
  }

  stretches(of: readonly (readonly [start: number, bytes: Uint8Array])[]): void {
    this.#say(of.length);
    for (const [start, bytes] of of) {
      this.#say(start);
      this.#put(bytes);
    }
  }

  take(): MessageBatch {
    // Cut where it ends only if that is worth copying it.
    const bytes = 2 * this.length < this.#bytes.length ? this.#bytes.slice(0, this.length) : this.#bytes;
    return { bytes, layout: this.#layout.slice(0, this.#places), count: this.count };
  }

  #put(bytes: Uint8Array): void {
    this.#say(this.length);
    this.#say(bytes.length);
    if (this.length + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + bytes.length));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  #say(value: number): void {
    if (this.#places === this.#layout.length) {
      const larger = new Uint32Array(2 * this.#layout.length);
      larger.set(this.#layout);
      this.#layout = larger;
    }
    this.#layout[this.#places++] = value;
  }
}
