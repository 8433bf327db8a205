/** What went wrong, in a form each protocol can put into its own words (one `reply.ts` per protocol). */
export type MailErrorKind =
  /** The user can do something about it; the same request fails again. */
  | 'user'
  /** The same request may work later. */
  | 'temporary'
  /** The request was malformed. */
  | 'syntax'
  /** We are wrong. */
  | 'bug';

export type MailErrorCode =
  | 'folder-exists'
  | 'folder-missing'
  | 'folder-protected'
  | 'folder-name'
  | 'folder-has-children'
  | 'message-missing'
  | 'script-missing'
  | 'script-exists'
  | 'script-active'
  | 'too-large'
  | 'over-quota'
  | 'sender-mailbox-missing'
  | 'sender-mailbox-full'
  | 'limit'
  | 'not-allowed'
  | 'auth-failed'
  /** The password is right, and a code is wanted beside it. */
  | 'code-required'
  /** Everybody who tries passwords has it in a list. */
  | 'password-known'
  | 'auth-throttled'
  | 'account-suspended'
  /** The account may read and receive, and not send. */
  | 'sending-suspended'
  | 'account-missing'
  | 'account-exists'
  | 'domain-missing'
  | 'domain-exists'
  | 'address-syntax'
  | 'unknown-recipient'
  | 'remote-recipient'
  /** Nothing is sent there any more: mail bounced, or was called spam. */
  | 'suppressed'
  /** The mail went round too often. */
  | 'mail-loop'
  /** Its author's domain asks that such mail be refused. */
  | 'policy-refused'
  /** Its author's or sender's address cannot be right. */
  | 'wrong-sender'
  /** It holds something that does harm, or may. */
  | 'infected'
  /** Come again in a while: a mail server does, a spammer seldom. */
  | 'greylisted'
  /** Somebody of ours sends what looks like spam. */
  | 'looks-like-spam'
  /** It cannot be scanned now, and shall not pass without. */
  | 'scanner-down'
  /** Its recipient takes notifications only (Downmail). */
  | 'originals-refused'
  | 'gateway-full'
  /** The sender is on a reject list of the recipient's. */
  | 'rejected'
  | 'damaged'
  | 'store-full'
  | 'store-failed'
  | 'busy'
  | 'timeout'
  | 'conflict'
  | 'syntax'
  | 'bug'; // prettier-ignore

/** The message is for logs and operators: specific, without secrets. Strangers get the protocol's generic words. */
export class MailError extends Error {
  override readonly name = 'MailError';
  readonly code: MailErrorCode;
  readonly kind: MailErrorKind;
  constructor(code: MailErrorCode, kind: MailErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.kind = kind;
  }
}
