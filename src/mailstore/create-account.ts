/** The first commit of an account, and its last. */
import { MailError } from '../mail/error.ts';
import type { CommitId } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import type { AccountId } from './api.ts';
import { forgetCursors } from './cursors.ts';
import { Draft } from './draft.ts';
import { forgetEmails } from './forget.ts';
import { accountPartition, emailOf, everything, isEmailBucket } from './keys.ts';
import { MailboxIndex } from './mailbox-index.ts';
import { isHeld } from './legal-hold.ts';
import type { Mailbox, Node } from './mailbox.ts';
import { standardFolders } from './operations/folders.ts';
import { removeLater } from './operations/legal-hold.ts';
import { setQuota } from './operations/records.ts';
import { emptyFacts } from './state.ts';
import { encodeFacts, EPOCH_BYTES } from './values.ts';

const MOST_ATTEMPTS = 50;
const ID = /^[\x21-\x7e]{1,100}$/;

export function newEpoch(random: Random): string {
  return Buffer.from(random.bytes(EPOCH_BYTES)).toString('hex');
}

export async function createAccount(node: Node, id: AccountId, quota: number | undefined): Promise<void> {
  const { kv, clock, newId } = node;
  if (!ID.test(id)) throw new MailError('bug', 'bug', `not an account id: ${JSON.stringify(id.slice(0, 100))}`);
  const p = accountPartition(id);
  const now = clock.now();
  const epoch = newEpoch(node.random);
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const head = await kv.head(p);
    if (head.value) {
      // Whoever made it with our epoch was we, in an attempt that was thought lost.
      if (Buffer.from(head.value).includes(Buffer.from(epoch, 'hex'))) return;
      throw new MailError('account-exists', 'user', `account ${id} exists`);
    }
    const draft = new Draft(new MailboxIndex(id, emptyFacts(epoch), head.version), new Map());
    const time = Math.floor(now / 1000);
    draft.add(newId(), time, standardFolders(now).plan(draft));
    if (quota !== undefined) draft.add(newId(), time, setQuota(quota).plan(draft));
    await node.markChanged(id);
    const commit = newId() as CommitId;
    const result = await kv.commit(p, head.version, draft.version - 1, draft.batch(), commit);
    if (result.kind === 'applied') return;
    if (result.kind === 'unknown' && (await kv.resolve(p, head.version, commit)) === 'applied') return;
  }
  throw new MailError('busy', 'temporary', `account ${id} could not be made`);
}

/**
 * The header stays, so that versions never begin again. What it held goes after the commit that says so. Under a legal hold it all stays, and goes with
 * the last one, unless `anyway`. Answers whether it is gone.
 */
export async function removeAccount(node: Node, mailbox: Mailbox, anyway: boolean): Promise<boolean> {
  const { kv, newId } = node;
  const { account } = mailbox;
  const p = accountPartition(account);
  for (let attempt = 0; ; attempt++) {
    if (attempt === MOST_ATTEMPTS) throw new MailError('busy', 'temporary', `account ${account} could not be removed`);
    const head = await kv.head(p);
    if (!anyway && (await isHeld(kv, account)) && (await mailbox.run(removeLater()))) return false;
    const header = encodeFacts({ ...mailbox.index.facts, removed: true, lastRow: 0, used: 0 });
    const commit = newId() as CommitId;
    const result = await kv.commit(p, head.version, head.version + 1, { header, clear: [everything()] }, commit);
    if (result.kind === 'applied') break;
    if (result.kind === 'unknown' && (await kv.resolve(p, head.version, commit)) === 'applied') break;
  }
  await forgetAccount(node, account);
  await node.forgetElsewhere?.(new Set([account]));
  return true;
}

/** All immutable rows of an account, its links to blobs, and how far modules came in it. */
export async function forgetAccount(node: Node, account: AccountId): Promise<void> {
  const { kv } = node;
  const p = accountPartition(account);
  await forgetCursors(node, account);
  const buckets = new Map<string, Uint8Array[]>();
  for await (const page of kv.scanImmutable(p, undefined, {}))
    for (const { bucket, key } of page) {
      const keys = buckets.get(bucket);
      if (keys) keys.push(key);
      else buckets.set(bucket, [key]);
    }
  for (const [bucket, keys] of buckets) {
    if (isEmailBucket(bucket)) await forgetEmails(kv, account, [...new Set(keys.map(emailOf))]);
    for (let i = 0; i < keys.length; i += 1000) await kv.dropImmutable(p, bucket, keys.slice(i, i + 1000));
  }
}
