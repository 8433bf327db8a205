/** What every Bus keeps on its own node; an adapter's test calls this with a way to open one. */
import { describe, expect, it } from 'vitest';
import type { Bus } from './bus.ts';

export function busContract(open: (onError?: (error: unknown) => void) => Promise<Bus>): void {
  describe('every bus', () => {
    it('calls the subscribers of a topic after the current job, in order, until they leave', async () => {
      await using bus = await open();
      const heard: unknown[] = [];
      const one = bus.subscribe('t', (m) => heard.push(['one', m]));
      bus.subscribe('t', (m) => heard.push(['two', m]));
      bus.subscribe('u', (m) => heard.push(['other', m]));
      bus.publish('t', 1);
      bus.publish('t', 2);
      expect(heard).toEqual([]);
      await Promise.resolve();
      expect(heard).toEqual([
        ['one', 1],
        ['two', 1],
        ['one', 2],
        ['two', 2],
      ]);
      one[Symbol.dispose]();
      one[Symbol.dispose]();
      bus.publish('t', 3);
      await Promise.resolve();
      expect(heard.at(-1)).toEqual(['two', 3]);
      expect(heard).toHaveLength(5);
    });

    it('calls the others when one throws, and says so', async () => {
      const errors: unknown[] = [];
      await using bus = await open((error) => errors.push(error));
      const heard: unknown[] = [];
      bus.subscribe('t', () => {
        throw new Error('no');
      });
      bus.subscribe('t', (m) => heard.push(m));
      bus.publish('t', 1);
      await Promise.resolve();
      expect(heard).toEqual([1]);
      expect(errors).toHaveLength(1);
    });

    it('is silent once closed', async () => {
      const bus = await open();
      const heard: unknown[] = [];
      bus.subscribe('t', (m) => heard.push(m));
      bus.publish('t', 1);
      await bus[Symbol.asyncDispose]();
      bus.publish('t', 2);
      await Promise.resolve();
      expect(heard).toEqual([]);
    });
  });
}
