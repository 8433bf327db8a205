import { describe, expect, it } from 'vitest';
import { kvContract } from '../ports/kv.contract.ts';
import { collect, commitNow, freshId, text } from '../ports/kv-rows.contract.ts';
import { type CommitResult, partition } from '../ports/kv.ts';
import { ManualClock } from './clock-manual.ts';
import { MemoryKv } from './kv-memory.ts';

const under = (kv: MemoryKv) => ({ kv, damage: kv.damage.bind(kv) });

kvContract('kv-memory', async () => under(new MemoryKv()));
kvContract('kv-memory when it is nasty', async () => under(new MemoryKv({ seed: 7 })));

describe('the nasty kv-memory', () => {
  const p = partition('u', 'a');
  const quiet = { conflict: 0, unknownApplied: 0, unknownLost: 0, late: 0 };
  const row = { put: [[text('k'), text('v')]] as const };

  it('does everything it is there for, the same for the same seed', async () => {
    const run = async (seed: number) => {
      const kv = new MemoryKv({ seed });
      for (let i = 0; i < 300; i++) await commitNow(kv, p, { put: [[text(`k${i}`), text('v')]] });
      expect(await collect(kv, p)).toHaveLength(300);
      return kv.injected;
    };
    const injected = await run(1);
    for (const count of Object.values({ ...injected, lateApplied: 1 })) expect(count).toBeGreaterThan(0);
    expect(await run(1)).toEqual(injected);
    expect(await run(2)).not.toEqual(injected);
  });

  it('applies a commit late unless it was resolved before', async () => {
    const clock = new ManualClock();
    const kv = new MemoryKv({ seed: 1, ...quiet, late: 1, slow: 0, clock });
    expect(await kv.commit(p, 0, 1, row, freshId())).toEqual({ kind: 'unknown' });
    expect((await kv.head(p)).version).toBe(0);
    await clock.advance(100);
    expect((await kv.head(p)).version).toBe(1);

    const id = freshId();
    expect(await kv.commit(p, 1, 2, { remove: [text('k')] }, id)).toEqual({ kind: 'unknown' });
    expect(await kv.resolve(p, 1, id)).toBe('not-applied');
    await clock.advance(100);
    expect(await collect(kv, p)).toEqual([['k', 'v']]);
    expect((await kv.head(p)).version).toBe(2); // the fence
  });

  it('answers out of order', async () => {
    const kv = new MemoryKv({ seed: 3, ...quiet });
    const order: number[] = [];
    const results: CommitResult[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        results.push(await kv.commit(partition('u', `p${i}`), 0, 1, row, freshId()));
        order.push(i);
      }),
    );
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
    expect(results.every(({ kind }) => kind === 'applied')).toBe(true);
  });

  it('refuses a key that is twice in a batch', async () => {
    const twice = { remove: [text('k')], put: row.put };
    await expect(new MemoryKv().commit(p, 0, 1, twice, freshId())).rejects.toThrow('twice');
  });
});
