/** What the stored search index of an account says of the messages that are there, whatever its segments are. */
import { createHash } from 'node:crypto';
import type { MailAccount, MsgId } from '../../src/mailstore/api.ts';
import { decodeManifest, readManifestRow } from '../../src/mailstore/search/manifest.ts';
import { Segment } from '../../src/mailstore/search/reader.ts';
import { StoredRows } from '../../src/mailstore/search/rows.ts';
import type { KeyValueStore } from '../../src/ports/kv.ts';

/** Of the messages up to an id; default: as far as it reaches. That the postings are those of the fingerprints is `verify`'s to say. */
export async function searchDigest(
  kv: KeyValueStore,
  account: MailAccount,
  last?: number,
): Promise<{ digest: string; upTo: number }> {
  const { upTo, segments } = decodeManifest(await readManifestRow(kv, account.id));
  const digest = createHash('sha256');
  for (const facts of segments)
    for await (const doc of new Segment(facts, new StoredRows(kv, account.id, facts.id)).allDocs())
      if (doc.id <= (last ?? upTo) && account.meta(doc.id as MsgId)) digest.update(JSON.stringify(doc));
  return { digest: digest.digest('hex'), upTo };
}
