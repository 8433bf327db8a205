import { z } from 'zod';
import { MailError } from '../../mail/error.ts';
import { QUEUE_NAMES, type QueueCounts, type QueueEntry, type QueueId, type QueueName } from '../../ports/queue.ts';
import { operation } from '../operation.ts';

const queue = z.enum(QUEUE_NAMES as [QueueName, ...QueueName[]]);
const ids = z.strictObject({ ids: z.array(z.string().min(1).max(100)).min(1).max(1000) });

const PAGE = 200;

export const queueCounts = operation<Record<string, never>, Record<QueueName, QueueCounts>>(
  'queue.counts',
  z.strictObject({}),
  (service) => service.queue.counts(),
);

export const queueList = operation<{ queue: QueueName; tag?: string | undefined }, { entries: number }, QueueEntry>(
  'queue.list',
  z.strictObject({ queue, tag: z.string().optional() }),
  async (service, args, io) => {
    let entries = 0;
    let after: QueueId | undefined;
    for (;;) {
      const page = await service.queue.list(args.queue, {
        limit: PAGE,
        ...(after !== undefined && { after }),
        ...(args.tag !== undefined && { tag: args.tag }),
      });
      for (const entry of page) io.item(entry);
      await io.taken();
      entries += page.length;
      after = page.at(-1)?.id;
      if (page.length < PAGE || after === undefined) return { entries };
    }
  },
);

/** Null when it is gone. */
export const queueShow = operation(
  'queue.show',
  z.strictObject({ id: z.string().min(1).max(100) }),
  async (service, { id }) => (await service.queue.get(id as QueueId)) ?? null,
);

export const queueHold = operation('queue.hold', ids, async (service, args) => ({
  changed: await service.queue.hold(args.ids as QueueId[]),
}));

export const queueRelease = operation('queue.release', ids, async (service, args) => ({
  changed: await service.queue.release(args.ids as QueueId[]),
}));

export const queueDrop = operation('queue.drop', ids, async (service, args) => ({
  changed: await service.queue.drop(args.ids as QueueId[]),
}));

/** Tried again at once: from the error queue as if it had just been accepted. */
export const queueRetry = operation('queue.retry', ids, async (service, args) => {
  let changed = 0;
  for (const id of args.ids) {
    const entry = await service.queue.get(id as QueueId);
    if (entry === undefined) continue;
    const to = entry.queue === 'intake' || entry.queue === 'error' ? 'intake' : entry.queue;
    if (to !== 'intake')
      throw new MailError('not-allowed', 'user', `${id} is in the ${entry.queue} queue: there is nothing to try again`);
    await service.queue.move(entry, to, 'tried again for the operator');
    changed++;
  }
  return { changed };
});
