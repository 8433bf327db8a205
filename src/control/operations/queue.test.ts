import { expect, test } from 'vitest';
import { aliceSends, sendingWorld } from '../../../test/support/sending.ts';
import type { OperationIo } from '../operation.ts';
import type { Service } from '../service.ts';
import { queueDrop } from './queue.ts';

test('what an operator takes out of the queue is shown as dropped, and nothing of it is left to be carried out', async () => {
  const world = await sendingWorld();
  await using run = await world.start();
  const sent = await aliceSends(run, ['x@far.test']);
  await run.quiet();
  const [entry] = await run.queue.list('outbound');
  const service = { queue: run.queue, mailstore: run.mailstore, clock: world.clock } as unknown as Service;
  expect(await queueDrop.run(service, { ids: [entry!.id] }, {} as OperationIo<never>)).toEqual({ changed: 1 });
  expect(await run.queue.list('outbound')).toEqual([]);
  const [delivery] = await run.alice.outgoing.deliveries(sent.id);
  expect(delivery?.recipients.map(({ state }) => state)).toEqual(['dropped']);
  expect(await run.alice.outgoing.outbox()).toEqual([]);
});
