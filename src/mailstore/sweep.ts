/**
 * Forgetting what nobody names: staged content that was never published, what a crash left behind after a commit, old rows
 * that only recognise repetitions, and blobs without links (in two sweeps: condemn, then look again and delete).
 */
import { blobKey } from '../ports/blob.ts';
import type { Key, KeyValueStore, Range } from '../ports/kv.ts';
import { STAGED_FOR } from './adding.ts';
import type { AccountId, EmailId } from './api.ts';
import { dropOldCheckpoints } from './checkpoint.ts';
import type { Operation } from './commit.ts';
import { forgetAccount } from './create-account.ts';
import type { ChangeFeed } from './feed.ts';
import { forgetEmails } from './forget.ts';
import { isHeld, type LegalHolds, preservedMessages } from './legal-hold.ts';
import {
  accountOf,
  accountPartition,
  allSubmissions,
  allThreads,
  blobShard,
  bucketOf,
  CONDEMNED,
  condemnedKey,
  deliveredBefore,
  deliveriesOf,
  detailsKey,
  emailOf,
  emailTime,
  heldKey,
  isEmailBucket,
  LINKS,
  linkParts,
  linksOf,
  onceBefore,
  sentKey,
  submissionIdOf,
} from './keys.ts';
import type { Mailbox, Node } from './mailbox.ts';
import { DAY } from './operations/publish.ts';
import { heldUntil } from './operations/held.ts';
import { decodeDelivery, decodeSubmission, type SubmissionRow } from './operations/submissions.ts';
import { Joined } from './conversations.ts';
import { decodeFacts, decodeThread } from './values.ts';

/** After `publish` refuses staged content it is left alone for this long: more than any commit takes. */
const GRACE = DAY;
const DELIVERED_DAYS = 14;
const ONCE_DAYS = 1;
const THREAD_DAYS = 730;
const FEED_DAYS = 30;
const SUBMISSION_DAYS = 30;
/** Between condemning a blob and deleting it, in milliseconds. */
export const CONDEMNED_FOR = 600_000;
const ROWS_AT_ONCE = 5000;

export interface Swept {
  blobs: number;
  bytes: number;
  staged: number;
}

type WithMailbox = <T>(account: AccountId, act: (mailbox: Mailbox) => Promise<T>) => Promise<T>;

export async function sweep(
  node: Node,
  feed: ChangeFeed,
  legalHolds: Pick<LegalHolds, 'endOver'>,
  withMailbox: WithMailbox,
): Promise<Swept> {
  const now = node.clock.now();
  const swept: Swept = { blobs: 0, bytes: 0, staged: 0 };
  const removed = new Set<AccountId>();
  for await (const p of node.kv.partitions('u')) {
    const account = accountOf(p);
    try {
      if (await isHeld(node.kv, account)) await legalHolds.endOver(account, now);
      const { value } = await node.kv.head(p);
      if (value && decodeFacts(value).removed) {
        await forgetAccount(node, account);
        removed.add(account);
      } else swept.staged += await sweepAccount(node, account, value !== undefined, now, withMailbox);
    } catch (error) {
      // One damaged account must not keep the others from being swept.
      node.log?.error({ account, err: error }, 'an account could not be swept');
    }
  }
  if (removed.size > 0) await node.forgetElsewhere?.(removed);
  await sweepLinks(node.kv, now);
  await collect(node, now, swept);
  await condemn(node, now);
  await feed.forgetBefore(now - FEED_DAYS * DAY);
  return swept;
}

async function sweepAccount(
  node: Node,
  account: AccountId,
  exists: boolean,
  now: number,
  withMailbox: WithMailbox,
): Promise<number> {
  if (!exists) return forgetUnnamed(node.kv, account, now, () => false);
  return withMailbox(account, async (mailbox) => {
    await mailbox.loop.refresh();
    await mailbox.trim();
    await forgetRows(node.kv, mailbox, now);
    await dropOldCheckpoints(node.kv, account);
    await mailbox.search.sweep(now - GRACE);
    const sent = await forgetSubmissions(node.kv, mailbox, now);
    const inFolders = mailbox.index.table.emailNames();
    // Read after the folders: what is removed meanwhile was still in one of these.
    const preserved = new Set<EmailId>();
    for await (const { email } of preservedMessages(node.kv, account)) preserved.add(email);
    const isNamed = (email: EmailId): boolean => sent.has(email) || inFolders(email) || preserved.has(email);
    return forgetUnnamed(node.kv, account, now, isNamed);
  });
}

/** Emails older than any that may still be published, and in no folder. */
async function forgetUnnamed(
  kv: KeyValueStore,
  account: AccountId,
  now: number,
  isNamed: (email: EmailId) => boolean,
): Promise<number> {
  const oldest = now - STAGED_FOR - GRACE;
  const unnamed = new Set<EmailId>();
  const leftOver = new Map<string, Key[]>();
  for await (const page of kv.scanImmutable(accountPartition(account), undefined, {}))
    for (const { bucket, key } of page) {
      if (!isEmailBucket(bucket)) continue;
      const email = emailOf(key);
      if (emailTime(email) >= oldest || isNamed(email)) continue;
      unnamed.add(email);
      leftOver.set(bucket, [...(leftOver.get(bucket) ?? []), key]);
    }
  await forgetEmails(kv, account, [...unnamed]);
  // Rows whose details are gone already name nothing any more.
  for (const [bucket, keys] of leftOver) await kv.dropImmutable(accountPartition(account), bucket, keys);
  return unnamed.size;
}

/** Rows that are kept for some days only. */
async function forgetRows(kv: KeyValueStore, mailbox: Mailbox, now: number): Promise<void> {
  const p = accountPartition(mailbox.account);
  const today = Math.floor(now / DAY);
  const clear: Range[] = [];
  for (const range of [deliveredBefore(today - DELIVERED_DAYS), onceBefore(today - ONCE_DAYS)])
    for await (const page of kv.scan(p, { ...range, limit: 1 })) if (page.length > 0) clear.push(range);
  if (clear.length > 0) await mailbox.run(withoutChanges({ clear }));
  let remove: Key[] = [];
  for await (const page of kv.scan(p, allThreads()))
    for (const [key, value] of page) {
      if (decodeThread(value).day + THREAD_DAYS < today) remove.push(key);
      if (remove.length === ROWS_AT_ONCE) {
        await mailbox.run(withoutChanges({ remove }));
        remove = [];
      }
    }
  if (remove.length > 0) await mailbox.run(withoutChanges({ remove }));
  const joined = await Joined.load(kv, mailbox.account);
  const useless = joined.rowsOfOne(mailbox.index.table);
  for (let at = 0; at < useless.length; at += ROWS_AT_ONCE)
    await mailbox.run(withoutChanges({ remove: useless.slice(at, at + ROWS_AT_ONCE) }));
}

/** Of mail that nothing is left to do for. Answers the emails that the others still need. */
async function forgetSubmissions(kv: KeyValueStore, mailbox: Mailbox, now: number): Promise<Set<EmailId>> {
  const p = accountPartition(mailbox.account);
  const needed = new Set<EmailId>();
  for await (const page of kv.scan(p, allSubmissions()))
    for (const [key, value] of page) {
      const id = submissionIdOf(key);
      const row = decodeSubmission(value);
      const { open, copy, messageId } = row;
      if (open === 0 && Math.max(emailTime(id), heldTime(row)) < now - SUBMISSION_DAYS * DAY) {
        const sent = sentKey(messageId);
        const [named] = await kv.get(p, [sent]);
        // A newer one may have the same Message-ID.
        const remove = named && Buffer.from(named).toString('hex') === id ? [key, sent] : [key];
        if (row.hold) remove.push(...(await heldKeysOf(kv, mailbox.account, id)));
        await mailbox.run(withoutChanges({ remove, clear: [deliveriesOf(id)] }));
        continue;
      }
      needed.add(id);
      if (copy) needed.add(copy.email);
    }
  return needed;
}

/** A number is not given out again as long as somebody might try the old link. */
function heldTime(row: SubmissionRow): number {
  return row.hold ? heldUntil(row) : 0;
}

async function heldKeysOf(kv: KeyValueStore, account: AccountId, id: EmailId): Promise<Key[]> {
  const keys: Key[] = [];
  for await (const page of kv.scan(accountPartition(account), deliveriesOf(id)))
    for (const [, value] of page)
      for (const { held } of decodeDelivery(value).recipients)
        if (held) keys.push(heldKey(held.recipientId, held.mailNo));
  return keys;
}

function withoutChanges(rows: { clear?: readonly Range[]; remove?: readonly Key[] }): Operation<void> {
  return { plan: () => ({ changes: [], ...rows, result: undefined }) };
}

/** Links of emails that do not exist, as a crash between link and details leaves them. */
async function sweepLinks(kv: KeyValueStore, now: number): Promise<void> {
  for await (const p of kv.partitions('b')) {
    const dead: Key[] = [];
    for await (const page of kv.scanImmutable(p, LINKS, {}))
      for (const { key } of page) {
        const { account, email } = linkParts(key);
        if (emailTime(email) >= now - STAGED_FOR - GRACE) continue;
        const [details] = await kv.getImmutable(accountPartition(account), bucketOf(email), [detailsKey(email)]);
        if (!details) dead.push(key);
      }
    if (dead.length > 0) await kv.dropImmutable(p, LINKS, dead);
  }
}

/** Deletes what was condemned long enough ago and still has no link. */
async function collect({ kv, blobs }: Node, now: number, swept: Swept): Promise<void> {
  for await (const p of kv.partitions('b'))
    for await (const page of kv.scanImmutable(p, CONDEMNED, {}))
      for (const { key, value } of page) {
        const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
        const sha256 = bytes.toString('hex', 0, 32);
        const generation = bytes.readUInt32BE(32);
        const since = Buffer.from(value).readDoubleBE(0);
        if (since > now - CONDEMNED_FOR) continue;
        if (!(await isLinked(kv, sha256, generation))) {
          const info = await blobs.info(blobKey(generation, sha256));
          await blobs.drop(blobKey(generation, sha256));
          if (info) {
            swept.blobs++;
            swept.bytes += info.size;
          }
        }
        // After the deletion: a writer that finds the blob condemned no more writes it anew.
        await kv.dropImmutable(p, CONDEMNED, [key]);
      }
}

async function condemn({ kv, blobs }: Node, now: number): Promise<void> {
  for await (const { key } of blobs.list()) {
    const [generation, sha256] = key.split('-') as [string, string];
    if (await isLinked(kv, sha256, Number(generation))) continue;
    const since = Buffer.alloc(8);
    since.writeDoubleBE(now);
    await kv.putImmutable(blobShard(sha256), CONDEMNED, [[condemnedKey(sha256, Number(generation)), since]]);
  }
}

async function isLinked(kv: KeyValueStore, sha256: string, generation: number): Promise<boolean> {
  for await (const page of kv.scanImmutable(blobShard(sha256), LINKS, { ...linksOf(sha256, generation), limit: 1 }))
    if (page.length > 0) return true;
  return false;
}
