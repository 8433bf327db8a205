import { expect, it } from 'vitest';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { KeepAlive } from './keep-alive.ts';

it('tells each every two minutes, with one timer, and stops when nobody idles', async () => {
  const clock = new ManualClock();
  const all = new KeepAlive(clock);
  const told: string[] = [];
  const idler = (name: string) => ({ keepAlive: () => void told.push(`${name} ${clock.monotonic() / 1000}`) });
  const [a, b] = [idler('a'), idler('b')];
  all.add(a);
  await clock.advance(30_000);
  all.add(b);
  expect(clock.waiting).toBe(1);
  await clock.advance(230_000);
  expect(told).toEqual(['a 120', 'b 150', 'a 240']);
  all.remove(a);
  await clock.advance(60_000);
  expect(told.slice(3)).toEqual(['b 270']);
  all.remove(b);
  all.remove(b);
  expect(clock.waiting).toBe(0);
});

it('many that are due together are told over several seconds', async () => {
  const clock = new ManualClock();
  const all = new KeepAlive(clock);
  let told = 0;
  for (let i = 0; i < 1200; i++) all.add({ keepAlive: () => void told++ });
  await clock.advance(120_000);
  expect(told).toBe(500);
  await clock.advance(2_000);
  expect(told).toBe(1200);
});
