import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, SYSTEM } from '../../test/support/mail-store.ts';
import type { FolderId } from './api.ts';
import { ChangeFeed, slotOf } from './feed.ts';

const INBOX = 1 as FolderId;
const HOUR = 3_600_000;

test('an account is in the feed of every hour in which it changed', async () => {
  const { kv, clock, alice } = await aliceLab();
  const feed = new ChangeFeed(kv, clock);
  const start = clock.now();
  const changed = async (since: number) => [...(await feed.changed(slotOf(ALICE), since))];
  expect(await changed(start)).toEqual([ALICE]);
  await clock.advance(HOUR);
  expect(await changed(clock.now())).toEqual([]);
  await alice.addMessage(mail('x'), { folder: INBOX });
  expect(await changed(clock.now())).toEqual([ALICE]);
  expect(await changed(start)).toEqual([ALICE]);
  expect(await feed.forgetBefore(clock.now())).toBe(1);
  expect(await changed(start)).toEqual([ALICE]);
});

test('a commit that ends in a later hour than it began is in both', async () => {
  const { kv, clock, store, alice } = await aliceLab();
  const commit = kv.commit.bind(kv);
  kv.commit = async (...args) => {
    await clock.advance(HOUR);
    return commit(...args);
  };
  await alice.addMessage(mail('x'), { folder: INBOX });
  alice[Symbol.dispose]();
  await store[Symbol.asyncDispose]();
  expect([...(await new ChangeFeed(kv, clock).changed(slotOf(ALICE), clock.now()))]).toEqual([ALICE]);
});

test('after a restore every folder has a new UIDVALIDITY, and other nodes see it', async () => {
  const lab = await aliceLab();
  const before = lab.alice.folders().map((f) => f.uidValidity);
  using theirs = await lab.another(2, { deaf: true }).open(SYSTEM, ALICE);
  await lab.store.restored(ALICE);
  for (const [i, f] of lab.alice.folders().entries())
    expect(f.uidValidity).toBeGreaterThan(Math.max(before[i]!, ...before));
  await theirs.refresh();
  expect(theirs.folders()).toEqual(lab.alice.folders());
});
