import { expect, it } from 'vitest';
import { ManualClock } from '../adapters/clock-manual.ts';
import { loadConfig } from '../config/load.ts';
import { until } from '../../test/support/until.ts';
import { StartProgress } from './start-progress.ts';

async function lab(http = '127.0.0.1:0') {
  const clock = new ManualClock(0);
  const told: (readonly [facts: object, message: string])[] = [];
  const note = (facts: object, message: string): void => void told.push([facts, message]);
  const { config } = await loadConfig({ set: [`listen.http=${http}`, 'listen.admin=off'] });
  return { clock, told, progress: new StartProgress(config, clock, { info: note, warn: note } as never) };
}

it('is silent about what takes less than a second', async () => {
  const { clock, told, progress } = await lab();
  for (let i = 0; i < 3; i++) expect(await progress.step('something', async () => i)).toBe(i);
  await clock.advance(60_000);
  await progress[Symbol.asyncDispose]();
  expect(told).toEqual([]);
});

it('tells the log and health checks how far it is, and leaves the address (A25)', async () => {
  const { clock, told, progress } = await lab();
  const end = Promise.withResolvers<void>();
  const work = progress.step('the queues', async (done) => {
    done(70_000);
    await end.promise;
  });
  await clock.advance(3_000);
  expect(told.filter(([, message]) => message === 'starting').map(([facts]) => facts)).toEqual(
    [1, 2, 3].map((seconds) => ({ doing: 'the queues', done: 70_000, seconds })),
  );
  const [facts] = await until('it answers', () => told.find(([, message]) => message.startsWith('answering health')));
  const address = `http://${(facts as { http: string[] }).http[0]}/healthz`;
  const answer = await fetch(address);
  expect(answer.status).toBe(503);
  expect(await answer.json()).toEqual({ status: 'starting', doing: 'the queues', done: 70_000, seconds: 3 });
  end.resolve();
  await work;
  await progress[Symbol.asyncDispose]();
  await expect(fetch(address)).rejects.toThrow('fetch failed');
});

it('starts all the same where it cannot answer', async () => {
  const { clock, told, progress } = await lab('127.0.0.1:1');
  const end = Promise.withResolvers<void>();
  const work = progress.step('something', () => end.promise);
  await clock.advance(1_000);
  end.reject(new Error('an end'));
  await expect(work).rejects.toThrow('an end');
  await progress[Symbol.asyncDispose]();
  expect(told.map(([, message]) => message)).toContain('starting');
});
