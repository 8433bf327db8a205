import { describe, expect, it } from 'vitest';
import { blobContract, keyOf, readAll, sample } from '../ports/blob.contract.ts';
import { Damaged, type KeyValueStore, partition } from '../ports/kv.ts';
import { openBlobKv } from './blob-kv.ts';
import { ManualClock } from './clock-manual.ts';
import { MemoryKv } from './kv-memory.ts';
import { SystemRandom } from './random-system.ts';

const random = new SystemRandom();

function opened(kv: KeyValueStore = new MemoryKv(), clock = new ManualClock()) {
  return { kv, clock, store: openBlobKv({ kv, clock, random }) };
}

blobContract(async () => opened().store);

/** Every row of a shard. */
async function rowsOf(kv: KeyValueStore, key: string): Promise<{ bucket: string; key: Uint8Array }[]> {
  const shard = partition('b', key.split('-')[1]!.slice(0, 2));
  const rows: { bucket: string; key: Uint8Array }[] = [];
  for await (const page of kv.scanImmutable(shard, undefined, {})) rows.push(...page);
  return rows;
}

describe('blobs in the key-value store', () => {
  const content = sample(300_000);
  const key = keyOf(content);

  it('leaves nothing of a content that its key does not name, nor of one that was dropped', async () => {
    const { kv, store } = opened();
    await expect(store.put(key, sample(299_999))).rejects.toThrow(Damaged);
    expect(await rowsOf(kv, key)).toEqual([]);
    await store.put(key, content);
    expect(await rowsOf(kv, key)).toHaveLength(1 + 3);
    await store.drop(key);
    expect(await rowsOf(kv, key)).toEqual([]);
  });

  it('does not mix a wrong content into a right one that another service puts at the same time', async () => {
    const { kv, store } = opened();
    const wrong = Buffer.from(content).fill(1, 0, 10);
    const others = opened(kv);
    const puts = [others.store.put(key, wrong), store.put(key, content), opened(kv).store.put(key, wrong)];
    expect((await Promise.allSettled(puts)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    expect(await readAll(await store.get(key))).toEqual(content);
  });

  it('keeps the bytes once, however many put them, and does the same for each (B19)', async () => {
    const { kv, store } = opened();
    const calls: string[] = [];
    for (const name of ['putImmutable', 'getImmutable'] as const) {
      const call = kv[name].bind(kv) as (...args: unknown[]) => Promise<never>;
      kv[name] = (...args: unknown[]) => {
        calls.push(name);
        return call(...args);
      };
    }
    await store.put(key, content);
    const first = calls.splice(0);
    await using another = openBlobKv({ kv, clock: new ManualClock(), random });
    await another.put(key, content);
    expect(calls).toEqual(first);
    await another[Symbol.asyncDispose]();
    expect(await rowsOf(kv, key)).toHaveLength(1 + 3);
    expect(await readAll(await store.get(key))).toEqual(content);
  });

  it('says that a piece is gone, serves nothing of it, and takes the blob anew', async () => {
    const { kv, store } = opened();
    await store.put(key, content);
    const pieces = (await rowsOf(kv, key)).filter(({ bucket }) => bucket !== 'blob');
    const shard = partition('b', key.split('-')[1]!.slice(0, 2));
    await kv.dropImmutable(shard, pieces[1]!.bucket, [pieces[1]!.key]);
    await expect(readAll(await store.get(key))).rejects.toThrow(Damaged);
    expect(await readAll(await store.get(key, 0, 1000))).toEqual(content.subarray(0, 1000));
    await store.put(key, content);
    expect(await readAll(await store.get(key))).toEqual(content);
  });

  it('forgets what a crash left half way, a day later and not before', async () => {
    const { kv, clock, store } = opened();
    async function* broken() {
      yield content.subarray(0, 200_000);
      throw new Error('the power went');
    }
    await expect(store.put(key, broken())).rejects.toThrow('the power went');
    expect(await store.info(key)).toBeUndefined();
    expect(await Array.fromAsync(store.list())).toEqual([]);
    expect(await rowsOf(kv, key)).toHaveLength(1);
    await clock.advance(25 * 3_600_000);
    // One that is there stays.
    await store.put(key, content);
    expect(await Array.fromAsync(store.list())).toMatchObject([{ key, size: content.length }]);
    await clock.advance(25 * 3_600_000);
    expect(await Array.fromAsync(store.list())).toHaveLength(1);
    expect(await rowsOf(kv, key)).toHaveLength(1 + 3);
  });
});
