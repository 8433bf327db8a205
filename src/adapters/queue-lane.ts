/** What waits in one queue, in order of due time, and who is woken when something comes due. */
import type { Clock } from '../ports/clock.ts';
import { DueHeap } from './queue-heap.ts';

/** One timer for what is due later; a wall clock that was set is noticed within this time. */
const LONGEST_TIMER = 60_000;

export class QueueLane implements Disposable {
  readonly heap = new DueHeap();
  readonly #clock: Clock;
  readonly #wakes = new Set<() => void>();
  #timer: Disposable | undefined;
  #timerAt = Infinity;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  onDue(wake: () => void): Disposable {
    this.#wakes.add(wake);
    this.wake();
    return { [Symbol.dispose]: () => this.#wakes.delete(wake) };
  }

  /** Something was put in. */
  wake(): void {
    const { first } = this.heap;
    if (first && first.at <= this.#clock.now()) for (const wake of this.#wakes) wake();
    this.schedule();
  }

  /** A timer for the first entry that is not due yet. */
  schedule(): void {
    const at = this.heap.first?.at ?? Infinity;
    const now = this.#clock.now();
    if (this.#closed || at === this.#timerAt || at <= now) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#timerAt = at;
    if (at === Infinity) return;
    this.#timer = this.#clock.after(Math.min(at - now, LONGEST_TIMER), () => {
      this.#timer = undefined;
      this.#timerAt = Infinity;
      this.wake();
    });
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
  }
}
