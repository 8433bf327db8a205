/** Bus and cache: in this process, or on a Redis. */
import { LocalBus } from '../adapters/bus-local.ts';
import { MemoryCache } from '../adapters/cache-memory.ts';
import type { RedisOptions } from '../adapters/redis-link.ts';
import type { Config } from '../config/schema.ts';
import type { Bus } from '../ports/bus.ts';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';
import type { Log } from '../telemetry/log.ts';
import { StartError } from './start-error.ts';

export interface Shared extends AsyncDisposable {
  readonly bus: Bus;
  readonly cache: Cache;
}

/** Throws `StartError` when the configuration names no Redis that there could be; one that is away is none of its errors. */
export async function openShared(
  { store }: Config,
  { clock, random, log }: { readonly clock: Clock; readonly random: Random; readonly log: Log },
): Promise<Shared> {
  await using undo = new AsyncDisposableStack();
  const onError = (error: unknown): void => log.error({ err: error }, 'a subscriber failed, or a message');
  let bus: Bus;
  let cache: Cache;
  if (store.redis === '') {
    bus = undo.use(new LocalBus(onError));
    cache = undo.use(new MemoryCache(clock));
  } else {
    const options = redisOptions(store);
    // Loaded when it is asked for: a small installation has none.
    const [{ RedisBus }, { RedisCache }] = await Promise.all([
      import('../adapters/bus-redis.ts'),
      import('../adapters/cache-redis.ts'),
    ]);
    bus = undo.use(new RedisBus(options, { clock, random, onError }));
    const onState = (away: Error | undefined): void => {
      if (away) log.warn({ err: away }, 'Redis is away: rates are counted in memory');
      else log.info('Redis is there again');
    };
    cache = undo.use(new RedisCache(options, { clock, random, onState }));
  }
  const owned = undo.move();
  return { bus, cache, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function redisOptions({ redis, redis_prefix: prefix }: Config['store']): RedisOptions {
  const url = URL.canParse(redis) ? new URL(redis) : undefined;
  // The value itself may hold a password.
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '')
    throw new StartError('store.redis is not of the form redis://user:password@host:port/database');
  return { url: redis, prefix };
}
