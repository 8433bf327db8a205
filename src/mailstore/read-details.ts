/** Reading what is stored of messages: their details, and the beginning of their bodies along with them. */
import { Damaged, type KeyValueStore, type Partition, type Value } from '../ports/kv.ts';
import type { AccountId, EmailId } from './api.ts';
import { decodeDetails, detailsRowCount, type StoredDetails } from './details.ts';
import { accountPartition, bodyKey, bucketOf, detailsKey } from './keys.ts';
import { Patience } from './raw-source.ts';

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

/** One read for each week that they are from, and one more for each that takes several rows. */
export async function readManyDetails(
  kv: KeyValueStore,
  account: AccountId,
  emails: readonly EmailId[],
): Promise<Map<EmailId, StoredDetails>> {
  const p = accountPartition(account);
  const found = new Map<EmailId, StoredDetails>();
  const byBucket = Map.groupBy(new Set(emails), bucketOf);
  const patience = new Patience();
  for (const [bucket, some] of byBucket) {
    const firsts = await kv.getImmutable(
      p,
      bucket,
      some.map((email) => detailsKey(email)),
    );
    for (const [i, email] of some.entries()) {
      const first = firsts[i];
      if (!first) continue;
      const details = wholeDetails(kv, p, bucket, email, first);
      found.set(email, details instanceof Promise ? await details : details);
      // Those of a mail of ten thousand parts take megabytes.
      await patience.pause();
    }
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
  const count = detailsRowCount(first);
  if (count <= 1) return decodeDetails(email, [first]);
  const keys = Array.from({ length: count - 1 }, (_, n) => detailsKey(email, n + 1));
  return kv
    .getImmutable(p, bucket, keys)
    .then((rest) => decodeDetails(email, [first, ...rest.filter((row) => row !== undefined)]));
}
