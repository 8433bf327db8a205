/** One timer for all connections: each is looked at once in a while, so an idle one costs no timer. */
import type { Clock } from '../ports/clock.ts';

export interface Watched {
  /** `now` is monotonic milliseconds. */
  checkDeadline(now: number): void;
}

/** How late a deadline may be noticed. */
const INTERVAL_MS = 500;
/** A check that comes so late means that we were stopped or busy: what arrived meanwhile is read before anybody is blamed. */
const LATE_MS = 5_000;

export class Deadlines implements Disposable {
  readonly #clock: Clock;
  readonly #watched = new Set<Watched>();
  readonly #timer: NodeJS.Timeout;
  /** Connections are getting scarce: those that do nothing have less time. */
  stressed = false;
  #lastTick: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastTick = clock.monotonic();
    this.#timer = setInterval(() => this.#tick(), INTERVAL_MS);
    this.#timer.unref();
  }

  now(): number {
    return this.#clock.monotonic();
  }

  watch(item: Watched): void {
    this.#watched.add(item);
  }

  forget(item: Watched): void {
    this.#watched.delete(item);
  }

  #tick(): void {
    const now = this.now();
    const late = now - this.#lastTick > LATE_MS;
    this.#lastTick = now;
    if (!late) this.check();
  }

  check(): void {
    const now = this.now();
    for (const item of this.#watched) item.checkDeadline(now);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
