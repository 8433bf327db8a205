/**
 * A cache that the nodes share. While Redis is away, slow or refuses, each node goes on with what it keeps in memory: counters are
 * counted there, and values that are set then are found again as long as that lasts. Redis' own bound (`maxmemory`) holds for what is there.
 */
import type { Redis } from 'ioredis';
import type { Cache } from '../ports/cache.ts';
import { MemoryCache } from './cache-memory.ts';
import { RedisLink, type RedisOptions, type RedisParts } from './redis-link.ts';

/** Each in memory, for values and for counters. */
const MEMORY = 8 << 20;
/** Keys at most that are remembered as being out of date in Redis. */
const OUTDATED = 10_000;
/** A counter without an end would be there for ever, whatever went wrong when it began. */
const INCREMENT = `local value = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return value`;

export class RedisCache implements Cache {
  readonly #link: RedisLink;
  readonly #prefix: string;
  readonly #clock: RedisParts['clock'];
  /** Set while Redis could not be asked. */
  #values: MemoryCache;
  readonly #counters: MemoryCache;
  /** Set or dropped while Redis could not be asked: what it has of them is older. */
  readonly #outdated = new Set<string>();
  #alone = false;

  constructor(options: RedisOptions, parts: RedisParts) {
    this.#prefix = options.prefix;
    this.#clock = parts.clock;
    this.#values = new MemoryCache(parts.clock, MEMORY);
    this.#counters = new MemoryCache(parts.clock, MEMORY);
    this.#link = new RedisLink(options, parts);
  }

  /** Why Redis cannot be asked; undefined when it can. */
  get away(): Error | undefined {
    return this.#link.away;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      return (await this.#ask((redis) => redis.getBuffer(this.#value(key)))) ?? undefined;
    } catch {
      return this.#values.get(key);
    }
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    try {
      await this.#ask((redis) => redis.set(this.#value(key), Buffer.from(value), 'PX', wholeMs(ttlMs)));
    } catch {
      this.#outdate(key);
      await this.#values.set(key, value, ttlMs);
    }
  }

  async drop(key: string): Promise<void> {
    await Promise.all([this.#values.drop(key), this.#counters.drop(key)]);
    try {
      await this.#ask((redis) => redis.del(this.#value(key), this.#counter(key)));
    } catch {
      this.#outdate(key);
    }
  }

  async increment(key: string, by: number, ttlMs: number): Promise<number> {
    try {
      return Number(await this.#ask((redis) => redis.eval(INCREMENT, 1, this.#counter(key), by, wholeMs(ttlMs))));
    } catch {
      return this.#counters.increment(key, by, ttlMs);
    }
  }

  async #ask<T>(act: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.#alone && this.#link.away === undefined) await this.#catchUp();
    try {
      return await this.#link.ask(act);
    } catch (error) {
      this.#alone = true;
      throw error;
    }
  }

  /** What happened here meanwhile: Redis answers again only when it does not know better than we do. */
  async #catchUp(): Promise<void> {
    const keys = [...this.#outdated];
    if (keys.length > 0) await this.#link.ask((redis) => redis.del(keys.map((key) => this.#value(key))));
    for (const key of keys) this.#outdated.delete(key);
    // From now on others change them, and we would not hear of it.
    this.#values = new MemoryCache(this.#clock, MEMORY);
    this.#alone = this.#outdated.size > 0;
  }

  #outdate(key: string): void {
    this.#outdated.add(key);
    for (const oldest of this.#outdated) {
      if (this.#outdated.size <= OUTDATED) break;
      this.#outdated.delete(oldest);
    }
  }

  #value(key: string): string {
    return `${this.#prefix}:value:${key}`;
  }

  #counter(key: string): string {
    return `${this.#prefix}:count:${key}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
    await this.#values[Symbol.asyncDispose]();
    await this.#counters[Symbol.asyncDispose]();
  }
}

function wholeMs(ms: number): number {
  return Math.max(1, Math.ceil(ms));
}
