import { afterEach, describe, expect, test } from 'vitest';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { MemoryKv } from '../../adapters/kv-memory.ts';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import { partition } from '../../ports/kv.ts';
import { silentLog } from '../../telemetry/log.ts';
import { COUNT_LIMITS, type CountLimits, DailyCounts, DAY_MS } from './daily-counts.ts';

const TODAY = 20_000;
const clock = new ManualClock(TODAY * DAY_MS + 1000);
const kv = new MemoryKv();
const random = new SeededRandom(1);
const begin = (name: string, limits: Partial<CountLimits> = {}): DailyCounts =>
  new DailyCounts({ kv, clock, random, log: silentLog }, partition('c', name), limits);

async function allOf(counts: DailyCounts, day: number): Promise<Record<string, Record<string, number>>> {
  const found: Record<string, Record<string, number>> = {};
  for (let one = await counts.next(day); one !== undefined; one = await counts.next(day, one.subject))
    found[one.subject] = Object.fromEntries(one.facts);
  return found;
}

describe('what is counted', () => {
  let at = TODAY * DAY_MS + 1000;
  afterEach(async () => {
    at += 2 * DAY_MS;
    await clock.advance(at - clock.now());
  });
  const day = (): number => Math.floor(clock.now() / DAY_MS);

  test('is summed up over writings and starts, and a crash loses what came since the last writing', async () => {
    const first = begin('sums');
    first.add('a.test', 'x');
    first.add('a.test', 'x');
    first.add('b.test', 'y');
    await clock.advance(COUNT_LIMITS.writeEveryMs);
    first.add('a.test', 'x');
    first.add('a.test', 'z');
    await first.write();
    first.add('a.test', 'x');
    // Nothing ends it: it is gone.
    const second = begin('sums');
    second.add('a.test', 'x');
    await second[Symbol.asyncDispose]();
    expect(await allOf(begin('sums'), day())).toEqual({ 'a.test': { x: 4, z: 1 }, 'b.test': { y: 1 } });
  });

  test('belongs to its day, and is forgotten once it is reported', async () => {
    const counts = begin('days');
    counts.add('a.test', 'x');
    await clock.advance(DAY_MS);
    counts.add('a.test', 'x');
    counts.add('a.test', 'x');
    await counts.write();
    expect(await counts.days()).toEqual([day() - 1, day()]);
    const old = await counts.next(day() - 1);
    expect(old?.facts).toEqual(new Map([['x', 1]]));
    await counts.forget(old!);
    expect(await counts.days()).toEqual([day()]);
    // What is taken of a day that goes on does not come again.
    await counts.turn();
    await counts.forget((await counts.next(day()))!);
    counts.add('a.test', 'x');
    await counts.write();
    expect(await allOf(counts, day())).toEqual({ 'a.test': { x: 1 } });
  });

  test('has an end: made-up domains and facts fill what there is, and known ones are counted on', async () => {
    const counts = begin('flood', { subjects: 10, factsOfSubject: 5, facts: 30 });
    for (let i = 0; i < 1000; i++) counts.add(`d${i}.test`, 'x');
    for (let i = 0; i < 1000; i++) counts.add('d0.test', `f${i}`);
    for (let i = 0; i < 1000; i++) counts.add('d1.test', 'x');
    counts.add('d2.test', 'x'.repeat(10_000));
    await counts.write();
    const found = await allOf(counts, day());
    expect(Object.keys(found)).toHaveLength(10);
    expect(Object.keys(found['d0.test']!)).toHaveLength(5);
    expect(found['d1.test']).toEqual({ x: 1001 });
    expect(found['d2.test']).toEqual({ x: 1 });
  });

  test('that is much goes into several rows, each time into the same', async () => {
    const counts = begin('much');
    const fact = (i: number): string => `${i} ${'x'.repeat(900)}`;
    for (let round = 1; round <= 2; round++) {
      for (let i = 0; i < 500; i++) counts.add('a.test', fact(i));
      await counts.write();
      const { facts, keys } = (await counts.next(day()))!;
      expect(keys.length).toBeGreaterThan(5);
      expect(facts.size).toBe(500);
      expect(new Set(facts.values())).toEqual(new Set([round]));
    }
  });
});
