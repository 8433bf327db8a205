/** What clients are told when something fails: RFC 3501 §7.1, response codes of RFC 5530 and 9051. */
import { MailError, type MailErrorCode } from '../../mail/error.ts';

/** A tagged NO or BAD in IMAP's own words, where `MailError` has none. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: 'NO' | 'BAD';
  constructor(status: 'NO' | 'BAD', text: string) {
    super(text);
    this.status = status;
  }
}

/** The tagged reply's status and text. Generic: the log has the particulars. */
const WORDS: Readonly<Record<MailErrorCode, string>> = {
  'folder-exists': 'NO [ALREADYEXISTS] A mailbox with that name exists',
  'folder-missing': 'NO [NONEXISTENT] There is no such mailbox',
  'folder-protected': 'NO [CANNOT] That cannot be done with this mailbox',
  'folder-name': 'NO [CANNOT] That is not a possible mailbox name',
  'folder-has-children': 'NO [HASCHILDREN] The mailbox has mailboxes below it',
  'message-missing': 'NO [EXPUNGEISSUED] Some of the messages are gone',
  'script-missing': 'NO [NONEXISTENT] There is no such script',
  'script-exists': 'NO [ALREADYEXISTS] There is a script of that name',
  'script-active': 'NO [INUSE] The script is active',
  'too-large': 'NO [TOOBIG] The message is too large',
  'over-quota': 'NO [OVERQUOTA] The account is full',
  'gateway-full': 'NO [CANNOT] There is no room to keep originals for the recipient',
  'originals-refused': 'NO [CANNOT] The recipient takes notifications only',
  'sender-mailbox-missing': 'NO [NONEXISTENT] There is no sender mailbox',
  'sender-mailbox-full': 'NO [OVERQUOTA] The sender mailbox is full',
  limit: 'NO [LIMIT] A limit of the account is reached',
  'not-allowed': 'NO [NOPERM] Not allowed',
  'auth-failed': 'NO [AUTHENTICATIONFAILED] Address or password is wrong',
  'code-required': 'NO [AUTHENTICATIONFAILED] Address or password is wrong',
  'password-known': 'NO [CANNOT] That password is known to everybody',
  'auth-throttled': 'NO [LIMIT] Too many failed sign-ins, try again later',
  'account-suspended': 'NO [CONTACTADMIN] The account is suspended',
  'sending-suspended': 'NO [CONTACTADMIN] The account may not send mail',
  'account-missing': 'NO [AUTHORIZATIONFAILED] There is no such account',
  'account-exists': 'NO [ALREADYEXISTS] The account exists',
  'domain-missing': 'NO [NONEXISTENT] There is no such domain',
  'domain-exists': 'NO [ALREADYEXISTS] The domain exists',
  'address-syntax': 'NO [CANNOT] That is not an address',
  'unknown-recipient': 'NO [CANNOT] There is no such recipient',
  'remote-recipient': 'NO [CANNOT] That recipient is not here',
  suppressed: 'NO [CANNOT] That recipient is on the suppression list',
  damaged: 'NO [CORRUPTION] The message is damaged in storage',
  'store-full': 'NO [UNAVAILABLE] Storage is full, try again later',
  'store-failed': 'NO [UNAVAILABLE] Storage is not available, try again later',
  busy: 'NO [UNAVAILABLE] Busy, try again later',
  timeout: 'NO [UNAVAILABLE] That took too long, try again later',
  conflict: 'NO [INUSE] Changed by somebody else meanwhile, try again',
  infected: 'NO [CANNOT] It holds something that does harm',
  greylisted: 'NO [UNAVAILABLE] Please try again in some minutes',
  'looks-like-spam': 'NO [CANNOT] It looks like spam',
  'scanner-down': 'NO [UNAVAILABLE] It cannot be scanned now',
  'wrong-sender': "NO [CANNOT] The author's or sender's address cannot be right",
  'policy-refused': "NO [CANNOT] The author's domain asks that this message be refused",
  rejected: 'NO [CANNOT] The recipient takes no mail from this sender',
  'mail-loop': 'NO [CANNOT] The message has gone in a circle',
  syntax: 'BAD Malformed command',
  bug: 'NO [SERVERBUG] Internal error',
};

/** With UIDONLY (RFC 9586 §3.2). */
export function uidRequired(): Refusal {
  return new Refusal('BAD', '[UIDREQUIRED] Messages have no numbers here');
}

/** The tagged reply without its tag, and whether the failure is ours and belongs in the log. */
export function replyTo(error: unknown): { readonly text: string; readonly ours: boolean } {
  if (error instanceof Refusal) return { text: `${error.status} ${error.message}`, ours: false };
  if (!(error instanceof MailError)) return { text: WORDS.bug, ours: true };
  // Messages of syntax errors are the tokenizer's own constants: they tell a client's author what is wrong.
  if (error.code === 'syntax') return { text: `BAD ${error.message}`, ours: false };
  return { text: WORDS[error.code], ours: error.kind === 'bug' || error.code === 'damaged' };
}

/** For COPY, MOVE and APPEND a missing target may be made and the command tried again (RFC 3501 §7.1). */
export function orTryCreate(error: unknown): unknown {
  return error instanceof MailError && error.code === 'folder-missing'
    ? new Refusal('NO', '[TRYCREATE] There is no such mailbox')
    : error;
}
