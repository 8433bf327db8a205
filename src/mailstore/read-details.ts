/** Reading what is stored of messages: their details, and the beginning of their bodies along with them. */
import { Damaged, type KeyValueStore, type Partition, type Value } from '../ports/kv.ts';
import type { AccountId, EmailId } from './api.ts';
import { decodeDetails, detailsRowCount, type StoredDetails } from './details.ts';
import { accountPartition, bodyKey, bucketOf, detailsKey } from './keys.ts';
import { Patience } from './raw-source.ts';

/** Each at most 240 KiB, mostly two. */
const ROWS_AT_ONCE = 100;

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
 * is held once the next one is asked for.
 */
export async function* eachDetails(
  kv: KeyValueStore,
  account: AccountId,
  emails: readonly (EmailId | undefined)[],
): AsyncGenerator<StoredDetails | undefined> {
  const p = accountPartition(account);
  const patience = new Patience();
  for (let at = 0; at < emails.length; at += ROWS_AT_ONCE) {
    const some = emails.slice(at, at + ROWS_AT_ONCE);
    const firsts = await firstRows(kv, p, some).catch((error: unknown) => {
      if (error instanceof Damaged) return undefined;
      throw error;
    });
    for (const email of some) {
      const first = email && firsts?.get(email);
      const details = first && decodable(() => wholeDetails(kv, p, bucketOf(email), email, first));
      if (details instanceof Promise) yield await details;
      // One damaged row must not keep the others from being read.
      else if (email !== undefined && firsts === undefined)
        yield await decodable(() => readDetails(kv, account, email));
      else yield details;
      const pause = patience.pause();
      if (pause) await pause;
    }
  }
}

/** Undefined when it is damaged. */
function decodable<T>(read: () => T | Promise<T>): T | undefined | Promise<T | undefined> {
  const damaged = (error: unknown): undefined => {
    if (!(error instanceof Damaged)) throw error;
  };
  try {
    const found = read();
    return found instanceof Promise ? found.catch(damaged) : found;
  } catch (error) {
    return damaged(error);
  }
}

/** The first row of each; one read for each week that they are from. */
export async function firstRows(
  kv: KeyValueStore,
  p: Partition,
  emails: readonly (EmailId | undefined)[],
): Promise<Map<EmailId, Value>> {
  const found = new Map<EmailId, Value>();
  const present = new Set(emails.filter((email) => email !== undefined));
  for (const [bucket, some] of Map.groupBy(present, bucketOf)) {
    const keys = some.map((email) => detailsKey(email));
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
