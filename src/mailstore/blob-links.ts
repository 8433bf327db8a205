/**
 * Who uses which blob. A writer writes its link, then looks whether the blob is condemned; if so it stores the content
 * under the next generation. The collector condemns a blob without links, waits longer than any writer may take, looks at
 * the links again, and only then deletes. So no lock is needed, and no blob goes that somebody counts on.
 */
import { type BlobStore, blobKey } from '../ports/blob.ts';
import type { KeyValueStore } from '../ports/kv.ts';
import type { AccountId, EmailId } from './api.ts';
import type { BlobRef } from './details.ts';
import { blobShard, CONDEMNED, condemnedKey, LINKS, linkKey } from './keys.ts';

export interface BlobUser {
  readonly account: AccountId;
  readonly email: EmailId;
}

const NOTHING = new Uint8Array(0);

/** Stores a content once, linked from each of its users; durable when resolved. */
export async function storeBlob(
  kv: KeyValueStore,
  blobs: BlobStore,
  users: readonly BlobUser[],
  content: {
    readonly sha256: string;
    readonly size: number;
    readonly bytes: () => Uint8Array | AsyncIterable<Uint8Array>;
  },
): Promise<BlobRef> {
  const { sha256, size } = content;
  const shard = blobShard(sha256);
  for (let generation = 0; ; generation++) {
    const links = users.map(({ account, email }) => linkKey(sha256, generation, account, email));
    await kv.putImmutable(
      shard,
      LINKS,
      links.map((key) => [key, NOTHING] as const),
    );
    const [condemned] = await kv.getImmutable(shard, CONDEMNED, [condemnedKey(sha256, generation)]);
    if (condemned) {
      await kv.dropImmutable(shard, LINKS, links);
      continue;
    }
    await blobs.put(blobKey(generation, sha256), content.bytes());
    return { generation, sha256, size };
  }
}

export async function unlinkBlobs(kv: KeyValueStore, user: BlobUser, refs: readonly BlobRef[]): Promise<void> {
  for (const { sha256, generation } of refs)
    await kv.dropImmutable(blobShard(sha256), LINKS, [linkKey(sha256, generation, user.account, user.email)]);
}
