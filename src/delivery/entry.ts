/** Entries of the outbound queue. The truth about the mail is in its sender's account; an entry says when to look. */
import type { AccountId, EmailId } from '../mailstore/api.ts';
import type { SubmissionId } from '../mailstore/submission.ts';
import type { NewEntry, QueueEntry, QueueId } from '../ports/queue.ts';

export interface OutboundPayload {
  readonly account: AccountId;
  readonly submission: SubmissionId;
  /** The delivery that is to be attempted; absent: the mail is to be released. */
  readonly part?: number;
  /** Of the delivery. */
  readonly destination?: string;
  /** Attempts that failed on our side. */
  readonly faults?: number;
  /** The account's effect that brought it. It is there until nobody waits any more, or the entry does: then the queue has it for good. */
  readonly effect?: number;
  /** Somebody is to look after the mail in the sender mailbox. */
  readonly held?: true;
  /** Somebody is to look after an original that was fetched; `submission` is its email id then. */
  readonly original?: true;
}

export function deliveryEntry(
  account: AccountId,
  submission: SubmissionId,
  part: number,
  destination: string,
  effect: number,
): NewEntry & { readonly id: QueueId } {
  const payload: OutboundPayload = { account, submission, part, destination, effect };
  return { id: `${submission}-${part}` as QueueId, payload, tags: [account, destination], again: true };
}

export function wakeEntry(account: AccountId, submission: SubmissionId, due: number): NewEntry {
  const payload: OutboundPayload = { account, submission };
  return { id: `${submission}-wake` as QueueId, payload, tags: [account], due };
}

/** To look after a mail in the sender mailbox. */
export function heldEntry(account: AccountId, submission: SubmissionId, due: number): NewEntry {
  const payload: OutboundPayload = { account, submission, held: true };
  return { id: `${submission}-held` as QueueId, payload, tags: [account], due };
}

/** To look after an original that this account has fetched. */
export function originalEntry(account: AccountId, original: EmailId, due: number): NewEntry {
  const payload: OutboundPayload = { account, submission: original, original: true };
  return { id: `${original}-original` as QueueId, payload, tags: [account], due };
}

/** Undefined for an entry of another queue, wherever it is now. */
export function outboundPayload({ payload }: Pick<QueueEntry, 'payload'>): OutboundPayload | undefined {
  return typeof payload === 'object' && payload !== null && 'submission' in payload
    ? (payload as OutboundPayload)
    : undefined;
}
