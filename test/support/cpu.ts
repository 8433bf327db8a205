/** Time as a parser's tests count it: CPU time of this thread, so that other programs on the machine do not matter. */
import { expect } from 'vitest';

const STALL_MS = 100;

/** Milliseconds of CPU time that `act` takes. */
export function cpuMs(act: () => unknown): number {
  const begun = process.threadCpuUsage();
  act();
  const { user, system } = process.threadCpuUsage(begun);
  return (user + system) / 1000;
}

/** Runs `act`, which must not hold the loop for 100 ms. A collection of garbage may fall into it: what is slow is slow again. */
export function withoutStall<T>(act: () => T): T {
  for (let attempt = 1; ; attempt++) {
    let value!: T;
    const took = cpuMs(() => {
      value = act();
    });
    if (took < STALL_MS) return value;
    expect(attempt, `${Math.round(took)} ms`).toBeLessThan(4);
  }
}
