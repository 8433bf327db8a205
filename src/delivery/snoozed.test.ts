/** Mail that is put off: it leaves, and comes back at its time, over restarts and whatever its owner does meanwhile. */
import { expect, test } from 'vitest';
import { problemsOf } from '../../test/support/mail-store.ts';
import { ScriptedTransfer } from '../../test/support/scripted-transfer.ts';
import { INBOX, type Sending, sendingWorld, subjects } from '../../test/support/sending.ts';
import { Flag, type FolderId, type MsgId } from '../mailstore/api.ts';
import { snoozedEntry } from './snoozed.ts';

const HOUR = 3_600_000;

async function lab() {
  const world = await sendingWorld();
  const start = () => world.start(world.kv, new ScriptedTransfer(() => world.clock.now()));
  const run = await start();
  const make = async (path: string) => (await run.alice.createFolder(path)).id;
  const [into, work] = [await make('Snoozed'), await make('Work')];
  const put = async (subject: string, folder: FolderId = INBOX) =>
    (await run.alice.addMessage(Buffer.from(`Subject: ${subject}\r\n\r\n`), { folder, flags: Flag.seen })).id;
  const snooze = async (ids: readonly MsgId[], hours: number) => {
    const until = world.clock.now() + hours * HOUR;
    await run.queue.add('outbound', [snoozedEntry(run.alice.id, ids, until)]);
    return run.alice.snoozing.putOff(ids, until, into);
  };
  const pass = async (of: Sending, hours: number) => {
    await world.clock.advance(hours * HOUR);
    await of.quiet();
    await of.alice.refresh();
  };
  return { ...world, start, run, into, work, put, snooze, pass };
}

test('it comes back to where it was, unread and the newest, also after a restart', async () => {
  const l = await lab();
  const [late, other] = [await l.put('late', l.work), await l.put('other', l.work)];
  expect(await l.snooze([late], 2)).toBe(1);
  expect(await subjects(l.run.alice, l.into)).toEqual(['late']);
  await l.run[Symbol.asyncDispose]();
  await using again = await l.start();
  await l.pass(again, 1);
  expect(await subjects(again.alice, l.into)).toEqual(['late']);
  await l.pass(again, 1);
  expect(await subjects(again.alice, l.into)).toEqual([]);
  expect(again.alice.getMessageIds({ folder: l.work, sort: 'internalDate', descending: true })).toEqual([late, other]);
  expect(again.alice.meta(late)).toMatchObject({ flags: 0, internalDate: l.clock.now() });
  expect(await again.alice.records('snoozed')).toEqual([]);
  expect((await again.queue.counts()).outbound.waiting).toBe(0);
  expect(await problemsOf(l.run.mailstore)).toEqual([]);
});

test('what is moved or deleted meanwhile stays so, and the last time counts', async () => {
  const l = await lab();
  await using run = l.run;
  const [moved, deleted, again, homeless] = [
    await l.put('moved'),
    await l.put('deleted'),
    await l.put('again', l.work),
    await l.put('homeless', l.work),
  ];
  await l.snooze([moved, deleted, again, homeless], 1);
  await run.alice.move([moved], l.work);
  await run.alice.deleteMessage([deleted]);
  expect(await l.snooze([again, deleted], 3)).toBe(1);
  await l.pass(run, 1);
  expect(await subjects(run.alice, l.into)).toEqual(['again']);
  expect(run.alice.meta(moved)).toMatchObject({ folder: l.work, flags: Flag.seen });
  expect(run.alice.meta(homeless)?.folder).toBe(l.work);
  await l.snooze([homeless], 2);
  await run.alice.move([moved], INBOX);
  await run.alice.deleteFolder(l.work);
  await l.pass(run, 2);
  // Where it was is no more.
  for (const id of [again, homeless]) expect(run.alice.meta(id)).toMatchObject({ folder: INBOX, flags: 0 });
  expect(await run.alice.records('snoozed')).toEqual([]);
});

test('of an account that is gone nothing is woken', async () => {
  const l = await lab();
  await using run = l.run;
  await l.snooze([await l.put('x')], 1);
  await run.mailstore.removeAccount(run.alice.id);
  await l.clock.advance(HOUR);
  await run.quiet();
  expect((await run.queue.counts()).outbound.waiting).toBe(0);
});
