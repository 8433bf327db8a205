/** A store without room, and one that failed: what can still be done, and what nobody is told to be done. */
import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, problemsOf } from '../../test/support/mail-store.ts';
import { StoreFailed, StoreFull } from '../ports/kv.ts';
import type { FolderId } from './api.ts';

const INBOX = 1 as FolderId;

test('without room nothing is added; reading and deleting go on, and adding does once there is room (A15)', async () => {
  const { store, kv, clock, alice } = await aliceLab();
  const { id } = await alice.addMessage(mail('one'), { folder: INBOX });
  const put = kv.putImmutable.bind(kv);
  kv.putImmutable = async () => {
    throw new StoreFull('no space left');
  };
  await clock.advance(3_600_000);
  const [staged] = await store.stage([{ account: ALICE }], mail('two'));
  await expect(store.written([staged!])).rejects.toMatchObject({ code: 'store-full', kind: 'temporary' });
  await expect(alice.publish(staged!, { folder: INBOX })).rejects.toMatchObject({ code: 'store-full' });
  await expect(alice.addMessage(mail('three'), { folder: INBOX })).rejects.toMatchObject({ code: 'store-full' });
  expect((await (await alice.body(id)).bytes()).length).toBe(mail('one').length);
  expect(await alice.deleteMessage([id])).toMatchObject({ removed: 1 });
  kv.putImmutable = put;
  expect(await alice.addMessage(mail('four'), { folder: INBOX })).toMatchObject({ uid: 2 });
  expect(await problemsOf(store)).toEqual([]);
});

test('a commit that the store could not promise is not acknowledged, and the next one finds out what is true', async () => {
  const { store, kv, alice } = await aliceLab();
  const commit = kv.commit.bind(kv);
  kv.commit = async (...args) => {
    await commit(...args);
    throw new StoreFailed('the sync failed');
  };
  await expect(alice.addMessage(mail('one'), { folder: INBOX })).rejects.toMatchObject({ code: 'store-failed' });
  kv.commit = commit;
  expect(await alice.addMessage(mail('two'), { folder: INBOX })).toMatchObject({ uid: 2, version: 3 });
  expect(alice.folder(INBOX)?.total).toBe(2);
  expect(await problemsOf(store)).toEqual([]);
});

test('an account that cannot be read answers all who wait', async () => {
  const { kv, alice } = await aliceLab();
  const head = kv.head.bind(kv);
  const get = kv.get.bind(kv);
  kv.head = async () => Promise.reject(new StoreFailed('gone'));
  kv.get = async () => Promise.reject(new StoreFailed('gone'));
  const adding = Array.from({ length: 3 }, () =>
    alice.addMessage(mail('x', 'x', ['Message-ID: <1@x>']), { folder: INBOX }),
  );
  for (const result of await Promise.allSettled(adding))
    expect(result).toMatchObject({ status: 'rejected', reason: { code: 'store-failed' } });
  kv.head = head;
  kv.get = get;
  expect(await alice.addMessage(mail('x'), { folder: INBOX })).toMatchObject({ uid: 1 });
});
