/** Dropping the immutable data of emails that no folder has any more. A crash leaves the rest for a sweep. */
import type { KeyValueStore } from '../ports/kv.ts';
import type { AccountId, EmailId } from './api.ts';
import { unlinkBlobs } from './blob-links.ts';
import { BODY_CHUNK } from './bodies.ts';
import type { StoredDetails } from './details.ts';
import { accountPartition, bodyKey, bucketOf, detailsKey } from './keys.ts';
import { eachDetails } from './read-details.ts';

export async function forgetEmails(kv: KeyValueStore, account: AccountId, emails: readonly EmailId[]): Promise<void> {
  const p = accountPartition(account);
  let i = 0;
  for await (const details of eachDetails(kv, account, emails)) {
    const email = emails[i++]!;
    if (!details) continue;
    const keys = Array.from({ length: bodyRows(details) }, (_, n) => bodyKey(email, n));
    for (let n = 0; n < details.rows; n++) keys.push(detailsKey(email, n));
    await unlinkBlobs(kv, { account, email }, details.plan.blobs);
    await kv.dropImmutable(p, bucketOf(email), keys);
  }
}

function bodyRows(details: StoredDetails): number {
  let bytes = 0;
  for (const segment of details.plan.segments) if (segment.kind === 'rows') bytes += segment.length;
  return Math.ceil(bytes / BODY_CHUNK);
}
