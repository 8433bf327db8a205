/** What the effects of mail in a sender mailbox need; the mailbox's own part knows how (Downmail). */
import type { MailAccount } from '../mailstore/api.ts';
import type { Effect, OutboxItem, SubmissionId } from '../mailstore/submission.ts';

export interface HeldCarrier {
  /** Makes the copies of a delivery, and marks the effect. Answers the effects that follow. */
  hold(account: MailAccount, item: OutboxItem, part: number): Promise<readonly OutboxItem[]>;
  /** Sends the notifications, and marks the effect. */
  notify(account: MailAccount, item: OutboxItem, effect: Effect & { readonly kind: 'notify' }): Promise<void>;
  /** Tells the sender that a recipient has fetched it, and marks the effect. */
  receipt(account: MailAccount, item: OutboxItem, effect: Effect & { readonly kind: 'receipt' }): Promise<void>;
  /** Ends a copy of which nobody could be told, and marks the effect. */
  unreached(account: MailAccount, item: OutboxItem, effect: Effect & { readonly kind: 'unreached' }): Promise<void>;
  /** Warns of what expires soon, and ends what has expired. Answers when to look again; undefined: there is nothing left. */
  look(account: MailAccount, submission: SubmissionId): Promise<number | undefined>;
}
