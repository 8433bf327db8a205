/** Object identifiers (RFC 8474): letters, digits, `_` and `-`; unique in their account, never used again. */
import type { EmailId, Folder, ThreadId } from '../../mailstore/api.ts';

/** Stays the same when the mailbox is renamed; a new one of the same name has another. */
export function mailboxId(folder: Folder): string {
  return `F${folder.id}`;
}

/** The same for copies of a message. */
export function emailId(email: EmailId | ''): string {
  return `M${email}`;
}

export function threadId(thread: ThreadId | ''): string {
  return `T${thread}`;
}
