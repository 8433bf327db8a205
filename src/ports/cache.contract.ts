/** What every Cache keeps; an adapter's test calls this with a way to open an empty one. */
import { describe, expect, it } from 'vitest';
import type { Cache } from './cache.ts';
import { until } from '../../test/support/until.ts';

const HOUR = 3_600_000;

export function cacheContract(open: () => Promise<Cache>): void {
  describe('every cache', () => {
    it('gives back what was set last, as it was then, and nothing that was dropped', async () => {
      await using cache = await open();
      const mine = Uint8Array.of(1, 0, 255);
      await cache.set('k', Uint8Array.of(7), HOUR);
      await cache.set('k', mine, HOUR);
      mine[0] = 9;
      expect(new Uint8Array((await cache.get('k')) ?? [])).toEqual(Uint8Array.of(1, 0, 255));
      expect(await cache.get('K')).toBeUndefined();
      await cache.set('empty', new Uint8Array(), HOUR);
      expect(await cache.get('empty')).toHaveLength(0);
      await cache.drop('k');
      await cache.drop('k');
      expect(await cache.get('k')).toBeUndefined();
    });

    it('forgets a value when its time is over', async () => {
      await using cache = await open();
      await cache.set('k', Uint8Array.of(1), 30);
      await until('the end of a value', async () => (await cache.get('k')) === undefined);
    });

    it('counts, whoever counts at the same time, until it is dropped', async () => {
      await using cache = await open();
      const answers = await Promise.all(Array.from({ length: 50 }, () => cache.increment('n', 2, HOUR)));
      expect(answers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => 2 * i + 2));
      expect(await cache.increment('m', 1, HOUR)).toBe(1);
      expect(await cache.get('n')).toBeUndefined();
      await cache.drop('n');
      expect(await cache.increment('n', 1, HOUR)).toBe(1);
    });

    it('begins anew some time after the first increment, not after the last', async () => {
      await using cache = await open();
      await cache.increment('n', 5, 60);
      await until('a new count', async () => (await cache.increment('n', 1, 60)) === 1);
    });
  });
}
