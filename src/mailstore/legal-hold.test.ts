/** Accounts of which nothing may go. */
import { expect, test } from 'vitest';
import { memoryBackend } from '../../test/support/backend.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import type { MailStore, MsgId } from './api.ts';

const DAY = 86_400_000;
const HOLD = { id: 'a', reason: 'case 7', by: 'operator', since: 0 };

async function problems(store: MailStore): Promise<string[]> {
  const found: string[] = [];
  for await (const { problem } of store.verify()) found.push(problem);
  return found;
}

async function held(until?: number) {
  const clock = new ManualClock(Date.UTC(2026, 0));
  const backend = await memoryBackend({ clock });
  const { alice, mailstore } = backend;
  await mailstore.legalHolds.add(alice.account, {
    ...HOLD,
    ...(until !== undefined && { until: clock.now() + until }),
  });
  const preserved = async () => {
    const texts: string[] = [];
    for await (const { email } of mailstore.legalHolds.preserved(alice.account)) {
      const body = await mailstore.legalHolds.body(alice.account, email);
      texts.push(body === undefined ? 'gone' : Buffer.from(await body.bytes()).toString());
    }
    return texts;
  };
  return { ...backend, clock, preserved };
}

const mail = (text: string) => `Subject: ${text}\r\n\r\n`;

test('what is removed in any way stays, its owner sees nothing of it, and a sweep leaves it', async () => {
  const { alice, mailstore, clock, preserved, accountOf, deliver } = await held();
  const { id: expunged } = await deliver(alice, mail('expunged'));
  using account = await accountOf(alice);
  const folder = await account.createFolder('case');
  await account.addMessage(Buffer.from(mail('with its folder')), { folder: folder.id, keywords: ['x'], flags: 1 });
  const draft = await account.addMessage(Buffer.from(mail('draft')), { folder: folder.id });
  const withdrawn = await account.addMessage(Buffer.from(mail('withdrawn')), {
    folder: folder.id,
    deliveryId: `${Math.floor(clock.now() / DAY)}-x`,
  });
  const large = Buffer.concat([Buffer.from(mail('large')), Buffer.alloc(300_000, 'x\r\n')]);
  const { id: big } = await deliver(alice, large);
  await account.refresh();
  const before = account.quota().used;
  await account.deleteMessage([expunged, big]);
  const superseded = { id: draft.id, folder: folder.id, uid: draft.uid };
  async function* next() {
    yield { raw: Buffer.from(mail('draft, next')), to: { folder: folder.id } };
  }
  await account.addMessages(next(), superseded);
  expect(await account.withdraw(`${Math.floor(clock.now() / DAY)}-x`)).toBe(true);
  expect(account.meta(withdrawn.id)).toBeUndefined();
  await account.deleteFolder(folder.id);
  const expected = ['expunged', 'draft', 'withdrawn', 'with its folder', 'draft, next'].map(mail);
  expect((await preserved()).filter((text) => text.length < 1_000)).toEqual(expected);
  expect(await preserved()).toContain(large.toString());
  expect(account.quota().used).toBeLessThan(before);
  expect(account.getMessageIds({})).toEqual([]);
  // Set, not advanced: the store looks every ten seconds, and 100 days of that take minutes.
  clock.setWall(clock.now() + 100 * DAY);
  await mailstore.sweep();
  expect(await preserved()).toHaveLength(6);
  expect(await problems(mailstore)).toEqual([]);

  expect(await mailstore.legalHolds.end(alice.account, 'b')).toBe(false);
  expect(await mailstore.legalHolds.end(alice.account, 'a')).toBe(true);
  expect(await preserved()).toEqual([]);
  await mailstore.sweep();
  expect(await problems(mailstore)).toEqual([]);
});

test('it ends by itself, and the last of several lets go', async () => {
  const { alice, mailstore, clock, preserved, deliver, accountOf } = await held(DAY);
  await mailstore.legalHolds.add(alice.account, { ...HOLD, id: 'b', until: clock.now() + 60 * DAY });
  const { id, email } = await deliver(alice, mail('one'));
  using account = await accountOf(alice);
  await account.refresh();
  await account.deleteMessage([id]);
  clock.setWall(clock.now() + 59 * DAY);
  await mailstore.sweep();
  expect((await mailstore.legalHolds.of(alice.account)).holds.map((hold) => hold.id)).toEqual(['b']);
  expect(await preserved()).toEqual([mail('one')]);
  clock.setWall(clock.now() + 2 * DAY);
  await mailstore.sweep();
  expect(await mailstore.legalHolds.of(alice.account)).toEqual({ holds: [], removed: false });
  expect(await mailstore.legalHolds.body(alice.account, email)).toBeUndefined();
});

test('an account that is removed stays for nobody to open, and goes with the hold', async () => {
  const { alice, directory, mailstore, deliver } = await held();
  const { email } = await deliver(alice, mail('one'));
  await directory.removeAccount(alice.account);
  expect(await directory.account('alice@example.test')).toBeUndefined();
  expect((await mailstore.legalHolds.of(alice.account)).removed).toBe(true);
  expect(Buffer.from((await (await mailstore.legalHolds.body(alice.account, email))!.bytes())!).toString()).toBe(
    mail('one'),
  );
  // Once more changes nothing: a start finishes what a crash left.
  await mailstore.removeAccount(alice.account);
  await mailstore.legalHolds.end(alice.account, 'a');
  expect(await mailstore.legalHolds.body(alice.account, email)).toBeUndefined();
  await expect(mailstore.open(alice, alice.account)).rejects.toMatchObject({ code: 'account-missing' });
});

test('thousands are removed at once', async () => {
  const { alice, mailstore, accountOf, deliver } = await held();
  const { id } = await deliver(alice, mail('one'));
  using account = await accountOf(alice);
  await account.refresh();
  const inbox = account.folderWithRole('inbox')!.id;
  let ids: MsgId[] = [id];
  while (ids.length < 2_000) ids = [...ids, ...(await account.copy(ids, inbox)).map(({ placed }) => placed.id)];
  await account.deleteMessage(ids);
  let count = 0;
  for await (const _ of mailstore.legalHolds.preserved(alice.account)) count++;
  expect(count).toBe(ids.length);
});

test('verify tells of what should have stayed and is not there', async () => {
  const { alice, mailstore, kv, deliver, accountOf } = await held();
  const { id, email } = await deliver(alice, mail('one'));
  using account = await accountOf(alice);
  await account.refresh();
  await account.deleteMessage([id]);
  expect(await problems(mailstore)).toEqual([]);
  const p = `u/${alice.account}` as Parameters<typeof kv.head>[0];
  for await (const page of kv.scanImmutable(p, undefined, {}))
    for (const { bucket, key } of page)
      if (Buffer.from(key).toString('hex').startsWith(email)) await kv.dropImmutable(p, bucket, [key]);
  expect(await problems(mailstore)).toEqual([`email ${email}, removed and kept (legal hold): its details are missing`]);
});
