/**
 * Wake-ups between nodes. Those of one's own node are called at once, whatever becomes of Redis; the others hear of it through a channel
 * for each topic that they listen to. What is published while Redis is away never reaches them.
 */
import type { Redis } from 'ioredis';
import type { Bus } from '../ports/bus.ts';
import { LocalBus } from './bus-local.ts';
import { RedisLink, type RedisOptions, type RedisParts } from './redis-link.ts';

export interface RedisBusParts extends RedisParts {
  /** Hears of subscribers that threw, and of messages that cannot be sent or understood. */
  readonly onError?: (error: unknown) => void;
}

const MESSAGE = 8 << 10;
/** Messages at most that are on their way to Redis; more are not sent. */
const UNDER_WAY = 10_000;
/** Channels in one command. */
const AT_ONCE = 500;
/** A connection that only listens would not notice that nobody is there any more. */
const ALIVE_MS = 15_000;

export class RedisBus implements Bus {
  readonly #local: LocalBus;
  readonly #prefix: string;
  readonly #onError: (error: unknown) => void;
  /** Tells our own messages from those of others. */
  readonly #node: string;
  readonly #out: RedisLink;
  readonly #in: RedisLink;
  /** How many of ours listen to a topic. */
  readonly #listening = new Map<string, number>();
  readonly #clock: RedisParts['clock'];
  #underWay = 0;
  #heartbeat: Disposable | undefined;
  #closed = false;

  constructor(options: RedisOptions, { onError = () => undefined, ...parts }: RedisBusParts) {
    this.#local = new LocalBus(onError);
    this.#prefix = `${options.prefix}:bus:`;
    this.#onError = onError;
    this.#clock = parts.clock;
    this.#node = Buffer.from(parts.random.bytes(12)).toString('base64url');
    this.#out = new RedisLink(options, parts);
    // One who hears of both would hear everything twice.
    const { clock, random } = parts;
    this.#in = new RedisLink(options, { clock, random }, (redis) => this.#listen(redis));
    this.#beat();
  }

  /** Why other nodes are not heard, or do not hear us; undefined when all is well. */
  get away(): Error | undefined {
    return this.#out.away ?? this.#in.away;
  }

  publish(topic: string, message: unknown): void {
    if (this.#closed) return;
    this.#local.publish(topic, message);
    if (this.#out.away || this.#underWay >= UNDER_WAY) return;
    const text = this.#encoded(message);
    if (text === undefined) return;
    this.#underWay++;
    void this.#out
      .ask((redis) => redis.publish(this.#prefix + topic, text))
      // Whether it is heard is nobody's business: the link has said that Redis is away.
      .catch(() => undefined)
      .finally(() => this.#underWay--);
  }

  subscribe(topic: string, receive: (message: unknown) => void): Disposable {
    const subscription = this.#local.subscribe(topic, receive);
    this.#count(topic, 1);
    let ended = false;
    return {
      [Symbol.dispose]: () => {
        if (ended) return;
        ended = true;
        subscription[Symbol.dispose]();
        this.#count(topic, -1);
      },
    };
  }

  #count(topic: string, more: 1 | -1): void {
    const before = this.#listening.get(topic) ?? 0;
    const now = before + more;
    if (now === 0) this.#listening.delete(topic);
    else this.#listening.set(topic, now);
    if (this.#closed || this.#in.away) return;
    const channel = this.#prefix + topic;
    if (before === 0) this.#change((redis) => redis.subscribe(channel));
    else if (now === 0) this.#change((redis) => redis.unsubscribe(channel));
  }

  /** A connection whose channels nobody knows is replaced by one that begins with all of them. */
  #change(act: (redis: Redis) => Promise<unknown>): void {
    this.#in.ask(act).catch(() => this.#in.renew());
  }

  #listen(redis: Redis): void {
    redis.removeAllListeners('message');
    redis.on('message', (channel: string, text: string) => this.#heard(channel, text));
    const topics = [...this.#listening.keys()];
    for (let at = 0; at < topics.length; at += AT_ONCE) {
      const channels = topics.slice(at, at + AT_ONCE).map((topic) => this.#prefix + topic);
      this.#change((again) => again.subscribe(...channels));
    }
  }

  #heard(channel: string, text: string): void {
    if (this.#closed || !channel.startsWith(this.#prefix)) return;
    try {
      if (text.length > 2 * MESSAGE) throw new RangeError(`a message of ${text.length} characters on ${channel}`);
      const { from, message } = JSON.parse(text) as { from?: unknown; message?: unknown };
      if (from !== this.#node) this.#local.publish(channel.slice(this.#prefix.length), message);
    } catch (error) {
      this.#onError(error);
    }
  }

  #encoded(message: unknown): string | undefined {
    try {
      const text = JSON.stringify({ from: this.#node, message });
      if (Buffer.byteLength(text) > MESSAGE + 64) throw new RangeError('a message of more than 8 KiB');
      return text;
    } catch (error) {
      this.#onError(error);
      return undefined;
    }
  }

  #beat(): void {
    this.#heartbeat = this.#clock.after(ALIVE_MS, () => {
      if (this.#closed) return;
      if (this.#in.away === undefined) this.#change((redis) => redis.ping());
      this.#beat();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#heartbeat?.[Symbol.dispose]();
    // First: from here on nobody is called.
    await this.#local[Symbol.asyncDispose]();
    await this.#out[Symbol.asyncDispose]();
    await this.#in[Symbol.asyncDispose]();
  }
}
