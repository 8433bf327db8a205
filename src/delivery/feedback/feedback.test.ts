import { afterEach, beforeEach, expect, test } from 'vitest';
import { later, refused, ScriptedTransfer } from '../../../test/support/scripted-transfer.ts';
import { ALICE, aliceSends, BOB, INBOX, type Sending, sendingWorld, subjects } from '../../../test/support/sending.ts';
import { problemsOf, SYSTEM } from '../../../test/support/mail-store.ts';
import type { SubmissionId } from '../../mailstore/submission.ts';
import type { Outcome } from '../transfer.ts';

const DAY = 86_400_000;
let world: Awaited<ReturnType<typeof sendingWorld>>;
let run: Sending;
let transfer: ScriptedTransfer;
beforeEach(async () => {
  world = await sendingWorld();
  transfer = new ScriptedTransfer(() => world.clock.now());
  run = await world.start(world.kv, transfer);
});
afterEach(async () => {
  expect(await problemsOf(run.mailstore)).toEqual([]);
  await run[Symbol.asyncDispose]();
});

const suppressed = async () =>
  (await run.suppressions.list(run.alice)).map(({ address, reason }) => `${address} ${reason}`);
const states = async (id: SubmissionId) =>
  (await run.alice.outgoing.deliveries(id)).flatMap(({ recipients }) => recipients.map(({ state }) => state));
const fails = (status: string, reply = `${status.charAt(0)}50 ${status} no`): Outcome => ({
  kind: status.startsWith('5') ? 'permanent' : 'temporary',
  status,
  reply,
  host: 'mx',
  reason: 'it was refused',
});

test('an address that does not exist: nothing more goes there, and its sender is told why', async () => {
  transfer.servers.set('far.test', () => refused);
  await aliceSends(run, ['x@far.test']);
  await run.quiet();
  expect(await suppressed()).toEqual(['x@far.test hard-bounce']);
  expect(run.told).toMatchObject([
    { feedback: 'hard-bounce', source: 'reply', account: ALICE, destination: 'far.test', certain: true },
  ]);
  await expect(aliceSends(run, ['X@FAR.test'])).rejects.toMatchObject({
    code: 'suppressed',
    message: expect.stringMatching(
      /^x@far\.test is on the suppression list since 2026-03-01: it does not exist/,
    ) as string,
  });
  expect(await run.queue.list('error')).toMatchObject([{ payload: { refused: 'suppressed', account: ALICE } }]);
  // Others may still try, until it has failed for them, too.
  const bob = await run.mailstore.open(SYSTEM, BOB);
  expect(await run.suppressions.find(bob, 'x@far.test')).toBeUndefined();
  await run.suppressions.remove(run.alice, 'x@far.test');
  await aliceSends(run, ['x@far.test']);
  bob[Symbol.dispose]();
});

test('what is on the list by the time of the attempt comes back at once, and nobody is asked', async () => {
  const { id } = await aliceSends(run, ['x@far.test', 'y@far.test'], { sendAt: world.clock.now() + DAY });
  await run.suppressions.add(run.alice, { address: 'x@far.test', reason: 'manual', detail: '' });
  await run.quiet();
  await world.clock.advance(DAY);
  await run.quiet();
  expect(await states(id)).toEqual(['bounced', 'sent']);
  expect(transfer.received.join()).not.toContain('x@far.test');
  const [delivery] = await run.alice.outgoing.deliveries(id);
  expect(delivery?.recipients[0]).toMatchObject({
    status: '5.7.1',
    reason: expect.stringMatching(/somebody put it/) as string,
  });
  expect(run.told).toEqual([]);
  expect(await subjects(run.alice, INBOX)).toEqual(['Undelivered mail returned to sender']);
});

test('a refusal in words is understood; one of the mail itself says nothing about the address', async () => {
  transfer.servers.set('words.test', () => fails('5.0.0', '550 No such user here'));
  transfer.servers.set('spam.test', () => fails('5.7.1', '550 5.7.1 looks like spam'));
  await aliceSends(run, ['x@words.test', 'y@spam.test']);
  await run.quiet();
  expect(await suppressed()).toEqual(['x@words.test hard-bounce']);
  expect(run.told.map(({ feedback }) => feedback).sort()).toEqual(['hard-bounce', 'soft-bounce']);
});

test('an address that fails in passing again and again rests for a week', async () => {
  transfer.servers.set('full.test', () => fails('5.2.2', '552 5.2.2 mailbox full'));
  for (let i = 1; i <= 5; i++) {
    expect(await suppressed(), `before ${i}`).toEqual([]);
    await aliceSends(run, ['x@full.test'], { subject: `${i}` });
    await run.quiet();
  }
  expect(await suppressed()).toEqual(['x@full.test soft-bounce']);
  await expect(aliceSends(run, ['x@full.test'])).rejects.toMatchObject({ code: 'suppressed' });
  await world.clock.advance(7 * DAY + 1);
  expect(await suppressed()).toEqual([]);
  await aliceSends(run, ['x@full.test'], { subject: 'again' });
  await run.quiet();
  expect(await suppressed(), 'the period is over').toEqual([]);
});

test('mail that is given up counts as a soft bounce, mail that waits as nothing', async () => {
  transfer.servers.set('slow.test', () => later);
  await aliceSends(run, ['x@slow.test']);
  await run.quiet();
  expect(run.told).toEqual([]);
  for (let i = 0; i < 60 && run.told.length === 0; i++) {
    await world.clock.advance(DAY / 4);
    await run.quiet();
  }
  expect(run.told).toMatchObject([{ feedback: 'soft-bounce', recipients: [{ status: '4.4.7' }] }]);
});

test('an address that failed for good for two accounts is nobody’s any more', async () => {
  const bob = await run.mailstore.open(SYSTEM, BOB);
  for (const account of [ALICE, ALICE, BOB]) {
    expect(await run.suppressions.find(bob, 'X@far.test')).toBeUndefined();
    await run.suppressions.witness(account, { address: 'x@far.test', reason: 'hard-bounce', detail: '550' }, 2);
  }
  expect(await run.suppressions.find(bob, 'X@far.test')).toMatchObject({
    address: 'x@far.test',
    reason: 'hard-bounce',
  });
  expect(await Array.fromAsync(run.suppressions.listAll())).toHaveLength(1);
  expect(await run.suppressions.removeForAll('x@far.test')).toBe(true);
  expect(await run.suppressions.removeForAll('x@far.test')).toBe(false);
  expect(await run.suppressions.find(bob, 'x@far.test')).toBeUndefined();
  bob[Symbol.dispose]();
});

test('an entry that cannot be worked on ends in the error queue', async () => {
  await run.queue.add('complaint', [{ payload: { something: 'else' } }]);
  await run.quiet();
  expect(await run.queue.list('error')).toMatchObject([{ reason: 'this is no entry of the complaint queue' }]);
});
