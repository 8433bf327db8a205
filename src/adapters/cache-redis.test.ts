import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, redisMissing, startRedis } from '../../test/support/redis.ts';
import { until } from '../../test/support/until.ts';
import { cacheContract } from '../ports/cache.contract.ts';
import { RedisCache } from './cache-redis.ts';
import { SystemClock } from './clock-system.ts';
import type { RedisLimits } from './redis-link.ts';
import { SystemRandom } from './random-system.ts';

if (redisMissing) console.warn(`the cache on Redis is not tested: ${redisMissing}`);

const HOUR = 3_600_000;
const one = Uint8Array.of(1);

describe.skipIf(redisMissing !== undefined)('a cache on Redis', () => {
  let server: RedisServer;
  let caches = 0;
  const states: (string | undefined)[] = [];
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  /** Others with the same prefix share it; on a busy machine an answer may take long. */
  const open = async (prefix = `c${caches++}`, limits: Partial<RedisLimits> = { commandMs: 60_000 }) => {
    const parts = { clock: new SystemClock(), random: new SystemRandom() };
    const cache = new RedisCache(
      { url: server.url, prefix, limits: { silenceMs: 60_000, longestRetryMs: 100, ...limits } },
      { ...parts, onState: (away) => states.push(away?.message) },
    );
    await until('Redis', () => cache.away === undefined);
    return cache;
  };

  cacheContract(() => open());

  it('is shared by those with the same prefix, and by nobody else', async () => {
    await using cache = await open('shared');
    await using same = await open('shared');
    await using other = await open('other');
    await cache.set('k', one, HOUR);
    await cache.increment('n', 3, HOUR);
    expect(new Uint8Array((await same.get('k')) ?? [])).toEqual(one);
    expect(await same.increment('n', 1, HOUR)).toBe(4);
    expect(await other.get('k')).toBeUndefined();
    expect(await other.increment('n', 1, HOUR)).toBe(1);
    const redis = new Redis(server.url);
    for (const key of await redis.keys('*')) {
      expect(key).toMatch(/^[\w]+:(value|count):/);
      expect(await redis.pttl(key)).toBeGreaterThan(0);
    }
    redis.disconnect();
  });

  it('goes on in memory when Redis dies, and shares again when it is back', async () => {
    await using cache = await open('dies');
    await cache.set('k', one, HOUR);
    expect(await cache.increment('n', 5, HOUR)).toBe(5);
    await server.kill();
    expect(await cache.get('k')).toBeUndefined();
    expect(await cache.increment('n', 1, HOUR)).toBe(1);
    expect(await cache.increment('n', 1, HOUR)).toBe(2);
    await cache.set('k', Uint8Array.of(2), HOUR);
    expect(new Uint8Array((await cache.get('k')) ?? [])).toEqual(Uint8Array.of(2));
    await cache.drop('k');
    expect(await cache.get('k')).toBeUndefined();
    await until('word of it', () => cache.away !== undefined);
    await server.start();
    await until('Redis', () => cache.away === undefined);
    expect(states.at(-1)).toBeUndefined();
    expect(await cache.increment('n', 1, HOUR)).toBe(1);
    await using other = await open('dies');
    expect(await other.increment('n', 1, HOUR)).toBe(2);
  });

  it('does not wait for a Redis that stands still, nor believes what it still has of what was dropped meanwhile', async () => {
    await using cache = await open('still', { commandMs: 50, silenceMs: 100 });
    // However slow the machine is, it gets there before Redis stands still.
    await until('a value in Redis', async () => {
      await cache.set('old', one, HOUR);
      await cache.set('gone', one, HOUR);
      await using other = await open('still');
      return (await other.get('old')) !== undefined && (await other.get('gone')) !== undefined;
    });
    server.standStill();
    try {
      await until('doing without', async () => {
        await cache.increment('n', 1, HOUR);
        return cache.away !== undefined;
      });
      await cache.drop('gone');
      await cache.set('old', Uint8Array.of(2), HOUR);
    } finally {
      server.goOn();
    }
    await until('Redis', async () => cache.away === undefined && (await cache.get('old')) === undefined);
    await using other = await open('still');
    expect(await other.get('gone')).toBeUndefined();
    expect(await other.get('old')).toBeUndefined();
  });
});
