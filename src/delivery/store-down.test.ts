/** The store takes nothing while an attempt ends: the mail is attempted again when it does, without a restart. */
import { expect, test } from 'vitest';
import { problemsOf } from '../../test/support/mail-store.ts';
import { ScriptedTransfer, taken } from '../../test/support/scripted-transfer.ts';
import { aliceSends, sendingWorld } from '../../test/support/sending.ts';
import { settle } from '../../test/support/settle.ts';
import { StoreFull } from '../ports/kv.ts';

test('what became of a mail cannot be written: it waits, and is not lost among those at work (B9)', async () => {
  const { start, kv, clock } = await sendingWorld();
  const transfer = new ScriptedTransfer(() => clock.now());
  const commit = kv.commit.bind(kv);
  transfer.servers.set('far.test', ({ attempt }) => {
    if (attempt === 1) kv.commit = () => Promise.reject(new StoreFull('no space left'));
    return taken;
  });
  await using run = await start(kv, transfer);
  const { id } = await aliceSends(run, ['x@far.test']);
  await run.dispatcher.idle();
  await settle();
  expect((await run.queue.counts()).outbound.waiting).toBe(1);
  // Neither the outcome nor that it is to be tried again can be noted.
  for (let i = 0; i < 20; i++) {
    await clock.advance(30_000);
    await settle();
  }
  expect((await run.queue.counts()).outbound.waiting).toBe(1);
  kv.commit = commit;
  await clock.advance(60_000);
  await run.quiet();
  expect((await run.queue.counts()).outbound.waiting).toBe(0);
  const [delivery] = await run.alice.outgoing.deliveries(id);
  expect(delivery?.recipients).toMatchObject([{ state: 'sent' }]);
  // The other side has it twice, as after a crash, and not once more for each time that was tried in vain.
  expect(transfer.received).toHaveLength(2);
  expect(await problemsOf(run.mailstore)).toEqual([]);
});
