/** Wake-ups of mail that was put off. The truth is in its owner's account; an entry of the outbound queue says when to look. */
import type { AccountId, MsgId } from '../mailstore/api.ts';
import type { NewEntry, QueueEntry } from '../ports/queue.ts';

interface SnoozedPayload {
  readonly account: AccountId;
  readonly snoozed: readonly MsgId[];
}

export function snoozedEntry(account: AccountId, snoozed: readonly MsgId[], due: number): NewEntry {
  const payload: SnoozedPayload = { account, snoozed };
  return { payload, tags: [account], due };
}

/** Undefined for an entry about something else. */
export function snoozedPayload({ payload }: Pick<QueueEntry, 'payload'>): SnoozedPayload | undefined {
  return typeof payload === 'object' && payload !== null && 'snoozed' in payload
    ? (payload as SnoozedPayload)
    : undefined;
}
