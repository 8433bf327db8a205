/** How scripts name mailboxes and flags, and what that is in an account. */
import type { Flags, Folder, FolderRole, MailAccount } from '../../mailstore/api.ts';
import { Flag } from '../../mailstore/api.ts';
import type { FileintoAction } from '../../mail/sieve/actions.ts';

/** RFC 6154 and RFC 8457. */
const ROLES = new Map<string, FolderRole>([
  ['\\sent', 'sent'],
  ['\\drafts', 'drafts'],
  ['\\junk', 'junk'],
  ['\\trash', 'trash'],
  ['\\archive', 'archive'],
  ['\\important', 'important'],
  ['\\flagged', 'flagged'],
  ['\\all', 'all'],
]);

const FLAGS = new Map<string, Flags>([
  ['\\seen', Flag.seen],
  ['\\answered', Flag.answered],
  ['\\flagged', Flag.flagged],
  ['\\deleted', Flag.deleted],
  ['\\draft', Flag.draft],
]);

/** Of a special use such as `\Junk`. */
export function roleOf(use: string): FolderRole | undefined {
  return ROLES.get(use.toLowerCase());
}

/** MAILBOXID, as IMAP tells it (RFC 8474 §4.1). */
export function mailboxId(folder: Folder): string {
  return `F${folder.id}`;
}

/** Undefined when there is no such folder. The id goes first, then the use, then the name (RFC 9042 §3, RFC 8579 §4). */
export function targetOf(account: MailAccount, action: FileintoAction): Folder | undefined {
  const { mailboxId: id, specialUse, mailbox } = action;
  const named = id === undefined ? undefined : account.folders().find((folder) => mailboxId(folder) === id);
  const role = specialUse === undefined ? undefined : roleOf(specialUse);
  return named ?? (role && account.folderWithRole(role)) ?? account.folderAt(mailbox);
}

/** Flags of the system as bits, and the keywords beside them. */
export function flagsOf(texts: readonly string[]): { readonly flags: Flags; readonly keywords: readonly string[] } {
  let flags = 0;
  const keywords: string[] = [];
  for (const text of texts) {
    const bit = FLAGS.get(text.toLowerCase());
    if (bit === undefined) keywords.push(text);
    else flags |= bit;
  }
  return { flags, keywords };
}
