/** Mail that waits for accounts which were removed: what was stored for them is gone, and nothing is left to deliver. */
import type { AccountId } from '../mailstore/api.ts';
import type { Queue, QueueEntry, QueueName } from '../ports/queue.ts';
import type { IntakePayload } from './entry.ts';

const PAGE = 200;

/** Entries that others have a part in stay for these. One that is at work at the moment is left for the next time. */
export async function forgetQueued(queue: Queue, accounts: ReadonlySet<AccountId>): Promise<void> {
  for (const name of ['intake', 'outbound', 'error'] as const)
    for (const account of accounts)
      for await (const entry of tagged(queue, name, account)) await forget(queue, entry, accounts);
}

async function forget(queue: Queue, entry: QueueEntry, accounts: ReadonlySet<AccountId>): Promise<void> {
  const { recipients } = entry.payload as Partial<IntakePayload>;
  const left = recipients?.filter(({ staged }) => !accounts.has(staged.account)) ?? [];
  if (left.length === 0) await queue.drop([entry.id]);
  // The worker finds out for itself who is gone: only what it has given up is not looked at again.
  else if (entry.queue === 'error' && left.length < (recipients?.length ?? 0))
    await queue.move(entry, 'error', entry.reason ?? '', { ...(entry.payload as IntakePayload), recipients: left });
}

async function* tagged(queue: Queue, name: QueueName, tag: string): AsyncIterable<QueueEntry> {
  for (let page = await queue.list(name, { tag, limit: PAGE }); page.length > 0; ) {
    yield* page;
    const last = page.at(-1);
    page = last && page.length === PAGE ? await queue.list(name, { tag, limit: PAGE, after: last.id }) : [];
  }
}
