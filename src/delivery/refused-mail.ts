/** Mail of our users that fails the checks: who sent it is told at once, and an operator finds it in the error queue with its reason. */
import type { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { Queue, QueueEntry } from '../ports/queue.ts';

export interface RefusedPayload {
  /** What was wrong, as a code. */
  readonly refused: MailError['code'];
  readonly account: AccountId;
  readonly sender: string;
  /** The first of them. */
  readonly recipients: readonly string[];
  readonly remote: string;
}

/** So many of one account are kept until an operator drops them: a program that tries again and again shall not bury the others. */
const MOST_OF_ACCOUNT = 50;
const MOST_RECIPIENTS = 20;

export async function keepRefused(
  queue: Pick<Queue, 'add' | 'list'>,
  refused: RefusedPayload,
  reason: string,
): Promise<void> {
  const { account, recipients } = refused;
  const known = await queue.list('error', { tag: account, limit: MOST_OF_ACCOUNT });
  if (known.length >= MOST_OF_ACCOUNT) return;
  const payload: RefusedPayload = { ...refused, recipients: recipients.slice(0, MOST_RECIPIENTS) };
  await queue.add('error', [{ payload, tags: [account], reason: reason.slice(0, 300) }]);
}

/** Undefined for every other entry. */
export function refusedPayload({ payload }: Pick<QueueEntry, 'payload'>): RefusedPayload | undefined {
  return typeof payload === 'object' && payload !== null && 'refused' in payload
    ? (payload as RefusedPayload)
    : undefined;
}
