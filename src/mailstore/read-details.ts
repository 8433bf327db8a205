/** Reading what is stored of messages: their details, and the beginning of their bodies along with them. */
import { Damaged, type Key, type KeyValueStore, type Partition, type Value } from '../ports/kv.ts';
import type { AccountId, EmailId } from './api.ts';
import { BODY_CHUNK } from './bodies.ts';
import { decodeDetails, detailsRowCount, type StoredDetails } from './details.ts';
import { accountPartition, bodyKey, bucketOf, detailsKey } from './keys.ts';
import { Patience } from './raw-source.ts';

/** Each at most 240 KiB, mostly two. */
const ROWS_AT_ONCE = 100;
/** Of bodies that are read along: they are held while somebody reads slowly. */
const BODIES_AT_ONCE = 256 << 10;

export async function readDetails(
  kv: KeyValueStore,
  account: AccountId,
  email: EmailId,
): Promise<StoredDetails | undefined> {
  const p = accountPartition(account);
  const bucket = bucketOf(email);
  const [first] = await kv.getImmutable(p, bucket, [detailsKey(email)]);
  return first && wholeDetails(kv, p, bucket, email, first);
}

/** The details, and the first row of the body (undefined when all of it is in blobs), in one read. */
export async function readMessage(
  kv: KeyValueStore,
  account: AccountId,
  email: EmailId,
): Promise<{ readonly details: StoredDetails; readonly bodyRow: Value | undefined } | undefined> {
  const p = accountPartition(account);
  const bucket = bucketOf(email);
  try {
    const [first, bodyRow] = await kv.getImmutable(p, bucket, [detailsKey(email), bodyKey(email, 0)]);
    return first && { details: await wholeDetails(kv, p, bucket, email, first), bodyRow };
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
    // When it is the body that is damaged, whoever reads it is told.
    const details = await readDetails(kv, account, email);
    return details && { details, bodyRow: undefined };
  }
}

/**
 * The details of many messages, in their order; undefined for those that are gone or damaged. Their first rows are read many at a
 * time; what else there is (those of a mail of ten thousand parts take megabytes) only when its turn has come, and nothing
 * is held once the next one is asked for. With the sizes of the messages, the first rows of their bodies are read along, few at a time.
 */
export async function* eachDetails(
  kv: KeyValueStore,
  account: AccountId,
  emails: readonly (EmailId | undefined)[],
  sizes?: readonly number[],
): AsyncGenerator<StoredDetails | undefined> {
  const p = accountPartition(account);
  const patience = new Patience();
  for (let from = 0, to = 0; from < emails.length; from = to) {
    to = from + (sizes ? fitting(sizes, from) : ROWS_AT_ONCE);
    const some = emails.slice(from, to);
    const firsts = await firstRows(kv, p, some).catch(unlessDamaged);
    const bodies = sizes && (await firstRows(kv, p, some, (email) => bodyKey(email, 0)).catch(unlessDamaged));
    for (const email of some) {
      const first = email && firsts?.get(email);
      const found =
        email !== undefined && firsts === undefined
          ? // One damaged row must not keep the others from being read.
            decodable(() => readDetails(kv, account, email))
          : first && decodable(() => wholeDetails(kv, p, bucketOf(email), email, first));
      const details = found instanceof Promise ? await found : found;
      if (details) details.bodyRow = bodies?.get(details.email);
      yield details;
      const pause = patience.pause();
      if (pause) await pause;
    }
  }
}

/** Messages from this one on whose first body rows may be held together; at least one. */
function fitting(sizes: readonly number[], from: number): number {
  let bytes = 0;
  let count = 0;
  while (count < ROWS_AT_ONCE && from + count < sizes.length) {
    bytes += Math.min(sizes[from + count]!, BODY_CHUNK);
    if (count > 0 && bytes > BODIES_AT_ONCE) break;
    count++;
  }
  return count;
}

function unlessDamaged(error: unknown): undefined {
  if (!(error instanceof Damaged)) throw error;
}

/** Undefined when it is damaged. */
function decodable<T>(read: () => T | Promise<T>): T | undefined | Promise<T | undefined> {
  try {
    const found = read();
    return found instanceof Promise ? found.catch(unlessDamaged) : found;
  } catch (error) {
    return unlessDamaged(error);
  }
}

/** The first row of each, of its details unless `keyOf` says of what; one read for each week that they are from. */
export async function firstRows(
  kv: KeyValueStore,
  p: Partition,
  emails: readonly (EmailId | undefined)[],
  keyOf: (email: EmailId) => Key = detailsKey,
): Promise<Map<EmailId, Value>> {
  const found = new Map<EmailId, Value>();
  const present = new Set(emails.filter((email) => email !== undefined));
  for (const [bucket, some] of Map.groupBy(present, bucketOf)) {
    const keys = some.map((email) => keyOf(email));
    const rows = await kv.getImmutable(p, bucket, keys);
    for (const [i, email] of some.entries()) if (rows[i]) found.set(email, rows[i]);
  }
  return found;
}

/** At once when they are in one row, as nearly all are. */
function wholeDetails(
  kv: KeyValueStore,
  p: Partition,
  bucket: string,
  email: EmailId,
  first: Value,
): StoredDetails | Promise<StoredDetails> {
  const rows = allRows(kv, p, bucket, email, first);
  return rows instanceof Promise ? rows.then((all) => decodeDetails(email, all)) : decodeDetails(email, rows);
}

/** As they are stored, from the first one on; for `decodeDetails`. */
export function allRows(
  kv: KeyValueStore,
  p: Partition,
  bucket: string,
  email: EmailId,
  first: Value,
): Value[] | Promise<Value[]> {
  const count = detailsRowCount(first);
  if (count <= 1) return [first];
  const keys = Array.from({ length: count - 1 }, (_, n) => detailsKey(email, n + 1));
  return kv.getImmutable(p, bucket, keys).then((rest) => [first, ...rest.filter((row) => row !== undefined)]);
}
