import { expect, test } from 'vitest';
import { ScriptedTransfer } from '../../test/support/scripted-transfer.ts';
import { aliceSends, BOB, INBOX, sendingWorld, subjects } from '../../test/support/sending.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ALICE = 'alice@example.test';

async function lab() {
  const world = await sendingWorld();
  const transfer = new ScriptedTransfer(() => world.clock.now());
  const run = await world.start(world.kv, transfer);
  const pass = async (time: number): Promise<void> => {
    for (let left = time; left > 0; left -= 10 * MINUTE) {
      await world.clock.advance(10 * MINUTE);
      await run.quiet();
    }
  };
  return { ...world, transfer, run, pass };
}

test('mail of a suspended account waits, and goes on when it is resumed', async () => {
  const { directory, transfer, run, pass } = await lab();
  await using _ = run;
  directory.suspended.add(ALICE);
  const { id } = await aliceSends(run, ['x@one.test']);
  await run.quiet();
  const [waiting] = await run.queue.list('outbound');
  expect(waiting?.reason).toBe('one.test: the account that sent it is suspended');
  await pass(3 * HOUR);
  expect(transfer.attempts.size).toBe(0);
  directory.suspended.delete(ALICE);
  await pass(4 * HOUR);
  expect(transfer.received).toEqual(['x@one.test hi']);
  expect((await run.alice.outgoing.deliveries(id))[0]?.recipients[0]?.state).toBe('sent');
});

test('after five days it is given up, and has gone nowhere', async () => {
  const { directory, transfer, run, pass } = await lab();
  await using _ = run;
  directory.suspended.add(ALICE);
  const { id } = await aliceSends(run, ['x@one.test']);
  await pass(5 * DAY + HOUR);
  expect(transfer.attempts.size).toBe(0);
  expect((await run.alice.outgoing.deliveries(id))[0]?.recipients[0]).toMatchObject({
    state: 'bounced',
    reason: 'given up: the account that sent it is suspended',
  });
  expect((await run.queue.counts()).outbound.waiting).toBe(0);
});

test('a mail that was put off until a time is not released meanwhile', async () => {
  const { clock, directory, transfer, run, pass } = await lab();
  await using _ = run;
  await aliceSends(run, ['x@one.test', 'bob@example.test'], { sendAt: clock.now() + HOUR });
  directory.suspended.add(ALICE);
  await pass(2 * DAY);
  expect(transfer.attempts.size).toBe(0);
  const bob = await run.mailstore.open({ kind: 'system', role: 'verify' }, BOB);
  expect(await subjects(bob, INBOX)).toEqual([]);
  directory.suspended.delete(ALICE);
  await pass(HOUR);
  expect(transfer.received).toEqual(['x@one.test hi']);
  expect(await subjects(bob, INBOX)).toEqual(['hi']);
  bob[Symbol.dispose]();
});
