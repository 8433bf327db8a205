/** What every BlobStore keeps; an adapter's test calls this with a way to open an empty one. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type BlobKey, blobKey, type BlobStore } from './blob.ts';
import { Damaged } from './kv.ts';

export function keyOf(content: Uint8Array, generation = 0): BlobKey {
  return blobKey(generation, createHash('sha256').update(content).digest('hex'));
}

export async function readAll(content: AsyncIterable<Uint8Array> | undefined): Promise<Buffer | undefined> {
  return content && Buffer.concat(await Array.fromAsync(content));
}

export function sample(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  return bytes;
}

export function blobContract(open: () => Promise<BlobStore>): void {
  describe('every blob store', () => {
    it.each([0, 1, 65_535, 65_536, 65_537, 300_000])('gives back %i bytes as they were', async (size) => {
      await using store = await open();
      const content = sample(size);
      await store.put(keyOf(content), content);
      expect(await readAll(await store.get(keyOf(content)))).toEqual(content);
      expect(await store.info(keyOf(content))).toMatchObject({ size });
    });

    it('takes a stream, and gives any range', async () => {
      await using store = await open();
      const content = sample(200_001);
      async function* pieces() {
        for (let at = 0; at < content.length; at += 7_777) yield content.subarray(at, at + 7_777);
      }
      await store.put(keyOf(content), pieces());
      for (const [start, end] of [
        [0, 10],
        [65_530, 65_540],
        [131_072, 200_001],
        [5, 5],
        [199_999, 900_000],
      ] as const)
        expect(await readAll(await store.get(keyOf(content), start, end))).toEqual(content.subarray(start, end));
    });

    it('refuses a content that its key does not name, and keeps nothing', async () => {
      await using store = await open();
      const key = keyOf(sample(10));
      await expect(store.put(key, sample(11))).rejects.toThrow(Damaged);
      expect(await store.get(key)).toBeUndefined();
      expect(await Array.fromAsync(store.list())).toEqual([]);
    });

    it('keeps one copy however often and however concurrently it is put', async () => {
      await using store = await open();
      const content = sample(100_000);
      await Promise.all(Array.from({ length: 8 }, () => store.put(keyOf(content), content)));
      await store.put(keyOf(content), content);
      await store.put(keyOf(content, 1), content);
      const keys = (await Array.fromAsync(store.list())).map(({ key }) => key);
      expect(keys.toSorted()).toEqual([keyOf(content), keyOf(content, 1)]);
    });

    it('forgets what is dropped, and does not mind dropping twice', async () => {
      await using store = await open();
      const content = sample(10);
      await store.put(keyOf(content), content);
      await store.drop(keyOf(content));
      await store.drop(keyOf(content));
      expect(await store.info(keyOf(content))).toBeUndefined();
      expect(await store.get(keyOf(content))).toBeUndefined();
    });

    it('never makes a path of something that is no key', async () => {
      await using store = await open();
      await expect(store.put('../../etc/passwd' as BlobKey, sample(1))).rejects.toThrow(RangeError);
      await expect(store.get(`0-${'g'.repeat(64)}` as BlobKey)).rejects.toThrow(RangeError);
    });
  });
}
