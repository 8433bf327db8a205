import { z } from 'zod';
import { MailError } from '../../mail/error.ts';
import { QUEUE_NAMES, type QueueCounts, type QueueEntry, type QueueId, type QueueName } from '../../ports/queue.ts';
import { outboundPayload } from '../../delivery/entry.ts';
import { type Delivery, type DeliveryChange, isSettled } from '../../mailstore/submission.ts';
import { retryNow } from '../../delivery/retry.ts';
import { operation } from '../operation.ts';
import type { Service } from '../service.ts';

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

export const queueDrop = operation('queue.drop', ids, async (service, args) => {
  let changed = 0;
  for (const id of args.ids as QueueId[]) {
    const entry = await service.queue.get(id);
    // Held first: nobody begins an attempt meanwhile.
    if (entry !== undefined && !entry.held && (await service.queue.hold([id])) === 0) continue;
    if (entry !== undefined) await forgetSubmission(service, entry);
    changed += await service.queue.drop([id]);
  }
  return { changed };
});

/** Of mail that a user sent: it shows that an operator took it out. */
async function forgetSubmission({ mailstore, clock }: Service, entry: QueueEntry): Promise<void> {
  const payload = outboundPayload(entry);
  if (payload === undefined) return;
  const { account: id, submission, part, effect } = payload;
  try {
    using account = await mailstore.open({ kind: 'system', role: 'admin' }, id);
    if (payload.original === true) return;
    if (part === undefined) return void (await account.outgoing.cancel(submission));
    const at = clock.now();
    const dropped = ({ recipients, tries }: Delivery): DeliveryChange => ({
      recipients: recipients.map((one) =>
        isSettled(one) ? one : { ...one, state: 'dropped', at, reason: 'an operator took it out of the queue' },
      ),
      tries,
      reports: [],
    });
    await account.outgoing.changeDelivery(submission, part, dropped, { settles: effect });
  } catch (error) {
    if (!(error instanceof MailError) || error.code !== 'account-missing') throw error;
  }
}

/** Tried again at once; from the error queue as if it had just been accepted. An attempt that is under way is left alone. */
export const queueRetry = operation('queue.retry', ids, async (service, args) => {
  let changed = 0;
  for (const id of args.ids as QueueId[]) if (await retryNow(service.queue, id)) changed++;
  return { changed };
});
