import { expect, it } from 'vitest';
import { ManualClock } from '../adapters/clock-manual.ts';
import { ErrorDelay } from './error-delay.ts';

const stranger = { trusted: false, fromLoopback: false, closed: new Promise<void>(() => undefined) };

async function waited(clock: ManualClock, wait: Promise<void> | undefined): Promise<number> {
  if (wait === undefined) return 0;
  const before = clock.monotonic();
  let done = false;
  void wait.then(() => (done = true));
  while (!done) await clock.advance(250);
  return clock.monotonic() - before;
}

it('errors wait ever longer, from the fourth on, up to the limit', async () => {
  const clock = new ManualClock();
  const delay = new ErrorDelay({ mostMs: 5000, limitLoopback: false }, clock);
  const times: number[] = [];
  for (let errors = 1; errors <= 10; errors++) times.push(await waited(clock, delay.before(errors, stranger)));
  expect(times).toEqual([0, 0, 0, 250, 500, 1000, 2000, 4000, 5000, 5000]);
});

it('not for whoever is signed in, nor on this machine unless it is asked for', () => {
  const clock = new ManualClock();
  const delay = (mostMs: number, limitLoopback: boolean) => new ErrorDelay({ mostMs, limitLoopback }, clock);
  expect(delay(5000, false).before(9, { ...stranger, trusted: true })).toBeUndefined();
  expect(delay(5000, false).before(9, { ...stranger, fromLoopback: true })).toBeUndefined();
  expect(delay(0, true).before(9, stranger)).toBeUndefined();
  expect(delay(5000, true).before(9, { ...stranger, fromLoopback: true })).toBeDefined();
});

it('ends with the connection', async () => {
  const clock = new ManualClock();
  const closed = Promise.withResolvers<void>();
  const wait = new ErrorDelay({ mostMs: 5000, limitLoopback: false }, clock).before(20, {
    ...stranger,
    closed: closed.promise,
  });
  closed.resolve();
  await wait;
  expect(clock.waiting).toBe(0);
});
