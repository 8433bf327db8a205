import { expect, it } from 'vitest';
import { cacheContract } from '../ports/cache.contract.ts';
import { MemoryCache } from './cache-memory.ts';
import { ManualClock } from './clock-manual.ts';
import { SystemClock } from './clock-system.ts';

const value = (n: number) => new Uint8Array(n);

cacheContract(async () => new MemoryCache(new SystemClock()));

it('keeps a value for as long as it was told, by the monotonic clock', async () => {
  const clock = new ManualClock();
  const cache = new MemoryCache(clock);
  await cache.set('k', value(3), 1000);
  clock.setWall(clock.now() + 1e9);
  expect(await cache.get('k')).toEqual(value(3));
  await clock.advance(999);
  expect(await cache.get('k')).toEqual(value(3));
  await clock.advance(1);
  expect(await cache.get('k')).toBeUndefined();
  expect(cache.bytes).toBe(0);
});

it('counts within the time of the first increment', async () => {
  const clock = new ManualClock();
  const cache = new MemoryCache(clock);
  expect(await cache.increment('n', 2, 1000)).toBe(2);
  await clock.advance(600);
  expect(await cache.increment('n', 3, 1000)).toBe(5);
  await clock.advance(400);
  expect(await cache.increment('n', 1, 1000)).toBe(1);
});

it('forgets the least recently used first, and never passes its bound', async () => {
  const cache = new MemoryCache(new ManualClock(), 10_000);
  await cache.set('a', value(3000), 1e6);
  await cache.set('b', value(3000), 1e6);
  await cache.set('c', value(3000), 1e6);
  await cache.get('a');
  await cache.set('d', value(3000), 1e6);
  expect(await cache.get('b')).toBeUndefined();
  expect(await cache.get('a')).toBeDefined();
  for (let i = 0; i < 1000; i++) {
    await cache.increment(`n${i}`, 1, 1e6);
    expect(cache.bytes).toBeLessThanOrEqual(10_000);
  }
  await cache.set('huge', value(20_000), 1e6);
  expect(await cache.get('huge')).toBeUndefined();
});
