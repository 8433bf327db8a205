/** Reads what the indexing thread needs of messages: details as they are stored, and the bytes that hold text. */
import { MailError } from '../../mail/error.ts';
import { searchedRanges } from '../../mail/search/document.ts';
import type { BlobStore } from '../../ports/blob.ts';
import { Damaged, type KeyValueStore, type Value } from '../../ports/kv.ts';
import type { AccountId, EmailId } from '../api.ts';
import { StoredBody } from '../bodies.ts';
import { decodeDetails, detailsRowCount } from '../details.ts';
import { accountPartition, bodyKey, bucketOf } from '../keys.ts';
import { allRows, firstRows } from '../read-details.ts';
import type { BuildJob, MessageInput } from './work.ts';

/** Messages of one piece of work, and their bytes, roughly. */
const JOB_BYTES = 16 << 20;
const AT_ONCE = 128;

export interface MessageName {
  readonly id: number;
  readonly email: EmailId;
}

export interface Stores {
  readonly kv: KeyValueStore;
  readonly blobs: BlobStore;
}

/** As many of them as fit, from the first one on; at least one. */
export async function readMessages(
  stores: Stores,
  account: AccountId,
  segment: string,
  messages: readonly MessageName[],
): Promise<BuildJob> {
  const packed = new Packed();
  for (let at = 0; at < messages.length && packed.bytes < JOB_BYTES && packed.messages.length === at; at += AT_ONCE)
    await readSome(stores, account, messages.slice(at, at + AT_ONCE), packed);
  return { segment, messages: packed.messages, bytes: packed.take() };
}

async function readSome(
  { kv, blobs }: Stores,
  account: AccountId,
  messages: readonly MessageName[],
  packed: Packed,
): Promise<void> {
  const firsts = await detailsRows(
    kv,
    account,
    messages.map(({ email }) => email),
  );
  const simple = await simpleBodies(kv, account, firsts);
  for (const { id, email } of messages) {
    // Details can be large, too: those of many parts are read when their turn has come.
    if (packed.messages.length > 0 && packed.bytes >= JOB_BYTES) return;
    const first = firsts.get(email);
    const p = accountPartition(account);
    const rows = first && (await tolerate(async () => allRows(kv, p, bucketOf(email), email, first)));
    const details = rows && (await tolerate(async () => decodeDetails(email, rows)));
    const body: [number, Uint8Array][] = [];
    const whole = simple.get(email);
    if (details && whole) body.push([details.plan.prefix.length, whole]);
    else if (details) {
      const read = new StoredBody(kv, blobs, account, details);
      for (const [start, end] of searchedRanges(details.structure)) {
        const bytes = await tolerate(() => read.bytes(start, end));
        if (bytes) body.push([start, bytes]);
      }
    }
    packed.add(id, email, details ? rows : [], body);
  }
}

/** The first row of each. A damaged one must not keep the others from being read. */
async function detailsRows(
  kv: KeyValueStore,
  account: AccountId,
  emails: readonly EmailId[],
): Promise<Map<EmailId, Value>> {
  const found = await tolerate(() => firstRows(kv, accountPartition(account), emails));
  if (found) return found;
  const all = new Map<EmailId, Value>();
  if (emails.length === 1) return all;
  const half = emails.length >> 1;
  for (const some of [emails.slice(0, half), emails.slice(half)])
    for (const [email, row] of await detailsRows(kv, account, some)) all.set(email, row);
  return all;
}

/** Bodies that are one row, which most are: one read for all of a week. */
async function simpleBodies(
  kv: KeyValueStore,
  account: AccountId,
  firsts: ReadonlyMap<EmailId, Value>,
): Promise<Map<EmailId, Uint8Array>> {
  const lengths = new Map<EmailId, number>();
  for (const [email, first] of firsts) {
    const details = await tolerate(async () =>
      detailsRowCount(first) <= 1 ? decodeDetails(email, [first]) : undefined,
    );
    const [segment, ...others] = details?.plan.segments ?? [];
    if (segment?.kind === 'rows' && others.length === 0) lengths.set(email, segment.length);
  }
  const found = new Map<EmailId, Uint8Array>();
  for (const [bucket, some] of Map.groupBy(lengths.keys(), bucketOf)) {
    const keys = some.map((email) => bodyKey(email, 0));
    // Should one be damaged, each is read on its own.
    const rows = await tolerate(() => kv.getImmutable(accountPartition(account), bucket, keys));
    for (const [i, email] of some.entries()) {
      const row = rows?.[i];
      if (row && row.length === lengths.get(email)) found.set(email, row);
    }
  }
  return found;
}

/** Undefined for what is damaged. */
async function tolerate<T>(act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Damaged || (error instanceof MailError && error.code === 'damaged')) return undefined;
    throw error;
  }
}

/** Everything in one buffer, so that it changes threads without being copied again. */
class Packed {
  readonly messages: MessageInput[] = [];
  readonly #pieces: Uint8Array[] = [];
  bytes = 0;

  add(
    id: number,
    email: EmailId,
    details: readonly Uint8Array[],
    body: readonly (readonly [start: number, bytes: Uint8Array])[],
  ): void {
    this.messages.push({
      id,
      email,
      details: details.map((row) => [this.#put(row), row.length] as const),
      body: body.map(([start, bytes]) => [start, this.#put(bytes), bytes.length] as const),
    });
  }

  #put(bytes: Uint8Array): number {
    this.#pieces.push(bytes);
    this.bytes += bytes.length;
    return this.bytes - bytes.length;
  }

  take(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.bytes);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  }
}
