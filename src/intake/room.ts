/** Is there room on the disk for another mail? Asked before a message is sent to us, so that it need not be sent twice (A15). */
import type { Clock } from '../ports/clock.ts';

/** Kept free for the store itself: removing mail, moving it and marking it read must go on working. */
const RESERVE = 64 << 20;
const FRESH_MS = 1_000;

export class Room {
  readonly #free: () => Promise<number>;
  readonly #clock: Clock;
  #known = Infinity;
  #at = -Infinity;

  /** `free` answers bytes. */
  constructor(free: () => Promise<number>, clock: Clock) {
    this.#free = free;
    this.#clock = clock;
  }

  /** As of a second ago: nobody waits for the answer. A disk that cannot be asked is no reason to refuse mail. */
  has(bytes: number): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#at >= FRESH_MS) {
      this.#at = now;
      this.#free().then(
        (free) => (this.#known = free),
        () => (this.#known = Infinity),
      );
    }
    return this.#known - bytes > RESERVE;
  }
}
