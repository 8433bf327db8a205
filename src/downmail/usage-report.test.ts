/** What a sender mailbox reports by itself (C-45, K6). */
import { expect, test } from 'vitest';
import { ScriptedTransfer, taken } from '../../test/support/scripted-transfer.ts';
import { aliceSends, INBOX, type Sending, sendingWorld, subjects } from '../../test/support/sending.ts';
import { putDownmailSetting } from './policy.ts';

const DAY = 86_400_000;
const LONG = 'a line of an original\r\n'.repeat(100);
const REPORT = 'Your sender mailbox (송신측 메일사서함)';
const FULL = 'Your sender mailbox is nearly full (송신측 메일사서함)';

async function world() {
  const made = await sendingWorld({ downmail: { mode: 'downmail', reportDays: 7, warnDays: 0 } });
  const transfer = new ScriptedTransfer(() => made.clock.now());
  transfer.servers.set('far.test', () => taken);
  const days = async (run: Sending, count: number): Promise<void> => {
    for (let day = 0; day < count; day++) {
      await made.clock.advance(DAY);
      await run.quiet();
    }
  };
  return { ...made, days, begin: () => made.start(undefined, transfer) };
}

async function lastText(run: Sending): Promise<string> {
  const last = run.alice.getMessageIds({ folder: INBOX }).at(-1);
  const { body } = await run.alice.getMessage(last!);
  return Buffer.from(await body.bytes()).toString();
}

test('every week its owner is told what it uses, and what waits longest; no more when nothing waits', async () => {
  const { begin, days } = await world();
  await using run = await begin();
  await aliceSends(run, ['x@far.test', 'y@far.test'], { subject: 'the old one', body: LONG });
  await run.quiet();
  await days(run, 6);
  await aliceSends(run, ['z@far.test'], { subject: 'the new one', body: LONG });
  expect(await subjects(run.alice, INBOX)).toEqual([]);
  await days(run, 2);
  expect(await subjects(run.alice, INBOX)).toEqual([REPORT]);
  const text = await lastText(run);
  expect(text).toContain('2 mails, 3 copies');
  expect(text).toContain('KB used, no limit');
  expect(text.indexOf('the old one')).toBeLessThan(text.indexOf('the new one'));
  expect(text).toContain('2 of 2 not fetched; removed on ');
  await days(run, 7);
  expect(await subjects(run.alice, INBOX)).toEqual([REPORT, REPORT]);
  await putDownmailSetting(run.alice, { send: 'system', reportDays: 0 });
  await days(run, 8);
  expect(await subjects(run.alice, INBOX)).toEqual([REPORT, REPORT]);
});

test('when it is nearly full that is told every day', async () => {
  const { begin, days } = await world();
  await using run = await begin();
  for (const subject of ['one', 'two']) await aliceSends(run, ['x@far.test'], { subject, body: LONG });
  await run.quiet();
  const { senderId = '', used = 0 } = (await run.alice.senderMailbox.facts()) ?? {};
  await run.alice.senderMailbox.open(senderId, Math.ceil(used / 0.95));
  await days(run, 2);
  expect(await subjects(run.alice, INBOX)).toEqual([FULL, FULL]);
  expect(await lastText(run)).toContain('It is nearly full');
});
