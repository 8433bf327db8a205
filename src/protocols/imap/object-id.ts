/** Object identifiers (RFC 8474): letters, digits, `_` and `-`; unique in their account, never used again. */
import { createHash } from 'node:crypto';
import type { EmailId, Folder, MailAccount, ThreadId } from '../../mailstore/api.ts';

/** Stays the same when the mailbox is renamed; a new one of the same name has another. Somebody else's has its owner in it. */
export function mailboxId(account: MailAccount, folder: Folder): string {
  if (folder.rights === undefined) return `F${folder.id}`;
  return `F${folder.id}-${createHash('sha256').update(account.id).digest('base64url').slice(0, 16)}`;
}

/** The same for copies of a message. */
export function emailId(email: EmailId | ''): string {
  return `M${email}`;
}

export function threadId(thread: ThreadId | ''): string {
  return `T${thread}`;
}
