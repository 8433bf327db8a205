import { describe, expect, it } from 'vitest';
import { ManualClock } from './clock-manual.ts';
import { SystemClock } from './clock-system.ts';
import { SeededRandom } from './random-seeded.ts';
import { SystemRandom } from './random-system.ts';

describe('the system clock', () => {
  it('sleeps, rejects with the reason of its signal, and cancels alarms', async () => {
    const clock = new SystemClock();
    await clock.sleep(1);
    const stop = new AbortController();
    const slept = clock.sleep(1e6, stop.signal);
    stop.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    await expect(clock.sleep(1, stop.signal)).rejects.toThrow('enough');
    let called = 0;
    clock.after(0, () => called++)[Symbol.dispose]();
    await new Promise<void>((resolve) => clock.after(2, resolve));
    expect(called).toBe(0);
    // Longer than setTimeout can: must not come at once.
    using _far = clock.after(2 ** 40, () => called++);
    await clock.sleep(2);
    expect(called).toBe(0);
  });
});

describe('the manual clock', () => {
  it('calls what comes due in order of time, then of asking', async () => {
    const clock = new ManualClock(1000);
    const order: string[] = [];
    clock.after(20, () => order.push(`b@${clock.now()}`));
    clock.after(10, () => order.push(`a@${clock.now()}`));
    clock.after(20, () => order.push(`c@${clock.now()}`));
    clock.after(21, () => order.push('late'));
    void (async () => {
      await clock.sleep(5);
      await clock.sleep(5);
      order.push(`slept@${clock.now()}`);
    })();
    await clock.advance(20);
    expect(order).toEqual(['a@1010', 'slept@1010', 'b@1020', 'c@1020']);
    expect(clock.waiting).toBe(1);
  });

  it('rejects a sleep with the reason of its signal', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const slept = clock.sleep(10, stop.signal);
    stop.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    expect(clock.waiting).toBe(0);
  });
});

describe('random', () => {
  it('gives as many bytes as asked, never the same', () => {
    const random = new SystemRandom();
    for (const length of [0, 1, 12, 1000, 5000, 8192]) expect(random.bytes(length)).toHaveLength(length);
    const seen = new Set(Array.from({ length: 2000 }, () => Buffer.from(random.bytes(12)).toString('hex')));
    expect(seen.size).toBe(2000);
    expect(random.bytes(12).buffer.byteLength).toBeLessThan(8192);
  });

  it('seeded gives the same for the same seed', () => {
    expect(new SeededRandom(5).bytes(20)).toEqual(new SeededRandom(5).bytes(20));
    expect(new SeededRandom(5).bytes(20)).not.toEqual(new SeededRandom(6).bytes(20));
    const random = new SeededRandom(1);
    for (let i = 0; i < 1000; i++) {
      const fraction = random.fraction();
      expect(fraction >= 0 && fraction < 1).toBe(true);
    }
  });
});
