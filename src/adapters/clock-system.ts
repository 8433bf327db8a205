/** The machine's clock. */
import type { Clock } from '../ports/clock.ts';

/** setTimeout's longest wait; a longer one is waited for in pieces. */
const LONGEST = 2 ** 31 - 1;

export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonic(): number {
    return performance.now();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const timer = this.after(ms, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      const abort = () => {
        timer[Symbol.dispose]();
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  after(ms: number, run: () => void): Disposable {
    const end = performance.now() + ms;
    let timer: NodeJS.Timeout;
    const wait = (left: number) => {
      timer = setTimeout(
        () => {
          const rest = end - performance.now();
          if (rest > 1) wait(rest);
          else run();
        },
        Math.min(Math.max(left, 0), LONGEST),
      ).unref();
    };
    wait(ms);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  }
}
