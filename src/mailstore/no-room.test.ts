/** A store without room, and one that failed: what can still be done, and what nobody is told to be done. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ALICE, aliceLab, mail, MemoryBlobs, problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { settle } from '../../test/support/settle.ts';
import { until } from '../../test/support/until.ts';
import { LocalBus } from '../adapters/bus-local.ts';
import { ManualClock } from '../adapters/clock-manual.ts';
import { openLmdb } from '../adapters/kv-lmdb.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { type Partition, StoreFailed, StoreFull } from '../ports/kv.ts';
import { Flag, type FolderId, type MsgId } from './api.ts';
import { createMailStore } from './store.ts';
import type { NewSubmission } from './submission.ts';

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

describe('content that is lost while what names it is on its way', () => {
  const outgoing: Omit<NewSubmission, 'created'> = {
    sender: 'alice@example.test',
    messageId: '<1@example.test>',
    subject: 'x',
    size: 1,
    needs: { smtputf8: false, eightBit: false, binary: false },
    requireTls: false,
    origin: { protocol: 'ESMTPSA', hello: 'c', remote: '192.0.2.1', cipher: '' },
    deliveries: [{ destination: 'far.test', recipients: [{ address: 'x@far.test', state: 'queued' }] }],
  };

  /** Submits one and appends one; neither may have left anything, and what is planned with them goes through. */
  async function nothingNamesIt(l: Awaited<ReturnType<typeof aliceLab>>, known: MsgId): Promise<void> {
    const { store, clock, alice } = l;
    const [content, copy, message] = await store.stage(
      Array.from({ length: 3 }, () => ({ account: ALICE })),
      mail('lost'),
    );
    const facts = { ...outgoing, created: clock.now(), copy: { staged: copy!, folder: INBOX, flags: 0 } };
    async function* several() {
      for (const subject of ['one of two', 'two of two']) yield { raw: mail(subject), to: { folder: INBOX } };
    }
    const [submitted, published, both, flagged] = await Promise.allSettled([
      alice.outgoing.submit(content!, facts),
      alice.publish(message!, { folder: INBOX }),
      alice.addMessages(several()),
      alice.updateMessage([known], { mode: 'add', flags: Flag.seen, keywords: [] }),
    ]);
    for (const one of [submitted, published, both])
      expect(one).toMatchObject({ status: 'rejected', reason: { code: 'store-full', kind: 'temporary' } });
    expect(flagged.status).toBe('fulfilled');
    expect(await alice.outgoing.list()).toEqual([]);
    expect(await alice.outgoing.outbox()).toEqual([]);
    expect(alice.getMessageIds({ folder: INBOX })).toEqual([known]);
    expect(await problemsOf(store)).toEqual([]);
  }

  test('because there is no room for it, although there is for the commit', async () => {
    const l = await aliceLab();
    const { id } = await l.alice.addMessage(mail('one'), { folder: INBOX });
    l.kv.putImmutable = () => {
      l.kv.lost++;
      return Promise.reject(new StoreFull('no space left'));
    };
    await nothingNamesIt(l, id);
  });

  test('in the moment before its commit leaves, and nobody has been told yet', async () => {
    const l = await aliceLab();
    const { id } = await l.alice.addMessage(mail('one'), { folder: INBOX });
    const told = Promise.withResolvers<void>();
    l.kv.putImmutable = () => told.promise;
    const get = l.kv.get.bind(l.kv);
    l.kv.get = async (...args) => {
      const rows = await get(...args);
      l.kv.lost++;
      return rows;
    };
    await nothingNamesIt(l, id);
    told.reject(new StoreFull('no space left'));
  });

  test('on a disk that is nearly full', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pabal-full-'));
    let free = 2 ** 30;
    {
      await using kv = await openLmdb(join(folder, 'kv'), { free: () => free, minFree: 2 ** 20 });
      const clock = new ManualClock(0);
      const parts = { kv, clock, blobs: new MemoryBlobs(clock), random: new SeededRandom(1), bus: new LocalBus() };
      await using store = createMailStore(parts);
      await store.createAccount(ALICE);
      using alice = await store.open(SYSTEM, ALICE);
      const { id } = await alice.addMessage(mail('one'), { folder: INBOX });
      free = 0;
      // The store looks five times a second.
      await until('a refusal', () =>
        kv.putImmutable('m/x' as Partition, 'b', [[new Uint8Array(1), new Uint8Array(1)]]).then(
          () => false,
          () => true,
        ),
      );
      await nothingNamesIt({ store, clock, alice } as never, id);
    }
    await rm(folder, { recursive: true });
  });
});

test('content and what names it are one wait: the second is issued before the first is answered', async () => {
  const { store, kv, alice } = await aliceLab();
  const events: string[] = [];
  const { putImmutable, commit } = { putImmutable: kv.putImmutable.bind(kv), commit: kv.commit.bind(kv) };
  const issued = Promise.withResolvers<void>();
  kv.putImmutable = async (...args) => {
    await putImmutable(...args);
    await issued.promise;
    events.push('content');
  };
  kv.commit = async (...args) => {
    issued.resolve();
    events.push('commit');
    return commit(...args);
  };
  await alice.addMessage(mail('one'), { folder: INBOX });
  await settle();
  expect(events).toEqual(['commit', 'content']);
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
