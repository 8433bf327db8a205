import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { blobContract, keyOf, readAll, sample } from '../ports/blob.contract.ts';
import { Damaged, StoreFailed, StoreFull } from '../ports/kv.ts';
import { openBlobFiles } from './blob-files.ts';
import { realFiles } from './files.ts';
import { FailingFiles, failure } from './files-failing.ts';
import { SystemRandom } from './random-system.ts';

const root = await mkdtemp(join(tmpdir(), 'pabal-blobs-'));
afterAll(() => rm(root, { recursive: true }));
const random = new SystemRandom();
let folders = 0;
const newFolder = () => join(root, String(folders++));

blobContract(() => openBlobFiles(newFolder(), random));

async function fileOf(folder: string, key: string): Promise<string> {
  const names = await readdir(folder, { recursive: true });
  return join(folder, names.find((name) => name.endsWith(key)) as string);
}

describe('blobs as files', () => {
  it('notices a cut at any length, and any flipped bit, and serves none of it (A18, A19)', async () => {
    const folder = newFolder();
    await using store = await openBlobFiles(folder, random);
    const content = sample(70_000);
    const key = keyOf(content);
    await store.put(key, content);
    const path = await fileOf(folder, key);
    const intact = await readFile(path);
    for (let length = 0; length < intact.length; length += 997) {
      await truncate(path, length);
      await expect(store.get(key)).rejects.toThrow(Damaged);
      await writeFile(path, intact);
    }
    for (let bit = 3; bit < intact.length * 8; bit += 7_919) {
      const flipped = Buffer.from(intact);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      await writeFile(path, flipped);
      await expect(store.get(key).then(readAll)).rejects.toThrow(Damaged);
    }
    // Putting the same content again mends it.
    await store.put(key, content);
    expect(await readAll(await store.get(key))).toEqual(content);
  });

  it('fails the put and leaves no half blob, whichever call fails (A14)', async () => {
    const content = sample(100_000);
    const key = keyOf(content);
    for (let failAt = 0; ; failAt++) {
      const files = new FailingFiles(realFiles);
      const folder = newFolder();
      const told: StoreFailed[] = [];
      await using store = await openBlobFiles(folder, random, { files, onFailed: (error) => told.push(error) });
      files.failAt = files.calls.length + failAt;
      const failed = await store.put(key, content).then(
        () => undefined,
        (error: unknown) => error,
      ); // prettier-ignore
      const call = files.calls[files.failAt];
      if (call === undefined) break;
      expect(failed, call).toBeInstanceOf(Error);
      expect(told).toHaveLength(call.startsWith('sync') ? 1 : 0);
      // After a failed sync nothing is promised any more; after any other failure the next put works.
      if (call.startsWith('sync')) await expect(store.put(key, content)).rejects.toThrow(StoreFailed);
      else await store.put(key, content);
      await using again = await openBlobFiles(folder, random);
      const found = await readAll(await again.get(key));
      if (found) expect(found).toEqual(content);
      expect(await readdir(join(folder, 'tmp'))).toEqual([]);
    }
  });

  it('does the same for what somebody else has put already: nobody learns from how long it takes (B19)', async () => {
    const files = new FailingFiles(realFiles);
    await using store = await openBlobFiles(newFolder(), random, { files });
    const callsOf = async (content: Buffer): Promise<string[]> => {
      const before = files.calls.length;
      await store.put(keyOf(content), content);
      return files.calls.slice(before);
    };
    // Once the folder of its name is known.
    await callsOf(sample(100_000));
    const first = await callsOf(sample(100_000));
    expect(await callsOf(sample(100_000))).toEqual(first);
    expect(first).toContain('sync');
  });

  it('says that there is no room, and works again when there is', async () => {
    const files = new FailingFiles(realFiles);
    await using store = await openBlobFiles(newFolder(), random, { files });
    files.error = failure('ENOSPC');
    files.failAt = files.calls.length + 2;
    await expect(store.put(keyOf(sample(9)), sample(9))).rejects.toThrow(StoreFull);
    await store.put(keyOf(sample(9)), sample(9));
    expect(await readAll(await store.get(keyOf(sample(9))))).toEqual(sample(9));
  });

  it('removes what a crash left half written (A1)', async () => {
    const folder = newFolder();
    await using _first = await openBlobFiles(folder, random);
    await writeFile(join(folder, 'tmp', 'half'), 'half');
    await using _second = await openBlobFiles(folder, random);
    expect(await readdir(join(folder, 'tmp'))).toEqual([]);
  });
});
