/** What waits or has failed is tried again at once, because an operator wants it. */
import { MailError } from '../mail/error.ts';
import type { Queue, QueueEntry, QueueId, QueueName } from '../ports/queue.ts';
import { outboundPayload } from './entry.ts';
import { snoozedPayload } from './snoozed.ts';
import { feedbackPayload } from './feedback/entry.ts';
import { refusedPayload } from './refused-mail.ts';

/** The queue from which it came, wherever it is now. */
function homeOf(entry: QueueEntry): QueueName {
  return (
    feedbackPayload(entry)?.feedback ??
    (outboundPayload(entry) === undefined && snoozedPayload(entry) === undefined ? 'intake' : 'outbound')
  );
}

/**
 * From the error queue as if it had just been accepted. Answers whether there was something to do: an attempt that is under way is left
 * alone. Throws `not-allowed` for what is not to be tried again.
 */
export async function retryNow(queue: Pick<Queue, 'get' | 'hold' | 'release' | 'move'>, id: QueueId): Promise<boolean> {
  const entry = await queue.get(id);
  if (entry === undefined) return false;
  const refuse = (why: string) => new MailError('not-allowed', 'user', `${id} ${why}: there is nothing to try again`);
  if (refusedPayload(entry) !== undefined) throw refuse('was refused, and whoever sent it was told');
  const to = homeOf(entry);
  if (entry.queue !== to && entry.queue !== 'error') throw refuse(`is in the ${entry.queue} queue`);
  if (entry.queue !== 'outbound') {
    await queue.move(entry, to, 'tried again for the operator');
    return true;
  }
  // What is attempted at the moment must not be attempted twice: only what waits can be held.
  return (entry.held || (await queue.hold([id])) === 1) && (await queue.release([id])) === 1;
}
