import { describe, expect, it } from 'vitest';
import { payloads, queueContract } from '../ports/queue.contract.ts';
import type { QueueEntry } from '../ports/queue.ts';
import { ManualClock } from './clock-manual.ts';
import { MemoryKv, type Nasty } from './kv-memory.ts';
import { openQueue } from './queue-kv.ts';
import { SeededRandom } from './random-seeded.ts';

let seed = 1;
async function setUp(nasty?: Nasty) {
  const kv = new MemoryKv(nasty);
  const clock = new ManualClock();
  const open = () => openQueue({ kv, clock, random: new SeededRandom(seed++) });
  return { kv, clock, open, queue: await open() };
}

queueContract(async () => {
  const { queue, clock, open } = await setUp();
  return { queue, clock, reopen: open };
});

describe('the queues on a key-value store', () => {
  it('refuses to write once another process has taken over', async () => {
    const { queue, open } = await setUp();
    await queue.add('intake', [{ payload: 1 }]);
    const heir = await open();
    await expect(queue.add('intake', [{ payload: 2 }])).rejects.toThrow(/taken over/);
    expect(payloads(await heir.take('intake', 9))).toEqual([1]);
  });

  it('puts many calls of one turn into a few commits', async () => {
    const { queue, kv } = await setUp();
    const before = await versions(kv);
    await Promise.all(Array.from({ length: 200 }, (_, i) => queue.add('intake', [{ payload: i }])));
    expect((await versions(kv)) - before).toBeLessThan(12);
    expect((await queue.counts()).intake).toMatchObject({ due: 200, dueSince: expect.any(Number) });
    const entries = await queue.take('intake', 500);
    expect(entries).toHaveLength(200);
    await Promise.all(entries.map((entry) => queue.done([entry])));
    expect((await queue.counts()).intake).toEqual({ waiting: 0, due: 0, held: 0, oldest: undefined });
  });

  it('reads payloads again that it did not keep in memory', async () => {
    const { queue } = await setUp();
    await queue.add(
      'intake',
      Array.from({ length: 4_100 }, (_, i) => ({ payload: i })),
    );
    const entries = await queue.take('intake', 5_000);
    expect(new Set(payloads(entries)).size).toBe(4_100);
    await expect(queue.done(entries)).resolves.toBeUndefined();
  });

  it('loses nothing and doubles nothing on a nasty store', async () => {
    const { queue, open } = await setUp({ seed: 7 });
    const added = new Set<number>();
    for (let i = 0; i < 60; i++) {
      await queue.add('intake', [{ payload: i }]);
      added.add(i);
      if (i % 3 !== 0) continue;
      const [entry] = await queue.take('intake', 1);
      await queue.done([entry as QueueEntry]);
      added.delete((entry as QueueEntry).payload as number);
    }
    const left = payloads(await (await open()).take('intake', 100)) as number[];
    expect(left.toSorted((a, b) => a - b)).toEqual([...added]);
  });
});

async function versions(kv: MemoryKv): Promise<number> {
  let sum = 0;
  for await (const p of kv.partitions('q')) sum += (await kv.head(p)).version;
  return sum;
}
