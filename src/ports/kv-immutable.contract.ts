/** The part of the contract about rows beside a partition that are written once. */
import { describe, expect, it } from 'vitest';
import { bytes, collect, collectImmutable, commitNow, plain, put, same, text } from './kv-rows.contract.ts';
import type { KeyValueStore, Partition, Range } from './kv.ts';

/** `at`: the store and two partitions that this test has to itself. */
export function immutableRows(
  at: () => { readonly kv: KeyValueStore; readonly p: Partition; readonly other: Partition },
): void {
  describe('immutable rows', () => {
    it('are there once put, bucket by bucket, beside the partition and its version', async () => {
      const { kv, p, other } = at();
      const version = await commitNow(kv, p, { put: put(['k', 'mutable']) });
      await kv.putImmutable(p, 'one', put(['k', '1'], ['l', '2']));
      await kv.putImmutable(p, 'two', put(['k', '3']));
      await kv.putImmutable(other, 'one', put(['k', '4']));
      expect((await kv.getImmutable(p, 'one', [text('k'), text('x'), text('l')])).map(plain)).toEqual([
        '1',
        undefined,
        '2',
      ]);
      expect((await kv.getImmutable(p, 'two', [text('k')])).map(plain)).toEqual(['3']);
      expect((await kv.head(p)).version).toBe(version);
      expect(await collect(kv, p)).toEqual([['k', 'mutable']]);
    });

    it('may be put again with the same bytes', async () => {
      const { kv, p } = at();
      await Promise.all([1, 2, 3].map(() => kv.putImmutable(p, 'b', put(['k', 'same'], ['l', 'too']))));
      await kv.putImmutable(p, 'b', put(['k', 'same']));
      expect(await collectImmutable(kv, p, 'b')).toEqual(['b:k=same', 'b:l=too']);
    });

    it('are scanned by bucket, or over all in order of bucket and key, backwards too, with a limit', async () => {
      const { kv, p, other } = at();
      await kv.putImmutable(p, 'b', put(['2', 'x'], ['1', 'x'], ['3', 'x']));
      await kv.putImmutable(p, 'a', put(['9', 'x'], ['1', 'x']));
      await kv.putImmutable(p, 'ab', put(['5', 'x']));
      await kv.putImmutable(other, 'b', put(['0', 'x']));
      const scan = async (bucket: string | undefined, range: Range) =>
        (await collectImmutable(kv, p, bucket, range)).map((row) => row.slice(0, -2)).join(' ');
      expect(await scan('b', {})).toBe('b:1 b:2 b:3');
      expect(await scan('b', { start: text('2') })).toBe('b:2 b:3');
      expect(await scan('b', { end: text('3'), reverse: true })).toBe('b:2 b:1');
      expect(await scan('b', { limit: 2 })).toBe('b:1 b:2');
      expect(await scan(undefined, {})).toBe('a:1 a:9 ab:5 b:1 b:2 b:3');
      expect(await scan(undefined, { reverse: true, limit: 4 })).toBe('b:3 b:2 b:1 ab:5');
      expect(await scan(undefined, { start: text('2'), end: text('9') })).toBe('ab:5 b:2 b:3');
    });

    it('are gone once dropped', async () => {
      const { kv, p } = at();
      await kv.putImmutable(p, 'b', put(['1', 'x'], ['2', 'x']));
      await kv.dropImmutable(p, 'b', [text('1'), text('none')]);
      await kv.dropImmutable(p, 'none', [text('1')]);
      expect(await collectImmutable(kv, p, undefined)).toEqual(['b:2=x']);
      await kv.dropImmutable(p, 'b', [text('2')]);
      expect(await collectImmutable(kv, p, undefined)).toEqual([]);
      await kv.putImmutable(p, 'b', put(['1', 'again']));
      expect(await collectImmutable(kv, p, 'b')).toEqual(['b:1=again']);
    });

    it('take values of 256 KiB and refuse larger ones, long keys and odd buckets', async () => {
      const { kv, p } = at();
      const large = new Uint8Array(256 << 10).map((_, i) => i * 7);
      await kv.putImmutable(p, 'b', [[text('k'), large]]);
      expect(same((await kv.getImmutable(p, 'b', [text('k')]))[0], large)).toBe(true);
      await expect(kv.putImmutable(p, 'b', [[text('l'), new Uint8Array((256 << 10) + 1)]])).rejects.toThrow(RangeError);
      await expect(kv.putImmutable(p, 'b', [[new Uint8Array(513), bytes(1)]])).rejects.toThrow(RangeError);
      for (const bucket of ['', 'Upper', 'a-b', 'x'.repeat(17)])
        await expect(kv.putImmutable(p, bucket, [[text('k'), bytes(1)]])).rejects.toThrow(RangeError);
    });

    it('written before a commit are there when the commit is, also when nobody waited for them', async () => {
      const { kv, p } = at();
      if (!kv.supports.orderedWrites) return;
      const first = kv.putImmutable(p, 'b', put(['k', 'body']));
      const done = commitNow(kv, p, { put: put(['points', 'to it']) });
      await done;
      expect((await kv.getImmutable(p, 'b', [text('k')])).map(plain)).toEqual(['body']);
      await first;
    });
  });
}
