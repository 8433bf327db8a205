/**
 * A connection to a Redis that may be away, slow or started anew at any moment. Nothing waits for it longer than a moment: what cannot
 * be asked is refused at once, so that whoever asks does without.
 */
import { Redis } from 'ioredis';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

export interface RedisParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Told when Redis goes away, with the reason, and when it is there again, with nothing; not every time somebody asks. */
  readonly onState?: (away: Error | undefined) => void;
}

export interface RedisOptions {
  /** `redis://user:password@host:port/database`, `rediss://` with TLS. */
  readonly url: string;
  /** Before every key and channel, so that others may use the same database. */
  readonly prefix: string;
  readonly limits?: Partial<RedisLimits>;
}

export interface RedisLimits {
  /** How long a command may take. */
  readonly commandMs: number;
  /** How long nobody asks after a command that took longer: many would wait one after the other. */
  readonly pauseMs: number;
  /** After so long without a byte, with commands waiting, the connection is given up. */
  readonly silenceMs: number;
  readonly retryMs: number;
  readonly longestRetryMs: number;
}

const LIMITS: RedisLimits = { commandMs: 500, pauseMs: 2000, silenceMs: 2000, retryMs: 50, longestRetryMs: 5000 };

export class RedisAway extends Error {}

export class RedisLink implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #limits: RedisLimits;
  readonly #onState: (away: Error | undefined) => void;
  readonly #redis: Redis;
  #away: Error | undefined = new RedisAway('there is no connection yet');
  /** Whether `onState` has heard that it is away. */
  #told = false;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** Begins to connect, and never stops trying. `onReady` hears of every new connection. */
  constructor(
    { url, limits }: RedisOptions,
    { clock, random, onState = () => undefined }: RedisParts,
    onReady: (redis: Redis) => void = () => undefined,
  ) {
    this.#clock = clock;
    this.#limits = { ...LIMITS, ...limits };
    this.#onState = onState;
    const { commandMs, silenceMs, retryMs, longestRetryMs } = this.#limits;
    this.#redis = new Redis(url, {
      protocol: 2,
      connectionName: 'pabal',
      connectTimeout: silenceMs,
      commandTimeout: commandMs,
      socketTimeout: silenceMs,
      // What was asked of a connection that broke is answered without Redis by then.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) =>
        Math.min(retryMs * 2 ** Math.min(times, 20), longestRetryMs) * (0.5 + random.fraction() / 2),
      // A replica that was a primary: the name leads to another one by now.
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    });
    this.#redis.on('error', (error: Error) => this.#goneAway(error));
    this.#redis.on('close', () => this.#goneAway(new RedisAway('the connection was closed')));
    this.#redis.on('ready', () => {
      this.#away = undefined;
      this.#pausedUntil = Number.NEGATIVE_INFINITY;
      if (this.#told) this.#onState(undefined);
      this.#told = false;
      onReady(this.#redis);
    });
  }

  /** Why Redis cannot be asked; undefined when it can. */
  get away(): Error | undefined {
    if (this.#away) return this.#away;
    return this.#clock.monotonic() < this.#pausedUntil ? new RedisAway('it answers too slowly') : undefined;
  }

  /** Rejects, after a moment at most, when Redis is away, slow or refuses. */
  async ask<T>(act: (redis: Redis) => Promise<T>): Promise<T> {
    const { away } = this;
    if (away) throw away;
    try {
      return await act(this.#redis);
    } catch (error) {
      if (error instanceof Error && error.message === 'Command timed out')
        this.#pausedUntil = this.#clock.monotonic() + this.#limits.pauseMs;
      throw error;
    }
  }

  /** Connects again: what the connection should know is in doubt. */
  renew(): void {
    if (!this.#closed && this.#redis.status === 'ready') this.#redis.disconnect(true);
  }

  #goneAway(reason: Error): void {
    this.#away = reason;
    if (this.#told || this.#closed) return;
    this.#told = true;
    this.#onState(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#redis.disconnect();
  }
}
