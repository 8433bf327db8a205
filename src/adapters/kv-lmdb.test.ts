import { execFile } from 'node:child_process';
import { chmod, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { open } from 'lmdb';
import { describe, expect, it } from 'vitest';
import { testFolder } from '../../test/folder.ts';
import { kvContract } from '../ports/kv.contract.ts';
import { collect, commitNow, freshId, text } from '../ports/kv-rows.contract.ts';
import { partition, StoreFailed, StoreFull } from '../ports/kv.ts';
import { Table, TABLES } from './kv-lmdb-batch.ts';
import { pageProblems } from './kv-lmdb-pages.ts';
import { LMDB_OPTIONS, TABLE_OPTIONS } from './kv-lmdb-options.ts';
import { openLmdb } from './kv-lmdb.ts';

kvContract('kv-lmdb', async () => {
  const folder = await testFolder();
  let kv = await openLmdb(folder.path);
  return {
    kv,
    async reopen() {
      await kv[Symbol.asyncDispose]();
      return (kv = await openLmdb(folder.path));
    },
    async damage(p, bucket, key) {
      const name = TABLES[bucket === undefined ? Table.rows : Table.immutable];
      const root = open({ path: folder.path, ...LMDB_OPTIONS });
      const table = root.openDB<Buffer, Buffer>(name, TABLE_OPTIONS);
      const place = Buffer.concat([Buffer.from(`${p}\0${bucket === undefined ? '' : `${bucket}\0`}`), key]);
      const value = table.getBinary(place);
      if (!value) return false;
      value[value.length >> 1]! ^= 4;
      await table.put(place, value);
      return true;
    },
    async close() {
      await kv[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
});

describe('kv-lmdb', () => {
  const p = partition('u', 'a');
  const row = (key: string, size = 10) => [text(key), new Uint8Array(size)] as const;

  it('writes what one turn brings in one transaction', async () => {
    await using folder = await testFolder();
    await using kv = await openLmdb(folder.path);
    const before = kv.counters.transactions;
    const bodies = Array.from({ length: 50 }, (_, i) =>
      kv.putImmutable(partition('u', `p${i}`), 'b', [row('k', 5000)]),
    );
    const commits = Array.from({ length: 100 }, (_, i) =>
      kv.commit(partition('u', `p${i}`), 0, 1, { put: [row('k')] }, freshId()),
    );
    await Promise.all([...bodies, ...commits]);
    expect(kv.counters).toMatchObject({ commits: 100, transactions: before + 1 });
  });

  it('takes commits that follow each other without waiting', async () => {
    await using folder = await testFolder();
    await using kv = await openLmdb(folder.path);
    const results = await Promise.all([
      kv.commit(p, 0, 1, { header: text('1'), put: [row('a')] }, freshId()),
      kv.commit(p, 1, 2, { put: [row('b')] }, freshId()),
      kv.commit(p, 1, 2, { put: [row('c')] }, freshId()),
      kv.commit(p, 2, 3, { remove: [text('a')] }, freshId()),
    ]);
    expect(results.map(({ kind }) => kind)).toEqual(['applied', 'applied', 'conflict', 'applied']);
    expect((await collect(kv, p)).map(([k]) => k)).toEqual(['b']);
    expect((await kv.head(p)).value).toEqual(Buffer.from('1'));
  });

  it('holds its folder alone (A24)', async () => {
    await using folder = await testFolder();
    const kv = await openLmdb(folder.path);
    await expect(openLmdb(folder.path)).rejects.toThrow('in use by another');
    const script = `import('${import.meta.dirname}/kv-lmdb.ts').then(({ openLmdb }) => openLmdb('${folder.path}')).then(() => console.log('opened'), (error) => console.log(error.message))`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script]);
    expect(stdout).toContain('in use by another');
    await commitNow(kv, p, { put: [row('k')] });
    await kv[Symbol.asyncDispose]();
    await using again = await openLmdb(folder.path);
    expect(await collect(again, p)).toHaveLength(1);
  });

  it('refuses a store that a newer version wrote (L4)', async () => {
    await using folder = await testFolder();
    await (await openLmdb(folder.path))[Symbol.asyncDispose]();
    const root = open({ path: folder.path, ...LMDB_OPTIONS });
    await root.openDB<Buffer, Buffer>('store', TABLE_OPTIONS).put(Buffer.from('format'), Buffer.from('2'));
    await root.close();
    await expect(openLmdb(folder.path)).rejects.toThrow('newer version');
  });

  it('refuses a file that was cut, wherever it was (A17)', async () => {
    await using folder = await testFolder();
    const kv = await openLmdb(folder.path);
    for (let i = 0; i < 20; i++) await commitNow(kv, p, { put: [row(`k${i}`, 20_000)] });
    await kv[Symbol.asyncDispose]();
    const file = join(folder.path, 'data.mdb');
    // What lies behind the last page is room for later and may go.
    for (const size of [300_000, 100_001, 40_960, 16_384]) {
      await truncate(file, size);
      await expect(openLmdb(folder.path)).rejects.toThrow('was cut');
    }
  });

  it('says why it cannot be opened', async () => {
    await using folder = await testFolder();
    await chmod(folder.path, 0o500);
    if (process.getuid?.() === 0) return; // root may write everywhere
    await expect(openLmdb(folder.path)).rejects.toThrow('may this user write there?');
  });

  it('takes only small commits when the disk is nearly full, and everything again when there is room', async () => {
    await using folder = await testFolder();
    let free = 2 ** 30;
    await using kv = await openLmdb(folder.path, { free: () => free, minFree: 2 ** 20 });
    await commitNow(kv, p, { put: [row('a', 100_000)] });
    free = 2 ** 19;
    await new Promise((resolve) => setTimeout(resolve, 210));
    const refused = kv.putImmutable(p, 'b', [row('k')]);
    // Before anybody can have been told.
    expect(kv.lost).toBe(1);
    await expect(refused).rejects.toThrow(StoreFull);
    await expect(commitNow(kv, p, { put: [row('b', 100_000)] })).rejects.toThrow(StoreFull);
    expect(kv.full).toBe(true);
    await commitNow(kv, p, { remove: [text('a')], put: [row('log')] });
    expect((await collect(kv, p)).map(([k]) => k)).toEqual(['log']);
    free = 2 ** 30;
    await new Promise((resolve) => setTimeout(resolve, 210));
    await kv.putImmutable(p, 'b', [row('k')]);
    expect(kv.full).toBe(false);
  });

  it('on a full disk writes nothing of what was on its way, lets rows be removed, and then goes on', async () => {
    await using folder = await testFolder();
    const script = join(import.meta.dirname, '../../test/fixtures/fill-kv.ts');
    // A limit on the file's size is a full disk that needs no disk.
    const shell = `ulimit -f 10000; exec '${process.execPath}' '${script}' '${folder.path}'`;
    const { stdout } = await promisify(execFile)('bash', ['-c', shell]);
    expect(JSON.parse(stdout)).toEqual({
      error: 'StoreFull',
      sameVersion: true,
      failed: false,
      lost: 1,
      after: ['StoreFull', 'StoreFull'],
      removed: true,
      again: true,
    });
  });

  it('takes nothing any more when the disk below it is known to be broken, and says so', async () => {
    await using folder = await testFolder();
    await using kv = await openLmdb(folder.path);
    await commitNow(kv, p, { put: [row('a')] });
    kv.fail(new StoreFailed('a sync failed'));
    await expect(commitNow(kv, p, { put: [row('b')] })).rejects.toThrow(StoreFailed);
    await expect(kv.putImmutable(p, 'b', [row('k')])).rejects.toThrow(StoreFailed);
    expect(await kv.failure).toBe(kv.failed);
    expect((await collect(kv, p)).map(([k]) => k)).toEqual(['a']);
  });

  it('finds rows that a damaged page hides, and nothing wrong with a store that is sound', async () => {
    await using folder = await testFolder();
    const check = async () => {
      await using kv = await openLmdb(folder.path);
      return await Array.fromAsync(kv.check());
    };
    {
      await using kv = await openLmdb(folder.path);
      await commitNow(kv, p, { put: Array.from({ length: 2000 }, (_, i) => row(`key-${i}`, 30)) });
    }
    expect(await check()).toEqual([]);
    // One bit of a row's key, on each page that has it: whoever asks for the row does not find it.
    const file = join(folder.path, 'data.mdb');
    const bytes = await readFile(file);
    for (let at = 0; (at = bytes.indexOf('u/a\0key-1234', at)) >= 0; at++) bytes[at + 10]! ^= 64;
    await writeFile(file, bytes);
    expect((await check()).join('\n')).toMatch(/checksum|order|not found/);
  });

  it('finds a page that is used, and free for the next transaction', async () => {
    await using folder = await testFolder();
    {
      await using kv = await openLmdb(folder.path);
      for (let version = 0; version < 5; version++)
        await kv.commit(p, version, version + 1, { put: [row('big', 9000), row(`key-${version}`)] }, freshId());
      expect(await Array.fromAsync(kv.check())).toEqual([]);
    }
    const file = join(folder.path, 'data.mdb');
    const bytes = await readFile(file);
    const number = (at: number): number => Number(bytes.readBigUInt64LE(at));
    // As MDB_meta and MDB_node have it: the newer root page, the free list's tree, its first row, that row's first page.
    const meta = number(152) > number(4096 + 152) ? 0 : 4096;
    const list = number(meta + 88) * 4096;
    const node = list + 24 + bytes.readUInt16LE(list + 24);
    let entry = node + 8 + bytes.readUInt16LE(node + 6) + 8;
    while (bytes.readBigInt64LE(entry) <= 0) entry += 8;
    bytes.writeBigUInt64LE(BigInt(number(meta + 136)), entry);
    expect(await pageProblems(file)).toEqual([]);
    await writeFile(file, bytes);
    expect(await pageProblems(file)).toEqual([`page ${number(meta + 136)} is used, and free`]);
  });

  it('is copied while it is written, to a state that it was in', async () => {
    await using folder = await testFolder();
    await using target = await testFolder();
    await using kv = await openLmdb(folder.path);
    let stop = false;
    const begun = Promise.withResolvers<void>();
    const writing = (async () => {
      for (let i = 1; !stop; i++) {
        // The same number in both rows, always.
        const value = text(String(i));
        const put = [
          [text('x'), value],
          [text('y'), value],
          [text(`z${i}`), new Uint8Array(3000)],
        ] as const;
        await kv.commit(p, i - 1, i, { header: value, put }, freshId());
        if (i === 10) begun.resolve();
      }
    })();
    await begun.promise;
    const at = (await kv.head(p)).version;
    await kv.backup(join(target.path, 'copy'));
    stop = true;
    await writing;
    await expect(kv.backup(target.path)).rejects.toThrow('not empty');
    expect(await readdir(join(target.path, 'copy'))).toEqual(['data.mdb']);
    await using copy = await openLmdb(join(target.path, 'copy'));
    const { version, value } = await copy.head(p);
    expect(version).toBeGreaterThanOrEqual(at);
    expect(await copy.get(p, [text('x'), text('y'), text(`z${version + 1}`)])).toEqual([value, value, undefined]);
    expect(Number(Buffer.from(value!).toString())).toBe(version);
  });

  it('closes with writes on their way: they are done, and answered', async () => {
    await using folder = await testFolder();
    const kv = await openLmdb(folder.path);
    const writes = Array.from({ length: 20 }, (_, i) =>
      kv.commit(partition('u', `p${i}`), 0, 1, { put: [row('k')] }, freshId()),
    );
    await kv[Symbol.asyncDispose]();
    expect((await Promise.all(writes)).every(({ kind }) => kind === 'applied')).toBe(true);
    await expect(kv.head(p)).rejects.toThrow('closed');
  });
});
