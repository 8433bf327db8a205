/** Copying a partition from one store to another, and finding that it is the same. */
import { expect, test } from 'vitest';
import { MemoryKv } from '../../adapters/kv-memory.ts';
import { type CommitId, type Entry, type KeyValueStore, partition } from '../../ports/kv.ts';
import { makeSame } from './same-rows.ts';

const P = partition('u', 'someone');
let count = 0;
const options = { skipBuckets: new Set(['blob']), newId: () => `test.${count++}` as CommitId };
const key = (n: number): Buffer => Buffer.from(`k${String(n).padStart(6, '0')}`);
const rows = (from: number, to: number, text = 'value'): Entry[] =>
  Array.from({ length: to - from }, (_, i) => [key(from + i), Buffer.from(`${text} ${from + i}`)]);

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

async function all(kv: KeyValueStore): Promise<unknown> {
  const found: string[] = [];
  for await (const page of kv.scan(P, {})) for (const [k, v] of page) found.push(`${text(k)}=${text(v)}`);
  for await (const page of kv.scanImmutable(P, undefined, {}))
    for (const row of page) found.push(`${row.bucket}/${text(row.key)}=${text(row.value)}`);
  return { found, header: text((await kv.head(P)).value ?? Buffer.alloc(0)) };
}

async function source(): Promise<MemoryKv> {
  const kv = new MemoryKv();
  await kv.commit(P, 0, 1, { put: rows(0, 5000) }, 'a' as CommitId);
  await kv.commit(P, 1, 40, { put: rows(5000, 5400), header: Buffer.from('head') }, 'b' as CommitId);
  await kv.putImmutable(P, 'body1', rows(0, 300));
  await kv.putImmutable(P, 'body2', rows(5, 6));
  return kv;
}

test('everything is copied, in steps, and the version is not below that of the source', async () => {
  const [from, to] = [await source(), new MemoryKv()];
  expect(await makeSame(from, to, P, options)).toMatchObject({ rows: 5_701, changed: 5_701 });
  expect(await all(to)).toEqual(await all(from));
  expect((await to.head(P)).version).toBe(40);
  expect(await makeSame(from, to, P, options)).toMatchObject({ rows: 5_701, changed: 0 });
  expect((await to.head(P)).version).toBe(40);
});

test('what differs is put right: changed, missing and superfluous rows, and the header', async () => {
  const [from, to] = [await source(), new MemoryKv()];
  await makeSame(from, to, P, options);
  await to.commit(
    P,
    40,
    41,
    { put: rows(7, 9, 'other'), remove: [key(100)], header: Buffer.from('x') },
    'c' as CommitId,
  );
  await to.commit(P, 41, 42, { put: rows(20_000, 20_002) }, 'd' as CommitId);
  await to.putImmutable(P, 'body0', rows(1, 3));
  await to.dropImmutable(P, 'body1', [key(299)]);
  expect(await makeSame(from, to, P, options)).toMatchObject({ rows: 5_701, changed: 8 });
  expect(await all(to)).toEqual(await all(from));
  expect((await to.head(P)).version).toBe(43);
});

test('nobody sees a partition whose rows are not all there', async () => {
  const [from, to] = [await source(), new MemoryKv()];
  const commit = to.commit.bind(to);
  let commits = 0;
  to.commit = async (...args) => {
    if (++commits === 2) throw new Error('the power went');
    return commit(...args);
  };
  await expect(makeSame(from, to, P, options)).rejects.toThrow('the power went');
  expect((await to.head(P)).value).toBeUndefined();
  await makeSame(from, to, P, options);
  expect(await all(to)).toEqual(await all(from));
});

test('rows that a store of blobs copies stay behind', async () => {
  const [from, to] = [await source(), new MemoryKv()];
  await from.putImmutable(P, 'blob', rows(0, 3));
  await to.putImmutable(P, 'blob', rows(7, 9));
  await makeSame(from, to, P, options);
  const buckets = new Map<string, number>();
  for await (const page of to.scanImmutable(P, undefined, {}))
    for (const { bucket } of page) buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  expect(Object.fromEntries(buckets)).toEqual({ blob: 2, body1: 300, body2: 1 });
});

test('somebody else who writes to the target is noticed', async () => {
  const [from, to] = [await source(), new MemoryKv()];
  const commit = to.commit.bind(to);
  to.commit = async (p, expect_, next, batch, id) => {
    if (expect_ === 1) await commit(p, 1, 7, { put: rows(0, 1, 'theirs') }, 'theirs' as CommitId);
    return commit(p, expect_, next, batch, id);
  };
  await expect(makeSame(from, to, P, options)).rejects.toThrow('somebody else writes');
});
