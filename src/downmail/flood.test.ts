/** Notifications are mail: who sends too many, or is not wanted, gets no further with them than with any mail (K7). */
import { expect, test } from 'vitest';
import { SYSTEM } from '../../test/support/mail-store.ts';
import { ScriptedTransfer, taken } from '../../test/support/scripted-transfer.ts';
import { aliceSends, BOB, sendingWorld, subjects } from '../../test/support/sending.ts';

const LONG = 'a line of an original\r\n'.repeat(100);

test('a notification of somebody on a reject list is put aside as any mail of his (K7)', async () => {
  const sender = await sendingWorld({ domain: 'far.test', downmail: { mode: 'downmail' } });
  const transfer = new ScriptedTransfer(() => sender.clock.now());
  transfer.servers.set('example.test', () => taken);
  await using theirs = await sender.start(undefined, transfer);
  const { submit } = theirs;
  const by = { kind: 'user', account: theirs.alice.id, address: 'alice@far.test', admin: false } as const;
  const raw = Buffer.from(`From: alice@far.test\r\nTo: bob@example.test\r\nSubject: flood\r\n\r\n${LONG}`);
  await submit.send({
    by,
    sender: by.address,
    recipients: [await submit.recipient(by, 'bob@example.test', raw.length, '')],
    mail: { head: raw },
    origin: { protocol: 'ESMTPSA', hello: 'c', remote: '192.0.2.7', cipher: '' },
  });
  await theirs.quiet();
  const [notification = ''] = transfer.mails;
  expect(notification).toContain('Downmail-Notification:');

  const world = await sendingWorld({ downmail: { mode: 'downmail' } });
  await using run = await world.start();
  await run.rejectLists.put('', { sender: 'far.test', action: 'junk' });
  await run.comes('alice@far.test', 'bob@example.test', notification);
  using bob = await run.mailstore.open(SYSTEM, BOB);
  await bob.refresh();
  expect(await subjects(bob, bob.folderWithRole('junk')!.id)).toEqual(['No: flood']);
  expect(await subjects(bob, bob.folderWithRole('inbox')!.id)).toEqual([]);
});

test('held mail counts like any other in what an account may send in an hour (K7)', async () => {
  const world = await sendingWorld({ mailsPerHour: 2, downmail: { mode: 'downmail' } });
  const transfer = new ScriptedTransfer(() => world.clock.now());
  await using run = await world.start(undefined, transfer);
  for (const subject of ['one', 'two']) await aliceSends(run, ['x@far.test'], { subject, body: LONG });
  await expect(aliceSends(run, ['x@far.test'], { subject: 'three', body: LONG })).rejects.toThrow();
  await run.quiet();
  expect(transfer.received.toSorted()).toEqual(['x@far.test No: one', 'x@far.test No: two']);
});
