/**
 * What is known of a destination at the moment: how many attempts at once it seems to bear, and whether it can be reached at
 * all. Kept in memory only: a start begins carefully again.
 */
import type { QueueEntry } from '../ports/queue.ts';
import type { OutboundLimits } from './limits.ts';
import { asksForLess } from './sources/asks-for-less.ts';
import type { Outcome } from './transfer.ts';

type LaneLimits = Pick<OutboundLimits, 'firstPerDestination' | 'perDestination' | 'firstRetryMs' | 'parked'>;

/** A destination that was down is looked at again after this at the latest. */
const LONGEST_DOWN_MS = 15 * 60_000;
const SHORTEST_TURN_MS = 1_000;
/** Whoever has its turn sooner waits in memory, but no more than so many. */
const PARKED_MS = 5_000;
const MOST_PARKED = 200;
const LONGEST_TURN_MS = 3_600_000;

export class Lane {
  readonly #limits: LaneLimits;
  active = 0;
  /** In memory, for the next free turn. */
  readonly parked: QueueEntry[] = [];
  #allowed: number;
  #wasTooMuch = false;
  #failures = 0;
  #downUntil = -Infinity;
  #lastFailure = '';
  /** Of an attempt, roughly. */
  #averageMs = 1_000;
  #sentBack = 0;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
    this.#allowed = limits.firstPerDestination;
  }

  get free(): boolean {
    return this.active < Math.floor(this.#allowed);
  }

  /** Nobody else waits in memory. */
  get full(): boolean {
    const soon = Math.min(MOST_PARKED, (this.#allowed * PARKED_MS) / this.#averageMs);
    return this.parked.length >= Math.max(this.#limits.parked, soon);
  }

  get idle(): boolean {
    return this.active === 0 && this.parked.length === 0;
  }

  /** Nothing is known that a new one would not know. */
  get forgettable(): boolean {
    return this.idle && this.#failures === 0 && this.#allowed === this.#limits.firstPerDestination;
  }

  /** Why nobody is sent there now; undefined when it may be tried. */
  down(now: number): string | undefined {
    return now < this.#downUntil ? this.#lastFailure : undefined;
  }

  /** When one for whom there is no place in memory may come again: about when it could have its turn. */
  turnIn(): number {
    this.#sentBack++;
    // A destination that has not yet been asked too much is soon asked as much as may be: who waited for the pace at which it began would
    // come long after it has nothing to do.
    const atOnce = this.#wasTooMuch ? this.#allowed : this.#limits.perDestination;
    const wait = (this.#sentBack * this.#averageMs) / atOnce;
    return Math.min(LONGEST_TURN_MS, Math.max(SHORTEST_TURN_MS, wait));
  }

  /** An attempt has ended. */
  learn(outcomes: readonly Outcome[], tookMs: number, now: number): void {
    this.#averageMs += (tookMs - this.#averageMs) / 8;
    if (this.parked.length === 0) this.#sentBack = 0;
    const silent = outcomes.find((outcome) => outcome.kind === 'temporary' && outcome.reply === undefined);
    if (
      silent !== undefined &&
      outcomes.every((outcome) => outcome.kind === 'temporary' && outcome.reply === undefined)
    ) {
      this.#failures++;
      this.#slowDown();
      const pause = this.#limits.firstRetryMs * 2 ** Math.min(this.#failures - 1, 20);
      this.#downUntil = now + Math.min(LONGEST_DOWN_MS, pause);
      this.#lastFailure = silent.kind === 'temporary' ? silent.reason : '';
      return;
    }
    this.#failures = 0;
    this.#downUntil = -Infinity;
    if (outcomes.some((outcome) => asksForLess(outcome) !== undefined)) this.#slowDown();
    else {
      // Until it has once been too much, it grows with each success.
      const more = this.#wasTooMuch ? 1 / this.#allowed : 1;
      this.#allowed = Math.min(this.#limits.perDestination, this.#allowed + more);
    }
  }

  #slowDown(): void {
    this.#wasTooMuch = true;
    this.#allowed = Math.max(1, this.#allowed / 2);
  }
}
