/** What every Queue keeps; an adapter's test calls this with a way to open an empty one. */
import { describe, expect, it } from 'vitest';
import type { Queue, QueueEntry, QueueId } from './queue.ts';

export interface QueueUnderTest {
  readonly queue: Queue;
  /** The queue's own; it stands still until a test moves it. */
  readonly clock: { now(): number; advance(ms: number): Promise<void> };
  /** The same queue as after a crash. */
  readonly reopen: () => Promise<Queue>;
}

export const payloads = (entries: readonly QueueEntry[]): unknown[] => entries.map(({ payload }) => payload);

export function queueContract(setUp: () => Promise<QueueUnderTest>): void {
  describe('every queue', () => {
    it('hands out what is due, oldest due first, and to one taker only', async () => {
      const { queue, clock } = await setUp();
      const now = clock.now();
      await queue.add('intake', [
        { payload: 'late', due: now - 1 },
        { payload: 'early', due: now - 5 },
      ]);
      await queue.add('intake', [{ payload: 'tomorrow', due: now + 86_400_000 }]);
      expect(payloads(await queue.take('intake', 1))).toEqual(['early']);
      expect(payloads(await queue.take('intake', 10))).toEqual(['late']);
      expect(await queue.take('intake', 10)).toEqual([]);
      expect(await queue.take('outbound', 10)).toEqual([]);
    });

    it('gives everything again that was not done, after a restart', async () => {
      const { queue, reopen } = await setUp();
      await queue.add('intake', [{ payload: { a: 1 }, tags: ['x'] }, { payload: 2 }]);
      const [first] = await queue.take('intake', 2);
      await queue.done([first as QueueEntry]);
      const again = await reopen();
      expect(payloads(await again.take('intake', 9))).toEqual([2]);
    });

    it('retries later, counting attempts and keeping the reason on one line', async () => {
      const { queue, clock, reopen } = await setUp();
      await queue.add('intake', [{ payload: 1 }]);
      const [entry] = await queue.take('intake', 1);
      let woken = 0;
      using _listening = queue.onDue('intake', () => woken++);
      await queue.retry(entry as QueueEntry, { due: clock.now() + 5_000, reason: 'over\r\nquota' });
      expect(await queue.take('intake', 1)).toEqual([]);
      expect(woken).toBe(0);
      await clock.advance(5_000);
      expect(woken).toBe(1);
      for (const each of [queue, await reopen()])
        expect(await each.take('intake', 1)).toMatchObject([{ attempts: 1, reason: 'over quota', payload: 1 }]);
    });

    it('takes back what could not be settled, as it was, and hands it out later', async () => {
      const { queue, clock } = await setUp();
      await queue.add('intake', [{ payload: 1, tags: ['a'] }]);
      const [entry] = await queue.take('intake', 1);
      queue.giveBack(entry as QueueEntry, 5_000);
      queue.giveBack(entry as QueueEntry, 1);
      expect(await queue.take('intake', 1)).toEqual([]);
      await clock.advance(5_000);
      const [again] = await queue.take('intake', 1);
      expect(again).toMatchObject({ payload: 1, attempts: 0, tags: ['a'] });
      await queue.done([again as QueueEntry]);
      queue.giveBack(again as QueueEntry, 0);
      expect(await queue.take('intake', 1)).toEqual([]);
    });

    it('moves an entry to another queue with its reason, where it is due at once', async () => {
      const { queue, reopen } = await setUp();
      const [id] = await queue.add('intake', [{ payload: 'poison', tags: ['a'] }]);
      const [entry] = await queue.take('intake', 1);
      await queue.move(entry as QueueEntry, 'error', 'five attempts');
      for (const each of [queue, await reopen()]) {
        expect(await each.list('intake')).toEqual([]);
        expect(await each.list('error', { tag: 'a' })).toMatchObject([{ id, reason: 'five attempts', queue: 'error' }]);
      }
    });

    it('moves back what nobody has taken, with a narrower payload and its attempts anew', async () => {
      const { queue, clock, reopen } = await setUp();
      await queue.add('intake', [{ payload: [1, 2] }]);
      const [entry] = await queue.take('intake', 1);
      await queue.retry(entry as QueueEntry, { due: clock.now(), reason: 'once' });
      const [again] = await queue.take('intake', 1);
      await queue.move(again as QueueEntry, 'error', 'twice', [2]);
      const [broken] = await queue.list('error');
      await queue.move(broken as QueueEntry, 'intake', 'deliver again');
      for (const each of [queue, await reopen()])
        expect(await each.take('intake', 1)).toMatchObject([{ payload: [2], attempts: 0 }]);
      await expect(queue.move({ ...(broken as QueueEntry), id: 'none' as QueueId }, 'error', 'x')).rejects.toThrow(
        'gone',
      );
    });

    it('promotes by tag: before everything else, also what is due later', async () => {
      const { queue, clock } = await setUp();
      const later = clock.now() + 60_000;
      await queue.add('intake', [{ payload: 'other' }, { payload: 'mine', tags: ['me'], due: later }]);
      expect(await queue.promote('intake', 'nobody')).toBe(0);
      expect(await queue.promote('intake', 'me')).toBe(1);
      expect(payloads(await queue.take('intake', 9))).toEqual(['mine', 'other']);
    });

    it('holds, releases and drops what nobody has', async () => {
      const { queue, reopen } = await setUp();
      const ids = await queue.add('outbound', [{ payload: 1 }, { payload: 2 }, { payload: 3 }]);
      const [taken] = await queue.take('outbound', 1);
      expect(await queue.hold(ids)).toBe(2);
      expect(await queue.take('outbound', 9)).toEqual([]);
      expect(await queue.counts()).toMatchObject({ outbound: { held: 2, waiting: 1 } });
      expect((await (await reopen()).counts()).outbound).toMatchObject({ held: 2, waiting: 1, due: 1 });
      expect(taken?.payload).toBe(1);
    });

    it('releases what it held, and drops for ever', async () => {
      const { queue, reopen } = await setUp();
      const ids = await queue.add('outbound', [{ payload: 1 }, { payload: 2 }]);
      expect(await queue.hold(ids)).toBe(2);
      expect(await queue.release([ids[1] as QueueId])).toBe(1);
      expect(await queue.drop([ids[0] as QueueId, 'nothing' as QueueId])).toBe(1);
      expect(payloads(await queue.take('outbound', 9))).toEqual([2]);
      expect(await (await reopen()).list('outbound')).toMatchObject([{ payload: 2 }]);
    });

    it('need not keep what comes again anyway, until it waits', async () => {
      const { queue, clock, reopen } = await setUp();
      const names = ['done', 'retried', 'moved', 'held', 'dropped'];
      await queue.add(
        'outbound',
        names.map((name) => ({ id: name as QueueId, payload: name, tags: ['t'], again: true })),
      );
      expect(payloads(await queue.list('outbound', { tag: 't' }))).toEqual(names.toSorted());
      expect((await queue.counts()).outbound).toMatchObject({ waiting: 5, due: 5 });
      expect(await queue.hold(['held' as QueueId])).toBe(1);
      expect(await queue.drop(['dropped' as QueueId])).toBe(1);
      const taken = new Map((await queue.take('outbound', 9)).map((entry) => [entry.payload, entry]));
      expect(new Set(taken.keys())).toEqual(new Set(['done', 'moved', 'retried']));
      expect(await queue.get('done' as QueueId)).toMatchObject({ payload: 'done' });
      await queue.done([taken.get('done')!]);
      await queue.move(taken.get('moved')!, 'error', 'no good');
      await queue.retry(taken.get('retried')!, { due: clock.now(), reason: 'later', payload: 'other' });
      for (const each of [queue, await reopen()]) {
        expect(payloads(await each.list('error'))).toEqual(['moved']);
        expect(payloads(await each.list('outbound'))).toEqual(['held', 'other']);
        expect(payloads(await each.take('outbound', 9))).toEqual(['other']);
      }
    });

    it('refuses a payload that fits no row, and goes on', async () => {
      const { queue } = await setUp();
      await expect(queue.add('intake', [{ payload: 'x'.repeat(300_000) }])).rejects.toMatchObject({
        code: 'too-large',
      });
      await queue.add('intake', [{ payload: 'fits' }]);
      expect(payloads(await queue.take('intake', 9))).toEqual(['fits']);
    });
  });
}
