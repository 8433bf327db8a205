/** Entries of the queues `hard-bounce`, `soft-bounce` and `complaint`. */
import type { AccountId } from '../../mailstore/api.ts';
import type { Effect, Feedback, OutboxItem, SubmissionId } from '../../mailstore/submission.ts';
import type { NewEntry, QueueEntry, QueueId } from '../../ports/queue.ts';

export interface FeedbackPayload extends Feedback {
  /** The sender's. */
  readonly account: AccountId;
  readonly sent: SubmissionId;
  /** Envelope sender of the mail. */
  readonly sender: string;
  /** Domain of the recipients; '' for ours. */
  readonly destination: string;
  readonly at: number;
}

export function feedbackEntry(
  account: AccountId,
  { submission, number }: Pick<OutboxItem, 'submission' | 'number'>,
  effect: Effect & { kind: 'feedback' },
): NewEntry {
  const { kind: _kind, ...facts } = effect;
  const payload: FeedbackPayload = { ...facts, account, sent: submission };
  return { id: `${submission}-f${number}` as QueueId, payload, tags: [account] };
}

/** Undefined for an entry of another queue, wherever it is now. */
export function feedbackPayload({ payload }: Pick<QueueEntry, 'payload'>): FeedbackPayload | undefined {
  return typeof payload === 'object' && payload !== null && 'feedback' in payload
    ? (payload as FeedbackPayload)
    : undefined;
}
