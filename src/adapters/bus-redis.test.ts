import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, redisMissing, startRedis } from '../../test/support/redis.ts';
import { until } from '../../test/support/until.ts';
import { busContract } from '../ports/bus.contract.ts';
import { RedisBus } from './bus-redis.ts';
import { SystemClock } from './clock-system.ts';
import { SystemRandom } from './random-system.ts';

if (redisMissing) console.warn(`the bus on Redis is not tested: ${redisMissing}`);

describe.skipIf(redisMissing !== undefined)('a bus on Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const open = async (onError: (error: unknown) => void = () => undefined, prefix = 'b') => {
    const parts = { clock: new SystemClock(), random: new SystemRandom(), onError };
    const limits = { commandMs: 60_000, silenceMs: 60_000, longestRetryMs: 100 };
    return new RedisBus({ url: server.url, prefix, limits }, parts);
  };
  /** `to` hears what `from` says. */
  const connected = async (from: RedisBus, to: RedisBus, topic: string): Promise<void> => {
    const heard: unknown[] = [];
    using _listening = to.subscribe(topic, (message) => heard.push(message));
    await heardOf(from, topic, heard);
  };
  const heardOf = async (from: RedisBus, topic: string, heard: readonly unknown[]): Promise<true> =>
    until('a message', () => {
      from.publish(topic, 'are you there?');
      return heard.length > 0;
    });

  busContract(open);

  it('reaches other nodes once, and its own once', async () => {
    await using a = await open();
    await using b = await open();
    await using stranger = await open(undefined, 'others');
    const [heardByA, heardByB, heardByStranger]: unknown[][] = [[], [], []];
    const heard = (list: unknown[] | undefined) => (message: unknown) =>
      void (message !== 'are you there?' && list?.push(message));
    a.subscribe('t', heard(heardByA));
    b.subscribe('t', heard(heardByB));
    stranger.subscribe('t', heard(heardByStranger));
    await connected(a, b, 't');
    await connected(b, a, 't');
    a.publish('t', { from: 'a', text: '한글' });
    await until('b', () => heardByB?.length === 1);
    // Behind it in the channel of a is what it said itself.
    b.publish('t', { from: 'b' });
    await until('a', () => heardByA?.length === 2);
    expect(heardByA).toEqual([{ from: 'a', text: '한글' }, { from: 'b' }]);
    expect(heardByB).toEqual(heardByA);
    expect(heardByStranger).toEqual([]);
  });

  it('calls its own node while Redis is dead, and reaches the others again once it is back', async () => {
    await using a = await open();
    await using b = await open();
    const heard: unknown[] = [];
    a.subscribe('own', (message) => heard.push(message));
    await connected(a, b, 't');
    await server.kill();
    for (let i = 0; i < 100; i++) a.publish('own', i);
    await Promise.resolve();
    expect(heard).toHaveLength(100);
    // Also to what they begin to listen to meanwhile.
    const meanwhile: unknown[] = [];
    b.subscribe('meanwhile', (message) => meanwhile.push(message));
    await server.start();
    await connected(a, b, 't');
    await heardOf(a, 'meanwhile', meanwhile);
  });

  it('sends nothing that is too large or cannot be written down, and says so of what it cannot understand', async () => {
    const errors: unknown[] = [];
    await using a = await open((error) => errors.push(error));
    await using b = await open();
    const heard: unknown[] = [];
    a.subscribe('t', (message) => heard.push(message));
    await connected(b, a, 't');
    a.publish('t', 'x'.repeat(9 << 10));
    a.publish('t', 1n);
    expect(errors).toHaveLength(2);
    const redis = new Redis(server.url);
    for (const text of ['no JSON', 'null', `"${'x'.repeat(40_000)}"`]) await redis.publish('b:bus:t', text);
    redis.disconnect();
    await until('errors', () => errors.length === 5);
    heard.length = 0;
    await heardOf(b, 't', heard);
  });
});
