import { expect, test } from 'vitest';
import { ALICE, aliceLab, SYSTEM } from '../../test/support/mail-store.ts';
import { LocalBus } from '../adapters/bus-local.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { parseQuery } from '../mail/search/query.ts';
import type { FolderId } from '../mailstore/api.ts';
import { Cursors } from '../mailstore/cursors.ts';
import { accountPartition, searchManifestKey } from '../mailstore/keys.ts';
import { decodeManifest, readManifestRow } from '../mailstore/search/manifest.ts';
import { createMailStore } from '../mailstore/store.ts';
import { silentLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { DeadLetters } from './dead-letters.ts';
import { ModuleRunner } from './runner.ts';
import { searchIndexing } from './search-indexing.ts';

const INBOX = 1 as FolderId;
/** Less is left to whoever searches. */
const WORTH_IT = 64;

async function lab(failures = 0) {
  const { kv, blobs, clock } = await aliceLab();
  const random = new SeededRandom(9);
  const bus = new LocalBus();
  const store = createMailStore({ kv, blobs, clock, random, bus, tuning: { searchThread: false } });
  const alice = await store.open(SYSTEM, ALICE);
  const calls: string[] = [];
  let left = failures;
  const module = searchIndexing({
    followSearch: async (account) => {
      calls.push(account);
      if (left-- > 0) throw new Error('the disk is full');
      await store.followSearch(account);
    },
  });
  const cursors = new Cursors(kv, random);
  const dead = new DeadLetters(kv, random);
  const parts = { modules: [module], store, cursors, dead, bus, clock, random, log: silentLog, metrics: new Metrics() };
  const runner = new ModuleRunner(parts);
  return {
    kv,
    store,
    calls,
    cursors,
    arrive: async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++)
        await alice.addMessage(Buffer.from(`Subject: mail ${i}\r\n\r\ncommon word${i}\r\n`), { folder: INBOX });
    },
    pass: async (ms: number): Promise<void> => {
      await clock.advance(ms);
      await runner.idle();
    },
    upTo: async (): Promise<number> => decodeManifest(await readManifestRow(kv, ALICE)).upTo,
    search: async () => alice.search({ query: parseQuery('common', 0), sort: 'date', limit: 1_000 }),
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await runner[Symbol.asyncDispose]();
      alice[Symbol.dispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

test('the index follows the mail without anybody searching, once for all that came', async () => {
  await using l = await lab();
  await l.arrive(WORTH_IT / 2);
  await l.pass(15_000);
  await l.arrive(WORTH_IT);
  expect(l.calls).toEqual([]);
  await l.pass(16_000);
  expect(l.calls).toEqual([ALICE]);
  // In the store: a service that starts again has nothing to make up for.
  expect(await l.upTo()).toBe(1.5 * WORTH_IT);
  expect(await l.search()).toMatchObject({ total: 1.5 * WORTH_IT, behind: 0 });
  await l.pass(31_000);
  expect(await l.cursors.read(ALICE, 'search-indexing')).toBeGreaterThan(0);
});

test('what is not worth a segment is left to whoever searches, and counted when more comes', async () => {
  await using l = await lab();
  await l.arrive(WORTH_IT - 1);
  await l.pass(31_000);
  expect([l.calls.length, await l.upTo()]).toEqual([1, 0]);
  expect(await l.search()).toMatchObject({ total: WORTH_IT - 1, behind: 0 });
  await l.arrive(1);
  await l.pass(31_000);
  expect(await l.upTo()).toBe(WORTH_IT);
  expect(await l.search()).toMatchObject({ total: WORTH_IT, behind: 0 });
});

test('a service that ends waits for what is being indexed', async () => {
  const l = await lab();
  await l.arrive(WORTH_IT);
  const write = l.kv.putImmutable.bind(l.kv);
  const begun = Promise.withResolvers<void>();
  l.kv.putImmutable = async (...row) => {
    begun.resolve();
    for (let i = 0; i < 1_000; i++) await new Promise((resolve) => setImmediate(resolve));
    return write(...row);
  };
  let ended = false;
  const end = (): void => void (ended = true);
  void l.store.followSearch(ALICE).then(end, end);
  await begun.promise;
  await l[Symbol.asyncDispose]();
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(true);
});

test('an index that could not be written follows later, and one that cannot be read is made anew', async () => {
  await using l = await lab(2);
  await l.arrive(WORTH_IT);
  await l.pass(31_000);
  expect(await l.upTo()).toBe(0);
  for (let i = 0; i < 3; i++) await l.pass(60_000);
  expect(await l.upTo()).toBe(WORTH_IT);
  l.kv.damage(accountPartition(ALICE), undefined, searchManifestKey());
  await l.arrive(WORTH_IT);
  await l.pass(31_000);
  expect(await l.upTo()).toBe(2 * WORTH_IT);
  expect(await l.search()).toMatchObject({ total: 2 * WORTH_IT, behind: 0 });
});
