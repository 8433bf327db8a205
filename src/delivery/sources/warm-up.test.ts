import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { MemoryKv } from '../../adapters/kv-memory.ts';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import { dailyLimit, WarmUp } from './warm-up.ts';

const DAY = 86_400_000;
const SCHEDULE = { days: 14, first: 10, last: 1000 };
const OURS = '192.0.2.1';

function lab() {
  const parts = { clock: new ManualClock(), kv: new MemoryKv(), random: new SeededRandom(1) };
  return { ...parts, parts, open: () => new WarmUp(parts, SCHEDULE) };
}

/** How many of so many may go. */
async function go(warmUp: WarmUp, count: number, provider = 'big.test'): Promise<number> {
  let gone = 0;
  for (let i = 0; i < count; i++) if ((await warmUp.reserve(OURS, provider, 1)) === undefined) gone++;
  return gone;
}

describe('a new address', () => {
  test('sends more each day of use, by the same factor, until nothing limits it', async () => {
    const l = lab();
    const warmUp = l.open();
    const limits: number[] = [];
    for (let day = 0; day < 14; day++) {
      limits.push(await go(warmUp, 1100));
      await l.clock.advance(DAY);
    }
    expect(limits).toEqual(Array.from({ length: 14 }, (_, i) => dailyLimit(i, SCHEDULE)));
    expect(limits.slice(0, 3)).toEqual([10, 14, 20]);
    expect(limits.at(-1)).toBe(1000);
    expect(await warmUp.warm(OURS, 'big.test')).toBe(true);
    expect(await go(warmUp, 2000)).toBe(2000);
    // Another receiver does not know it.
    expect(await go(warmUp, 100, 'other.test')).toBe(10);
  });

  test('never sends more than its day allows, wherever a crash cuts in', async () => {
    const l = lab();
    let gone = 0;
    for (let run = 0; run < 20; run++) gone += await go(l.open(), 3);
    expect(gone).toBeGreaterThanOrEqual(9);
    expect(gone).toBeLessThanOrEqual(10);
  });

  test('a proper end wastes nothing', async () => {
    const l = lab();
    for (let run = 0; run < 5; run++) {
      await using warmUp = new WarmUp(l.parts, { days: 14, first: 100, last: 1000 });
      expect(await go(warmUp, 20)).toBe(20);
    }
    expect(await go(new WarmUp(l.parts, { days: 14, first: 100, last: 1000 }), 20)).toBe(0);
  });

  test('who waits is told a time in its order, on a day that has room for it', async () => {
    const l = lab();
    const warmUp = l.open();
    await go(warmUp, 10);
    const today = Math.floor(l.clock.now() / DAY);
    const days: number[] = [];
    let last = 0;
    for (let i = 0; i < 30; i++) {
      const until = (await warmUp.reserve(OURS, 'big.test', 1)) ?? 0;
      expect(until).toBeGreaterThan(last - 60_000);
      last = until;
      days.push(Math.floor(until / DAY) - today);
    }
    expect(days.filter((day) => day === 1)).toHaveLength(14);
    expect(days.filter((day) => day === 2)).toHaveLength(16);
  });

  test('does not grow by a day without mail, nor by one on which it was asked for less, and begins anew after a month', async () => {
    const l = lab();
    const warmUp = l.open();
    expect(await go(warmUp, 2)).toBe(2);
    await l.clock.advance(DAY);
    expect(await go(warmUp, 50)).toBe(10);
    await l.clock.advance(DAY);
    expect(await go(warmUp, 50)).toBe(14);
    await warmUp.slowed(OURS, 'big.test');
    await l.clock.advance(DAY);
    expect(await go(warmUp, 50)).toBe(14);
    await l.clock.advance(31 * DAY);
    expect(await go(warmUp, 50)).toBe(10);
  });

  test('what was not sent after all is given back; a wall clock that is set back gives no second day', async () => {
    const l = lab();
    const warmUp = l.open();
    await go(warmUp, 10);
    warmUp.giveBack(OURS, 'big.test', 4);
    expect(await go(warmUp, 50)).toBe(4);
    l.clock.setWall(l.clock.now() - 3 * DAY);
    expect(await go(warmUp, 50)).toBe(0);
    expect(await Array.fromAsync(warmUp.all())).toEqual([
      { source: OURS, provider: 'big.test', step: 0, limit: 10, used: 10 },
    ]);
  });

  test('a mail with more recipients than a day allows has a day of its own', async () => {
    const l = lab();
    const warmUp = l.open();
    expect(await warmUp.reserve(OURS, 'big.test', 90)).toBeUndefined();
    expect(await go(warmUp, 5)).toBe(0);
    await l.clock.advance(DAY);
    expect(await go(warmUp, 5)).toBe(5);
    expect(await warmUp.reserve(OURS, 'big.test', 90)).toBeTypeOf('number');
  });

  test('askers at the same moment share one budget', async () => {
    const l = lab();
    const warmUp = l.open();
    const answers = await Promise.all(Array.from({ length: 50 }, () => warmUp.reserve(OURS, 'big.test', 1)));
    expect(answers.filter((answer) => answer === undefined)).toHaveLength(10);
  });
});
