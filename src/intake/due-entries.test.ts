import { expect, test } from 'vitest';
import type { Queue, QueueEntry } from '../ports/queue.ts';
import { createLog } from '../telemetry/log.ts';
import { DueEntries, type DueWork } from './due-entries.ts';

/** A queue of numbers; each `take` waits until it is let go, and then answers what is due or throws what was given. */
class Scripted {
  readonly due: number[] = [];
  readonly takes: { readonly limit: number; go(failure?: Error): void }[] = [];
  wake: () => void = () => undefined;

  readonly queue = {
    onDue: (_name, wake) => {
      this.wake = wake;
      return { [Symbol.dispose]: () => (this.wake = () => undefined) };
    },
    take: (_name, limit) => {
      const { promise, resolve, reject } = Promise.withResolvers<QueueEntry[]>();
      const go = (failure?: Error): void => {
        if (failure) reject(failure);
        else resolve(this.due.splice(0, limit).map((payload) => ({ payload }) as QueueEntry));
      };
      this.takes.push({ limit, go });
      return promise;
    },
  } as Pick<Queue, 'onDue' | 'take'> as Queue;

  worker(more: Partial<DueWork> = {}) {
    const begun: unknown[] = [];
    const lines: string[] = [];
    const log = createLog({ level: 'error', destination: { write: (line) => void lines.push(line) } });
    const begin = (entry: QueueEntry): void => void begun.push(entry.payload);
    const entries = new DueEntries({ queue: this.queue, name: 'intake', log, room: () => 2, begin, ...more });
    return { entries, begun, lines };
  }
}

test('as many as there is room for, until there is no more; a wake-up meanwhile is not lost', async () => {
  const scripted = new Scripted();
  scripted.due.push(1, 2, 3);
  const { entries, begun } = scripted.worker();
  await using _ = entries;
  expect(scripted.takes.map(({ limit }) => limit)).toEqual([2]);
  scripted.takes[0]?.go();
  await expect.poll(() => scripted.takes.length).toBe(2);
  expect(begun).toEqual([1, 2]);
  scripted.wake();
  scripted.wake();
  scripted.takes[1]?.go();
  await expect.poll(() => scripted.takes.length).toBe(3);
  expect(begun).toEqual([1, 2, 3]);
  scripted.takes[2]?.go();
  await expect.poll(() => entries.taking).toBe(false);
  expect(scripted.takes).toHaveLength(3);
});

test('without room it waits until there may be some', async () => {
  const scripted = new Scripted();
  let room = 0;
  const { entries } = scripted.worker({ room: () => room });
  await using _ = entries;
  await expect.poll(() => entries.taking).toBe(false);
  expect(scripted.takes).toHaveLength(0);
  room = 5;
  entries.look();
  expect(scripted.takes.map(({ limit }) => limit)).toEqual([5]);
  scripted.takes[0]?.go();
});

test('a queue that fails is asked again when something is due, not at once', async () => {
  const scripted = new Scripted();
  const { entries, lines } = scripted.worker();
  await using _ = entries;
  scripted.wake();
  scripted.takes[0]?.go(new Error('the disk'));
  await expect.poll(() => entries.taking).toBe(false);
  expect(lines).toHaveLength(1);
  expect(scripted.takes).toHaveLength(1);
  scripted.wake();
  expect(scripted.takes).toHaveLength(2);
  scripted.takes[1]?.go();
});

test('whoever has ended begins nothing more', async () => {
  const scripted = new Scripted();
  scripted.due.push(1, 2);
  const { entries, begun } = scripted.worker();
  const ended = entries[Symbol.asyncDispose]();
  scripted.takes[0]?.go();
  await ended;
  expect(begun).toEqual([]);
  entries.look();
  expect(scripted.takes).toHaveLength(1);
});
