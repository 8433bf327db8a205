/** A clock that stands still until a test moves it. */
import type { Clock } from '../ports/clock.ts';

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  #now: number;
  #monotonic = 0;
  #order = 0;
  readonly #alarms = new Set<Alarm>();

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  /** How many sleeps and alarms wait. */
  get waiting(): number {
    return this.#alarms.size;
  }

  /** Milliseconds to the next alarm; undefined when there is none. */
  get nextIn(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#alarms) next = Math.min(next ?? at, at);
    return next === undefined ? undefined : next - this.#monotonic;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const alarm = this.after(ms, resolve);
      signal?.addEventListener(
        'abort',
        () => {
          alarm[Symbol.dispose]();
          reject(signal.reason as Error);
        },
        { once: true },
      );
    });
  }

  after(ms: number, run: () => void): Disposable {
    const alarm: Alarm = { at: this.#monotonic + Math.max(0, ms), order: this.#order++, run };
    this.#alarms.add(alarm);
    return { [Symbol.dispose]: () => this.#alarms.delete(alarm) };
  }

  /** Moves both clocks on, and calls what comes due in order; what that starts gets its turn in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      let next: Alarm | undefined;
      for (const alarm of this.#alarms)
        if (alarm.at <= end && (!next || alarm.at < next.at || (alarm.at === next.at && alarm.order < next.order)))
          next = alarm;
      if (!next) break;
      this.#alarms.delete(next);
      const step = Math.max(0, next.at - this.#monotonic);
      this.#monotonic += step;
      this.#now += step;
      next.run();
    }
    const rest = end - this.#monotonic;
    this.#monotonic = end;
    this.#now += rest;
  }

  /** The wall clock alone jumps, as when somebody sets it. */
  setWall(now: number): void {
    this.#now = now;
  }
}
