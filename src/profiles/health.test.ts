/** What /healthz finds wrong while something is broken, and how soon (L7). */
import { expect, test } from 'vitest';
import { ManualClock } from '../adapters/clock-manual.ts';
import { MemoryKv } from '../adapters/kv-memory.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { type CommitResult, StoreFailed, StoreFull } from '../ports/kv.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { Health, type HealthParts, watchHealth } from './health.ts';

/** An answer is as old as this, and whoever asks waits no longer than that for one. */
const FRESH_MS = 3_000;
const PATIENCE_MS = 4_000;

function lab(parts: Partial<HealthParts> = {}) {
  const clock = new ManualClock();
  const kv = new MemoryKv();
  const health = new Health({
    kv,
    failed: () => undefined,
    clock,
    random: new SeededRandom(1),
    free: async () => 1 << 30,
    ...parts,
  });
  return {
    clock,
    kv,
    health,
    /** After the last answer is too old. */
    ask: async (): Promise<readonly string[]> => {
      await clock.advance(FRESH_MS + 1);
      return health.problems();
    },
  };
}

test('nothing is wrong where a commit gets through and there is room', async () => {
  const { ask } = lab();
  expect(await ask()).toEqual([]);
  expect(await ask()).toEqual([]);
});

test('a store that has given up is told at once, with its reason (A14)', async () => {
  const store: { failure?: Error } = {};
  const { health } = lab({ failed: () => store.failure });
  expect(await health.problems()).toEqual([]);
  store.failure = new StoreFailed('fdatasync: EIO');
  expect(await health.problems()).toEqual(['the store has failed: fdatasync: EIO']);
});

test('a disk without room is told as that, and when there is some again (A15)', async () => {
  let free = 100 << 20;
  const { kv, ask } = lab({ free: async () => free });
  expect(await ask()).toEqual([]);
  free = 1 << 20;
  const commit = kv.commit.bind(kv);
  kv.commit = () => Promise.reject(new StoreFull('write: ENOSPC'));
  expect(await ask()).toEqual([
    'the store cannot be written to: write: ENOSPC',
    'only 1 MiB of room are left for the data',
  ]);
  free = 1 << 30;
  kv.commit = commit;
  expect(await ask()).toEqual([]);
});

test('a folder that is gone is told', async () => {
  const { ask } = lab({ free: () => Promise.reject(new Error('ENOENT')) });
  expect(await ask()).toEqual(['the data folder cannot be looked at']);
});

test('a store or a bucket that does not answer is told within seconds, and nobody is asked twice meanwhile', async () => {
  const asked = { commits: 0, bucket: 0 };
  const { clock, kv, health } = lab({
    bucket: {
      check: () => {
        asked.bucket++;
        return new Promise(() => undefined);
      },
    },
  });
  kv.commit = () => {
    asked.commits++;
    return new Promise<CommitResult>(() => undefined);
  };
  const both = Promise.all([health.problems(), health.problems()]);
  await clock.advance(PATIENCE_MS);
  const problems = ['the store takes longer than 4000 ms', 'the bucket does not answer for 4000 ms'];
  expect(await both).toEqual([problems, problems]);
  expect(asked).toEqual({ commits: 1, bucket: 1 });
});

test('a bucket that refuses is told with its words', async () => {
  const { ask } = lab({ bucket: { check: () => Promise.reject(new Error('AccessDenied')) } });
  expect(await ask()).toEqual(['attachments cannot be reached: AccessDenied']);
});

test('an outcome that nobody knows is settled, and is no problem', async () => {
  const { kv, ask } = lab();
  kv.commit = async () => ({ kind: 'unknown' });
  expect(await ask()).toEqual([]);
});

test('metrics count the problems', async () => {
  const metrics = new Metrics();
  watchHealth(metrics, { problems: async () => ['one', 'two'], free: async () => 7 });
  const text = await metrics.exposition();
  expect(text).toMatch(/health_problems 2\n/);
  expect(text).toMatch(/data_free_bytes 7\n/);
  expect(text).toMatch(/build_info\{version="[^"]+"\} 1\n/);
});
