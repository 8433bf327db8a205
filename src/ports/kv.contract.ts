/**
 * What every KeyValueStore keeps, as tests. An adapter's own test calls `kvContract` with a way to make an empty one.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bytes, collect, collectImmutable, commitNow, freshId, plain, put, same, text } from './kv-rows.contract.ts';
import { immutableRows } from './kv-immutable.contract.ts';
import {
  type Batch,
  type CommitId,
  Damaged,
  type Entry,
  type Key,
  type KeyValueStore,
  KV_LIMITS,
  type Partition,
  partition,
  type Range,
} from './kv.ts';

export interface KvUnderTest {
  readonly kv: KeyValueStore;
  /** Closes the store and opens the same data again. */
  reopen?(): Promise<KeyValueStore>;
  /** Damages one stored row behind the store's back; false when there is no such row. */
  damage?(p: Partition, bucket: string | undefined, key: Key): Promise<boolean> | boolean;
  close?(): Promise<void>;
}

/** `make` opens an empty store, which all tests share. */
export function kvContract(name: string, make: () => Promise<KvUnderTest>): void {
  describe(`${name} as a KeyValueStore`, () => {
    let under: KvUnderTest;
    let kv: KeyValueStore;
    let p: Partition;
    let other: Partition;
    let tests = 0;

    // One store for all, new partitions for each.
    beforeAll(async () => {
      under = await make();
      kv = under.kv;
    });
    beforeEach(() => {
      p = partition('u', `someone-${++tests}`);
      other = partition('u', `someone-${tests}-else`);
    });
    afterAll(async () => {
      if (under.close) await under.close();
      else await kv[Symbol.asyncDispose]();
    });

    describe('partitions', () => {
      it('does not know a partition that nobody wrote', async () => {
        expect(await kv.head(p)).toEqual({ version: 0, commitId: undefined, value: undefined });
        expect(await kv.get(p, [text('a')])).toEqual([undefined]);
        expect(await collect(kv, p)).toEqual([]);
        expect(await kv.getImmutable(p, 'body', [text('a')])).toEqual([undefined]);
        expect(await collectImmutable(kv, p, undefined)).toEqual([]);
      });

      it('keeps partitions apart whose names begin alike', async () => {
        const names = ['x', 'x0', 'x/', 'x/y', 'X', 'é', '한국'].map((id) => partition('u', id));
        for (const [i, q] of names.entries()) {
          await commitNow(kv, q, { header: text(`h${i}`), put: put(['k', `v${i}`]) });
          await kv.putImmutable(q, 'b', put(['k', `i${i}`]));
        }
        for (const [i, q] of names.entries()) {
          expect(plain((await kv.head(q)).value)).toBe(`h${i}`);
          expect(await collect(kv, q)).toEqual([['k', `v${i}`]]);
          expect(await collectImmutable(kv, q, undefined)).toEqual([`b:k=i${i}`]);
        }
      });

      it('lists those of a kind, in order of id, also those with immutable rows only', async () => {
        for (const id of ['b', 'a', 'ab']) await commitNow(kv, partition('d', id), { header: text('') });
        await commitNow(kv, partition('u', 'zz'), { put: put(['k', 'v']) });
        await kv.putImmutable(partition('d', 'aa'), 'x', put(['k', 'v']));
        const list = async (after?: Partition) => {
          const found: Partition[] = [];
          for await (const q of kv.partitions('d', after)) found.push(q);
          return found;
        };
        expect(await list()).toEqual(['d/a', 'd/aa', 'd/ab', 'd/b']);
        expect(await list(partition('d', 'aa'))).toEqual(['d/ab', 'd/b']);
        expect(await list(partition('d', 'a!'))).toEqual(['d/aa', 'd/ab', 'd/b']);
        expect(await list(partition('d', 'b'))).toEqual([]);
      });

      it('takes ids of up to 320 bytes, refuses longer ones, NUL and unknown kinds', async () => {
        const long = partition('u', 'é'.repeat(160));
        await commitNow(kv, long, { put: put(['k', 'v']) });
        expect(await collect(kv, long)).toEqual([['k', 'v']]);
        for (const bad of [partition('u', 'e'.repeat(321)), partition('u', 'a\0b'), 'z/a' as Partition])
          await expect(kv.head(bad)).rejects.toThrow(RangeError);
      });
    });

    describe('commits', () => {
      it('are seen by every read that begins after the answer', async () => {
        for (let i = 1; i <= 20; i++) {
          const version = await commitNow(kv, p, { header: text(`h${i}`), put: put(['k', `v${i}`], [`k${i}`, 'x']) });
          const head = await kv.head(p);
          expect([head.version, plain(head.value)]).toEqual([version, `h${i}`]);
          expect((await kv.get(p, [text('k')])).map(plain)).toEqual([`v${i}`]);
          expect(await collect(kv, p)).toHaveLength(i + 1);
        }
      });

      it('answer the commit id, and keep the header value when the batch has none', async () => {
        for (;;) {
          const { version } = await kv.head(p);
          const id = freshId();
          const { kind } = await kv.commit(p, version, version + 7, { header: text('kept') }, id);
          if (kind !== 'applied') continue;
          const head = await kv.head(p);
          expect([head.version, head.commitId, plain(head.value)]).toEqual([version + 7, id, 'kept']);
          break;
        }
        await commitNow(kv, p, { put: put(['k', 'v']) });
        expect(plain((await kv.head(p)).value)).toBe('kept');
      });

      it('conflict unless the partition is at the expected version, and then write nothing', async () => {
        const version = await commitNow(kv, p, { put: put(['k', 'before']) });
        for (const expected of [0, version - 1, version + 1, version + 100].filter((v) => v !== version)) {
          const result = await kv.commit(
            p,
            expected,
            expected + 1,
            { put: put(['k', 'after'], ['l', 'x']) },
            freshId(),
          );
          expect(result).toEqual({ kind: 'conflict', version });
        }
        expect(await collect(kv, p)).toEqual([['k', 'before']]);
        expect(await kv.commit(other, 5, 6, {}, freshId())).toEqual({ kind: 'conflict', version: 0 });
        expect((await kv.head(other)).version).toBe(0);
      });

      it('that race are won by one each round, and the winners follow each other', async () => {
        const wins: string[] = [];
        const racer = async (who: string) => {
          for (let won = 0; won < 10; ) {
            const { version } = await kv.head(p);
            const id = freshId();
            const batch = { header: text(who), put: put([`v${String(version).padStart(5, '0')}`, who]) };
            const { kind } = await kv.commit(p, version, version + 1, batch, id);
            if (kind === 'applied' || (kind === 'unknown' && (await kv.resolve(p, version, id)) === 'applied')) {
              wins[version] = who;
              won++;
            }
          }
        };
        await Promise.all(['a', 'b', 'c', 'd'].map(racer));
        expect(wins.filter(Boolean)).toHaveLength(40);
        const rows = await collect(kv, p);
        expect(rows.map(([, who]) => who)).toEqual(wins.filter(Boolean));
      });

      it('apply clear, then remove, then put', async () => {
        await commitNow(kv, p, { put: put(['a', '1'], ['b', '2'], ['c', '3'], ['d', '4']) });
        const clear = [{ start: text('b'), end: text('d') }];
        await commitNow(kv, p, { clear, remove: [text('a'), text('none')], put: put(['c', 'new'], ['e', '5']) });
        expect(await collect(kv, p)).toEqual([
          ['c', 'new'],
          ['d', '4'],
          ['e', '5'],
        ]);
      });

      it('clear open-ended and empty ranges', async () => {
        const rows = put(['a', '1'], ['b', '2'], ['c', '3']);
        await commitNow(kv, p, { header: text('h'), put: rows });
        await kv.putImmutable(p, 'body', put(['a', 'kept']));
        await commitNow(kv, p, {
          clear: [
            { start: text('b'), end: text('b') },
            { start: text('c'), end: text('a') },
          ],
        });
        expect(await collect(kv, p)).toHaveLength(3);
        await commitNow(kv, p, { clear: [{ end: text('b') }] });
        expect(await collect(kv, p)).toEqual([
          ['b', '2'],
          ['c', '3'],
        ]);
        await commitNow(kv, p, { clear: [{ start: text('c') }] });
        expect(await collect(kv, p)).toEqual([['b', '2']]);
        const version = await commitNow(kv, p, { clear: [{}] });
        expect(await collect(kv, p)).toEqual([]);
        expect((await kv.head(p)).version).toBe(version);
        expect(plain((await kv.head(p)).value)).toBe('h');
        expect(await collectImmutable(kv, p, undefined)).toEqual(['body:a=kept']);
      });

      it('take their bytes over: the caller may use its buffers again', async () => {
        const key = text('key');
        const value = text('value');
        const header = text('header');
        const done = commitNow(kv, p, { header, put: [[key, value]] });
        await done;
        key.fill(0);
        value.fill(0);
        header.fill(0);
        expect(await collect(kv, p)).toEqual([['key', 'value']]);
        expect(plain((await kv.head(p)).value)).toBe('header');
      });

      it('may be as large as the limits say, and no larger', async () => {
        const many: Entry[] = Array.from({ length: KV_LIMITS.ops }, (_, i) => [text(`k${i}`), bytes(i & 255)]);
        await commitNow(kv, p, { put: many });
        expect(await collect(kv, p)).toHaveLength(KV_LIMITS.ops);
        const one: Entry[] = [[text('one more'), bytes(1)]];
        await expect(kv.commit(p, 0, 1, { put: [...many, ...one] }, freshId())).rejects.toThrow(RangeError);

        const value = new Uint8Array(256 << 10).fill(7);
        const large: Entry[] = Array.from({ length: 15 }, (_, i) => [bytes(i), value]);
        await commitNow(kv, other, { header: value.subarray(0, (256 << 10) - 15), put: large });
        expect(same((await kv.get(other, [bytes(14)]))[0], value)).toBe(true);
        await expect(
          kv.commit(other, 1, 2, { header: value, put: [...large, [bytes(15), value]] }, freshId()),
        ).rejects.toThrow(RangeError);
      }, 60_000);

      it('refuse a wrong version, id, key or value before anything is written', async () => {
        const id = freshId();
        await expect(kv.commit(p, 1, 1, {}, id)).rejects.toThrow(RangeError);
        await expect(kv.commit(p, -1, 1, {}, id)).rejects.toThrow(RangeError);
        await expect(kv.commit(p, 0, 2 ** 53, {}, id)).rejects.toThrow(RangeError);
        await expect(kv.commit(p, 0, 1, {}, '' as CommitId)).rejects.toThrow(RangeError);
        await expect(kv.commit(p, 0, 1, {}, 'x'.repeat(41) as CommitId)).rejects.toThrow(RangeError);
        const bad: Batch[] = [
          { put: [[new Uint8Array(513), bytes(1)]] },
          { put: [[bytes(1), new Uint8Array((256 << 10) + 1)]] },
          { remove: [new Uint8Array(513)] },
          { header: new Uint8Array((256 << 10) + 1) },
        ];
        for (const batch of bad) await expect(kv.commit(p, 0, 1, batch, id)).rejects.toThrow(RangeError);
        expect((await kv.head(p)).version).toBe(0);
      });

      it('keep keys of all bytes in order, and values of every length', async () => {
        const keys = [
          bytes(),
          bytes(0),
          bytes(0, 0),
          bytes(0, 255),
          bytes(1),
          text('a'),
          bytes(127),
          bytes(128),
          bytes(255),
          bytes(255, 0),
          bytes(255, 255),
          new Uint8Array(512).fill(255),
        ];
        const values = keys.map((_, i) => new Uint8Array([0, 1, 2, 7, 2000, 4096, 65536, 256 << 10][i % 8]!).fill(i));
        await commitNow(kv, p, { put: keys.map((k, i) => [k, values[i]!] as Entry).reverse() });
        for (const [i, value] of (await kv.get(p, keys)).entries()) expect(same(value, values[i]!)).toBe(true);
        const found: Key[] = [];
        for await (const page of kv.scan(p, {})) for (const [key] of page) found.push(key);
        expect(found.map((k) => Buffer.from(k).toString('hex'))).toEqual(
          keys.map((k) => Buffer.from(k).toString('hex')),
        );
      });
    });

    describe('scans', () => {
      const letters = 'abcdefghij'.split('');
      beforeEach(async () => {
        await commitNow(kv, p, { put: letters.map((l) => [text(l), text(l.toUpperCase())] as Entry) });
        await commitNow(kv, other, { put: put(['c', 'not mine']) });
      });
      const keys = async (range: Range) => (await collect(kv, p, range)).map(([k]) => k).join('');

      it('give the start, not the end, and nothing of a neighbour', async () => {
        expect(await keys({})).toBe('abcdefghij');
        expect(await keys({ start: text('c'), end: text('f') })).toBe('cde');
        expect(await keys({ start: text('bb') })).toBe('cdefghij');
        expect(await keys({ end: text('bb') })).toBe('ab');
        expect(await keys({ start: text('f'), end: text('c') })).toBe('');
        expect(await keys({ start: text('c'), end: text('c') })).toBe('');
        expect(await keys({ start: bytes(), end: bytes(255) })).toBe('abcdefghij');
        expect(await keys({ start: text('z') })).toBe('');
      });

      it('run backwards', async () => {
        expect(await keys({ reverse: true })).toBe('jihgfedcba');
        expect(await keys({ start: text('c'), end: text('f'), reverse: true })).toBe('edc');
        expect(await keys({ start: text('bb'), end: text('dd'), reverse: true })).toBe('dc');
        expect(await keys({ end: text('c'), reverse: true, limit: 1 })).toBe('b');
        expect(await keys({ start: text('j'), reverse: true })).toBe('j');
        expect(await keys({ end: text('a'), reverse: true })).toBe('');
      });

      it('stop at the limit', async () => {
        expect(await keys({ limit: 0 })).toBe('');
        expect(await keys({ limit: 3 })).toBe('abc');
        expect(await keys({ start: text('d'), limit: 3 })).toBe('def');
        expect(await keys({ reverse: true, limit: 3 })).toBe('jih');
        expect(await keys({ limit: 100 })).toBe('abcdefghij');
      });

      it('give each row that nobody touches once, whatever is committed meanwhile', async () => {
        const rows = Array.from({ length: 1500 }, (_, i) => `r${String(i).padStart(5, '0')}`);
        await commitNow(kv, p, { put: rows.map((r) => [text(r), new Uint8Array(200)] as Entry) });
        const seen: string[] = [];
        let n = 0;
        for await (const page of kv.scan(p, { start: text('r'), end: text('s') })) {
          for (const [key] of page) seen.push(plain(key)!);
          if (n++ % 50 === 0)
            await commitNow(kv, p, { put: put([`a${n}`, 'x'], [`r00750.${n}`, 'x'], [`t${n}`, 'x']) });
        }
        expect(seen.filter((key) => !key.includes('.'))).toEqual(rows);
        if (kv.supports.snapshots) expect(seen).toEqual(rows);
      });

      it('may be left early', async () => {
        for await (const page of kv.scan(p, {})) {
          expect(page.length).toBeGreaterThan(0);
          break;
        }
        expect(await keys({})).toBe('abcdefghij');
      });
    });

    describe('resolve', () => {
      it('knows the last commit', async () => {
        const { version } = await kv.head(p);
        const id = freshId();
        const result = await kv.commit(p, version, version + 1, { put: put(['k', 'v']) }, id);
        const resolved = await kv.resolve(p, version, id);
        if (result.kind !== 'unknown') expect(resolved).toBe(result.kind === 'applied' ? 'applied' : 'not-applied');
        expect(await collect(kv, p)).toEqual(resolved === 'applied' ? [['k', 'v']] : []);
      });

      it('knows a commit that others followed', async () => {
        const id = freshId();
        let start = (await kv.head(p)).version;
        while ((await kv.commit(p, start, start + 3, {}, id)).kind !== 'applied') {
          if ((await kv.resolve(p, start, id)) === 'applied') break;
          start = (await kv.head(p)).version;
        }
        for (let i = 0; i < 5; i++) await commitNow(kv, p, {});
        expect(await kv.resolve(p, start, id)).toBe('applied');
        expect(await kv.resolve(p, start, freshId())).toBe('not-applied');
      });

      it("after 'not-applied', nothing that started there applies any more, and nothing was written", async () => {
        const version = await commitNow(kv, p, {});
        const before = await collect(kv, p);
        expect(await kv.resolve(p, version, freshId())).toBe('not-applied');
        expect(await collect(kv, p)).toEqual(before);
        expect(await kv.resolve(other, 0, freshId())).toBe('not-applied');
        expect(await collect(kv, other)).toEqual([]);
      });
    });

    immutableRows(() => ({ kv, p, other }));

    it('keeps everything over a restart', async () => {
      if (!under.reopen) return;
      const value = new Uint8Array(100_000).fill(9);
      const version = await commitNow(kv, p, { header: text('h'), put: [...put(['k', 'v']), [text('large'), value]] });
      await kv.putImmutable(p, 'b', put(['k', 'i']));
      const { commitId } = await kv.head(p);
      kv = await under.reopen();
      const head = await kv.head(p);
      expect([head.version, head.commitId, plain(head.value)]).toEqual([version, commitId, 'h']);
      expect(same((await kv.get(p, [text('large')]))[0], value)).toBe(true);
      expect((await collect(kv, p)).map(([k]) => k)).toEqual(['k', 'large']);
      expect(await collectImmutable(kv, p, undefined)).toEqual(['b:k=i']);
      expect(await commitNow(kv, p, {})).toBe(version + 1);
    });

    it('says that a row is damaged, and does not serve it; the others are well', async () => {
      if (!under.damage) return;
      await commitNow(kv, p, { put: put(['a', 'one'], ['b', 'two']) });
      await kv.putImmutable(p, 'body', put(['x', 'three'], ['y', 'four']));
      expect(await under.damage(p, undefined, text('a'))).toBe(true);
      expect(await under.damage(p, 'body', text('x'))).toBe(true);
      await expect(kv.get(p, [text('a')])).rejects.toThrow(Damaged);
      await expect(collect(kv, p)).rejects.toThrow(Damaged);
      await expect(kv.getImmutable(p, 'body', [text('x')])).rejects.toThrow(Damaged);
      await expect(collectImmutable(kv, p, undefined)).rejects.toThrow(Damaged);
      expect((await kv.get(p, [text('b')])).map(plain)).toEqual(['two']);
      expect((await kv.getImmutable(p, 'body', [text('y')])).map(plain)).toEqual(['four']);
    });
  });
}
