/** Mail that stays with its sender until it is fetched, from its submission to its end. */
import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { problemsOf } from '../../test/support/mail-store.ts';
import { refused, ScriptedTransfer, taken } from '../../test/support/scripted-transfer.ts';
import {
  ALICE,
  aliceSends,
  INBOX,
  type Sending,
  type SendingOptions,
  sendingWorld,
  subjects,
} from '../../test/support/sending.ts';
import { settle } from '../../test/support/settle.ts';
import { readNotification } from '../mail/downmail/fields.ts';
import { HeaderBlock } from '../mail/header.ts';
import type { Held } from '../mailstore/sender-mailbox.ts';
import { deleteWaiting } from './manager.ts';
import { putDownmailSetting } from './policy.ts';

const DAY = 86_400_000;
const LONG = 'a line of an original\r\n'.repeat(100);
const FROM = { protocol: 'web', remote: '192.0.2.50' } as const;

async function downmailWorld(options: SendingOptions = {}) {
  const world = await sendingWorld({ ...options, downmail: { mode: 'downmail', ...options.downmail } });
  const transfer = new ScriptedTransfer(() => world.clock.now());
  transfer.servers.set('cntc.ac.kr', () => taken);
  transfer.servers.set('far.test', () => taken);
  /** What each recipient's notification says. */
  const notified = () =>
    transfer.mails.map((raw, i) => {
      const access = readNotification(HeaderBlock.parse(Buffer.from(raw)));
      if (access === undefined) throw new Error('no notification');
      return { to: transfer.received[i]?.split(' ')[0] ?? '', raw, ...access };
    });
  return { ...world, transfer, notified, begin: () => world.start(undefined, transfer) };
}

const copies = (run: Sending): Promise<Held[]> => Array.fromAsync(run.alice.senderMailbox.list());
const states = async (run: Sending): Promise<string[]> => (await copies(run)).map(({ recipient }) => recipient.state);

async function fetchAll(run: Sending, userId: string, password: string): Promise<string> {
  const opened = await run.pickUp.open(userId, password, FROM);
  if (opened.kind === 'gone') return opened.state;
  if (opened.kind === 'confidential') return opened.why;
  using mail = opened.mail;
  const { body } = await mail.content();
  const raw = await body.bytes(0, body.size);
  expect(hash('sha256', raw, 'hex')).toBe(mail.digest);
  await mail.markFetched('web');
  return Buffer.from(raw).toString();
}

test("the paper's example: the second mail to tjkim waits as /…/tjkimcntcackr/2/, is fetched and deleted, and the sender has a receipt", async () => {
  const world = await downmailWorld();
  await using run = await world.begin();
  await aliceSends(run, ['tjkim@cntc.ac.kr'], { subject: 'first', body: LONG });
  await run.quiet();
  const sent = await aliceSends(run, ['tjkim@cntc.ac.kr'], { subject: 'second', body: LONG });
  await run.quiet();
  const [first, second] = world.notified();
  expect(first).toMatchObject({ to: 'tjkim@cntc.ac.kr', userId: '/alice/tjkimcntcackr/1/' });
  expect(second).toMatchObject({ userId: '/alice/tjkimcntcackr/2/', server: 'mx.example.test' });
  expect(second?.raw).toContain('Subject: No: second\r\n');
  expect(second?.raw).not.toContain(LONG);
  expect(second?.link).toBe(`https://mx.example.test/downmail/alice/tjkimcntcackr/2/${second?.password}`);
  const original = await fetchAll(run, '/alice/tjkimcntcackr/2', second?.password ?? '');
  expect(original).toContain(LONG);
  expect(hash('sha256', original, 'hex')).toBe(second?.digest);
  await run.quiet();
  expect(await subjects(run.alice, INBOX)).toEqual(['Rd: second']);
  // Again: it is there until its recipient deletes it, and there is one receipt.
  await fetchAll(run, '/alice/tjkimcntcackr/2/', second?.password ?? '');
  const opened = await run.pickUp.open('/alice/tjkimcntcackr/2/', second?.password ?? '', FROM);
  if (opened.kind === 'mail') expect(await opened.mail.delete()).toBe('deleted');
  await run.quiet();
  expect(await subjects(run.alice, INBOX)).toEqual(['Rd: second']);
  expect(await fetchAll(run, '/alice/tjkimcntcackr/2/', second?.password ?? '')).toBe('fetched');
  await expect(run.alice.outgoing.content(sent.id)).rejects.toMatchObject({ code: 'message-missing' });
  // The number is not given out again while the old link may be tried.
  await aliceSends(run, ['tjkim@cntc.ac.kr'], { subject: 'third', body: LONG });
  await run.quiet();
  expect(world.notified().at(-1)?.userId).toBe('/alice/tjkimcntcackr/3/');
  expect(await run.alice.senderMailbox.facts()).toMatchObject({ senderId: 'alice', mails: 2, copies: 2 });
  expect(await problemsOf(run.mailstore)).toEqual([]);
});

test('a notification that is refused ends its copy, and its sender is told once', async () => {
  const world = await downmailWorld();
  world.transfer.servers.set('cntc.ac.kr', () => refused);
  await using run = await world.begin();
  await aliceSends(run, ['tjkim@cntc.ac.kr', 'x@far.test'], { body: LONG });
  await run.quiet();
  expect(await states(run)).toEqual(['bounced', 'waiting']);
  expect(await subjects(run.alice, INBOX)).toHaveLength(1);
  expect(await run.alice.senderMailbox.facts()).toMatchObject({ mails: 1, copies: 1 });
  expect(await run.alice.outgoing.outbox()).toEqual([]);
  expect(await problemsOf(run.mailstore)).toEqual([]);
});

test('a short mail goes whole, and so does one to a contact whom the sender excepts', async () => {
  const world = await downmailWorld();
  await using run = await world.begin();
  await putDownmailSetting(run.alice, { send: 'system', whole: ['Tjkim@cntc.ac.kr'] });
  await aliceSends(run, ['x@far.test'], { subject: 'short' });
  await aliceSends(run, ['tjkim@cntc.ac.kr', 'y@far.test'], { subject: 'long', body: LONG });
  await run.quiet();
  expect(world.transfer.received.toSorted()).toEqual([
    'tjkim@cntc.ac.kr long',
    'x@far.test short',
    'y@far.test No: long',
  ]);
  expect(await problemsOf(run.mailstore)).toEqual([]);
});

test('what is too large to travel waits, and is fetched whole, although its sender wants nothing held', async () => {
  const world = await downmailWorld({ downmail: { mode: 'downmail', largeLimit: 50_000 } });
  await using run = await world.begin();
  await putDownmailSetting(run.alice, { send: 'conventional' });
  const large = 'an attachment that many servers would refuse\r\n'.repeat(2_000);
  await aliceSends(run, ['x@far.test'], { subject: 'small', body: LONG });
  await aliceSends(run, ['x@far.test'], { subject: 'large', body: large });
  await run.quiet();
  expect(world.transfer.received.toSorted()).toEqual(['x@far.test No: large', 'x@far.test small']);
  const told = world.transfer.mails.find((raw) => raw.includes('Subject: No: large')) ?? '';
  const { userId = '', password = '' } = readNotification(HeaderBlock.parse(Buffer.from(told))) ?? {};
  expect(await fetchAll(run, userId, password)).toContain(large);
});

describe('signing in to fetch', () => {
  test("fails alike for what does not exist and for a wrong password, another's among them, and is slowed then (K1)", async () => {
    const world = await downmailWorld();
    await using run = await world.begin();
    await aliceSends(run, ['tjkim@cntc.ac.kr', 'x@far.test'], { body: LONG });
    await run.quiet();
    const [one, two] = world.notified();
    const tries: [string, string][] = [
      ['/alice/tjkimcntcackr/1/', ''],
      ['/alice/tjkimcntcackr/1/', two?.password ?? ''],
      ['/alice/tjkimcntcackr/2/', one?.password ?? ''],
      ['/nobody/tjkimcntcackr/1/', one?.password ?? ''],
      ['no id', one?.password ?? ''],
    ];
    for (const [id, password] of tries)
      await expect(run.pickUp.open(id, password, FROM)).rejects.toMatchObject({ code: 'auth-failed' });
    expect((await copies(run)).map(({ recipient }) => recipient.held.failures)).toEqual([2, 0]);
    for (let i = 0; i < 18; i++) await run.pickUp.open('/alice/tjkimcntcackr/1/', 'x', FROM).catch(() => undefined);
    await expect(run.pickUp.open('/alice/tjkimcntcackr/1/', one?.password ?? '', FROM)).rejects.toMatchObject({
      code: 'auth-throttled',
    });
    // Its recipient comes from elsewhere, and is not kept out by them.
    const other = { protocol: 'web', remote: '198.51.100.7' } as const;
    expect(await run.pickUp.open('/alice/tjkimcntcackr/1/', one?.password ?? '', other)).toMatchObject({
      kind: 'mail',
    });
  });

  test('twenty at once make one receipt (K5)', async () => {
    const world = await downmailWorld({ downmail: { keep: 'until-fetched' } });
    await using run = await world.begin();
    await aliceSends(run, ['tjkim@cntc.ac.kr'], { body: LONG });
    await run.quiet();
    const { userId = '', password = '' } = world.notified()[0] ?? {};
    const fetched = await Promise.all(Array.from({ length: 20 }, () => fetchAll(run, userId, password)));
    expect(new Set(fetched).size).toBe(1);
    await run.quiet();
    expect(await subjects(run.alice, INBOX)).toEqual(['Rd: hi']);
    // Within the hour who was cut off may come again.
    await world.clock.advance(3_600_000);
    expect(await fetchAll(run, userId, password)).toBe('fetched');
    await world.clock.advance(DAY);
    await run.quiet();
    expect(await states(run)).toEqual(['fetched']);
    expect(await run.alice.senderMailbox.facts()).toMatchObject({ used: 0, mails: 0, copies: 0 });
    expect(await subjects(run.alice, INBOX)).toEqual(['Rd: hi']);
  });
});

describe('room', () => {
  test('a full sender mailbox refuses, until something in it is fetched, deleted or recalled (K6)', async () => {
    const world = await downmailWorld({ downmail: { room: 3 * LONG.length } });
    await using run = await world.begin();
    const first = await aliceSends(run, ['tjkim@cntc.ac.kr'], { body: LONG });
    await aliceSends(run, ['x@far.test'], { body: LONG });
    await expect(aliceSends(run, ['y@far.test'], { body: LONG })).rejects.toMatchObject({
      code: 'sender-mailbox-full',
    });
    await run.submit.recall(run.alice, first.id);
    await run.quiet();
    await aliceSends(run, ['y@far.test'], { body: LONG });
    await run.quiet();
    expect(await deleteWaiting(run.alice, {})).toEqual({ deleted: 2, fetched: 0 });
    expect(await run.alice.senderMailbox.facts()).toMatchObject({ used: 0, mails: 0, copies: 0 });
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test('who has no sender mailbox is told so, where they are opened by hand', async () => {
    const world = await downmailWorld({ downmail: { mailboxes: 'opened' } });
    await using run = await world.begin();
    const mail = () => aliceSends(run, ['x@far.test'], { body: LONG });
    await expect(mail()).rejects.toMatchObject({ code: 'sender-mailbox-missing' });
    expect(await run.holding.open(run.alice, 10_000)).toMatchObject({ senderId: 'alice', limit: 10_000 });
    await mail();
  });

  test.each(['once', 'each'] as const)('of a mail to many, counted %s, one original is stored', async (count) => {
    const world = await downmailWorld({ downmail: { count } });
    await using run = await world.begin();
    const to = Array.from({ length: 25 }, (_, i) => `r${i}@far.test`);
    const sent = await aliceSends(run, to, { body: LONG });
    const { size } = (await run.alice.outgoing.get(sent.id)) ?? { size: 0 };
    await run.quiet();
    expect(new Set(world.notified().map(({ userId }) => userId)).size).toBe(25);
    const each = count === 'each' ? 25 : 1;
    expect(await run.alice.senderMailbox.facts()).toMatchObject({ used: each * size, mails: 1, copies: 25 });
    expect(await deleteWaiting(run.alice, { recipients: ['r7@far.test', 'R8@far.test'] })).toMatchObject({
      deleted: 2,
    });
    const left = count === 'each' ? 23 : 1;
    expect(await run.alice.senderMailbox.facts()).toMatchObject({ used: left * size, copies: 23 });
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });
});

test('a mail that is recalled can be fetched by nobody from then on; who has it keeps it', async () => {
  const world = await downmailWorld();
  await using run = await world.begin();
  const sent = await aliceSends(run, ['tjkim@cntc.ac.kr', 'x@far.test'], { body: LONG });
  await run.quiet();
  const [one, two] = world.notified();
  await fetchAll(run, one?.userId ?? '', one?.password ?? '');
  // From the commit on, not only when it was carried out.
  await run.alice.outgoing.recall(sent.id);
  expect(await fetchAll(run, two?.userId ?? '', two?.password ?? '')).toBe('recalled');
  await run.submit.recall(run.alice, sent.id);
  await run.quiet();
  expect(await fetchAll(run, two?.userId ?? '', two?.password ?? '')).toBe('recalled');
  expect(await fetchAll(run, one?.userId ?? '', one?.password ?? '')).toBe('fetched');
  expect((await copies(run)).map(({ recipient }) => recipient.recall)).toEqual(['too-late', 'withdrawn']);
  expect(await problemsOf(run.mailstore)).toEqual([]);
});

test('what nobody fetches expires: its sender is warned, and has a report in the end (K4, K6)', async () => {
  const world = await downmailWorld();
  await using run = await world.begin();
  await aliceSends(run, ['tjkim@cntc.ac.kr', 'x@far.test'], { subject: 'old', body: LONG });
  await run.quiet();
  const [one, two] = world.notified();
  await fetchAll(run, two?.userId ?? '', two?.password ?? '');
  await run.quiet();
  const days = async (count: number): Promise<void> => {
    for (let day = 0; day < count; day++) {
      await world.clock.advance(DAY);
      await run.quiet();
    }
  };
  await days(26);
  expect(await subjects(run.alice, INBOX)).toEqual(['Rd: old']);
  await days(1);
  expect(await subjects(run.alice, INBOX)).toEqual(['Rd: old', 'Not fetched yet: old']);
  await days(4);
  const [, , report] = await subjects(run.alice, INBOX);
  expect(report).toMatch(/undelivered|not delivered|fail/i);
  const last = run.alice.getMessageIds({ folder: INBOX }).at(-1);
  const { body } = await run.alice.getMessage(last!);
  const text = Buffer.from(await body.bytes(0, body.size)).toString();
  expect(text).toContain('tjkim@cntc.ac.kr');
  expect(text).not.toContain('Final-Recipient: rfc822; x@far.test');
  expect(await states(run)).toEqual(['expired', 'fetched']);
  expect(await fetchAll(run, one?.userId ?? '', one?.password ?? '')).toBe('expired');
  expect(await run.alice.senderMailbox.facts()).toMatchObject({ used: 0, mails: 0, copies: 0 });
  expect(await run.queue.list('outbound')).toEqual([]);
  expect(await problemsOf(run.mailstore)).toEqual([]);
});

test('a recipient is told once more; with a new password the old one is worth nothing', async () => {
  const world = await downmailWorld();
  await using run = await world.begin();
  await aliceSends(run, ['tjkim@cntc.ac.kr', 'x@far.test'], { body: LONG });
  await run.quiet();
  const filter = { recipients: ['@cntc.ac.kr'] };
  expect(await run.manager.notify(run.alice, filter, false)).toBe(1);
  await run.quiet();
  expect(await run.manager.notify(run.alice, filter, true)).toBe(1);
  await run.quiet();
  const [first, , same, renewed] = world.notified();
  expect(same).toMatchObject({ userId: first?.userId, password: first?.password });
  expect(renewed?.userId).toBe(first?.userId);
  await expect(fetchAll(run, first?.userId ?? '', first?.password ?? '')).rejects.toMatchObject({
    code: 'auth-failed',
  });
  expect(await fetchAll(run, renewed?.userId ?? '', renewed?.password ?? '')).toContain(LONG);
});

test('a mail that is put for later is held when its time comes; cancelled before, it takes no room', async () => {
  const world = await downmailWorld();
  await using run = await world.begin();
  const sendAt = world.clock.now() + 3_600_000;
  await aliceSends(run, ['tjkim@cntc.ac.kr'], { body: LONG, sendAt });
  const other = await aliceSends(run, ['x@far.test'], { body: LONG, sendAt });
  await run.alice.outgoing.cancel(other.id);
  expect(await run.alice.senderMailbox.facts()).toMatchObject({ mails: 1, copies: 1 });
  await run.quiet();
  expect(world.transfer.received).toEqual([]);
  await world.clock.advance(3_600_000);
  await run.quiet();
  expect(world.notified()).toMatchObject([{ to: 'tjkim@cntc.ac.kr', expires: sendAt + 30 * DAY }]);
  expect(await problemsOf(run.mailstore)).toEqual([]);
});

test.each([false, true])(
  'a process that is killed at any write (applied: %s) loses no original, and tells nobody of one that is not there (K5)',
  async (applied) => {
    let crashes = 0;
    for (let at = 1; ; at++) {
      const world = await downmailWorld();
      const crashing = crashingKv(world.kv, { at, applied });
      const first = await world.start(crashing.kv, world.transfer).catch(() => undefined);
      const accepted = first
        ? await aliceSends(first, ['tjkim@cntc.ac.kr', 'x@far.test'], { body: LONG }).catch(() => undefined)
        : undefined;
      for (let i = 0; i < 100 && !crashing.dead && world.transfer.received.length < 2; i++) await settle(5);
      if (first && !crashing.dead) await first.quiet();
      if (crashing.dead) crashes++;
      first?.stop();
      await using run = await world.begin();
      await run.quiet();
      const told = world.notified();
      for (const { userId, password } of told) expect(await fetchAll(run, userId, password)).toContain(LONG);
      await run.quiet();
      // Whom a message may reach twice after a crash, it reaches with the same words.
      expect(new Set(told.map(({ to }) => to)).size, `write ${at}`).toBe(told.length === 0 ? 0 : 2);
      if (accepted) expect(told.length, `write ${at}`).toBeGreaterThan(1);
      expect((await subjects(run.alice, INBOX)).toSorted(), `write ${at}`).toEqual(
        told.length > 0 ? ['Rd: hi', 'Rd: hi'] : [],
      );
      expect(await run.alice.outgoing.outbox()).toEqual([]);
      expect(await problemsOf(run.mailstore), `write ${at}`).toEqual([]);
      await first?.dispatcher[Symbol.asyncDispose]();
      if (!crashing.dead) break;
    }
    expect(crashes).toBeGreaterThan(10);
  },
);

test('a sender mailbox that lies is told by a check', async () => {
  const world = await downmailWorld();
  await using run = await world.begin();
  await aliceSends(run, ['tjkim@cntc.ac.kr'], { body: LONG });
  await run.quiet();
  const { accountPartition, heldKey, senderMailboxKey } = await import('../mailstore/keys.ts');
  const p = accountPartition(ALICE);
  const { version } = await world.kv.head(p);
  const row = { senderId: 'alice', opened: 0, used: 1, mails: 2, copies: 3 };
  const batch = {
    put: [[senderMailboxKey(), Buffer.from(JSON.stringify(row))]] as const,
    remove: [heldKey('tjkimcntcackr', 1)],
  };
  await world.kv.commit(p, version, version + 1, batch, 'damage' as never);
  const problems = (await problemsOf(run.mailstore)).join('\n');
  for (const words of ['used 1 is noted', 'mails 2', 'copies 3', 'cannot be found by its id'])
    expect(problems).toContain(words);
});
