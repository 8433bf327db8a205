/**
 * How much one receiver takes from one address of ours at the moment, as its answers tell: attempts at once, and the pause
 * between two. Both fall quickly and recover slowly. Nobody waits here: whoever has no turn is told when to come again. In
 * memory only: a start begins carefully. Times are of the monotonic clock.
 */
import type { Outcome } from '../transfer.ts';
import { asksForLess } from './asks-for-less.ts';

export interface ThrottleLimits {
  /** Attempts at once. */
  readonly most: number;
  readonly first: number;
}

/** Beside the limits of each destination and of the connections to each server: for receivers of many domains. */
export const THROTTLE_LIMITS: ThrottleLimits = { most: 200, first: 50 };
/** The operator's own relay has its say, and nothing but it. */
export const RELAY_LIMITS: ThrottleLimits = { most: 1_000, first: 1_000 };

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
/** Below it a pause is none. */
const SHORTEST_PAUSE_MS = 50;
/** Without a complaint the pause is half as long after this. */
const PAUSE_HALVES_MS = 5 * 60_000;
/** One in how many attempts that were taken shortens the pause as much. */
const PAUSE_SHRINKS = 0.9;
const SHORTEST_TURN_MS = 2_000;
const LONGEST_TURN_MS = 3_600_000;

/** An attempt that has begun. */
export interface Turn {
  readonly began: number;
}

export class Throttle {
  readonly #limits: ThrottleLimits;
  active = 0;
  #allowed: number;
  #pauseMs = 0;
  #pauseSince = 0;
  #nextAt = -Infinity;
  /** Since when it is slower; what began before cannot have known of it. */
  #slowedAt = -Infinity;
  #averageMs = 200;
  #sentAway = 0;

  constructor(limits: ThrottleLimits) {
    this.#limits = limits;
    this.#allowed = limits.first;
  }

  ready(now: number): boolean {
    return this.active < this.atOnce && now >= this.#nextAt;
  }

  /** For one who came too early: after how many milliseconds it may have its turn. */
  turnIn(now: number): number {
    this.#sentAway++;
    const perTurn = Math.max(this.pauseMs(now), this.#averageMs / this.#allowed);
    const wait = Math.max(this.#nextAt - now, 0) + this.#sentAway * perTurn;
    return Math.min(LONGEST_TURN_MS, Math.max(SHORTEST_TURN_MS, wait));
  }

  begin(now: number): Turn {
    this.active++;
    this.#sentAway = Math.max(0, this.#sentAway - 1);
    this.#nextAt = Math.max(now, this.#nextAt) + this.pauseMs(now);
    return { began: now };
  }

  /** `outcomes`: none when the server was not reached. */
  end({ began }: Turn, outcomes: readonly Outcome[], now: number): void {
    this.active--;
    if (outcomes.length === 0) return;
    this.#averageMs += (Math.max(0, now - began) - this.#averageMs) / 8;
    const asks = outcomes.map(asksForLess).find((ask) => ask !== undefined);
    if (asks === undefined) {
      if (!outcomes.some(({ kind }) => kind === 'delivered')) return;
      this.#allowed = Math.min(this.#limits.most, this.#allowed + 1 / this.#allowed);
      this.#setPause(this.pauseMs(now) * PAUSE_SHRINKS, now);
      return;
    }
    // Attempts that ran at the same time all hear the same: it counts once.
    if (began <= this.#slowedAt) return;
    this.#slowedAt = now;
    this.#allowed = Math.max(1, this.#allowed / 2);
    if (asks === 'rate') this.#setPause(Math.max(FIRST_PAUSE_MS, this.pauseMs(now) * 2), now);
    this.#nextAt = Math.max(this.#nextAt, now + this.#pauseMs);
  }

  pauseMs(now: number): number {
    const pause = this.#pauseMs * 0.5 ** (Math.max(0, now - this.#pauseSince) / PAUSE_HALVES_MS);
    return pause < SHORTEST_PAUSE_MS ? 0 : pause;
  }

  get atOnce(): number {
    return Math.floor(this.#allowed);
  }

  /** A new one would do the same. */
  forgettable(now: number): boolean {
    return this.active === 0 && this.pauseMs(now) === 0 && this.#allowed >= this.#limits.first;
  }

  #setPause(ms: number, now: number): void {
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, ms);
    this.#pauseSince = now;
  }
}
