/**
 * The time that each account is given for work that costs much, so that one that asks for more and more of it keeps nobody
 * but itself waiting. It comes back minute by minute, and what is not used is saved for a while.
 */
import { MailError } from '../mail/error.ts';
import type { Clock } from '../ports/clock.ts';
import type { AccountId } from './api.ts';
import { Turns } from './turns.ts';

const MINUTE = 60_000;
/** Of time that was not used, in milliseconds. */
const SAVED = MINUTE;
/** Nobody waits longer for one piece of work, however much was used before it, in milliseconds: sessions that end have 20 s. */
const LONGEST_WAIT = 15_000;

export class WorkBudget {
  readonly #clock: Clock;
  /** Of a millisecond, how much an account may work: 0 for as much as it likes. */
  readonly #share: number;
  /** When all is saved again that may be, in monotonic time. Those who used something last are last. */
  readonly #full = new Map<AccountId, number>();

  /** `seconds` of each minute; 0: any number. */
  constructor(clock: Clock, seconds: number) {
    this.#clock = clock;
    this.#share = (seconds * 1000) / MINUTE;
  }

  /** Accounts that have used something of what they are given. */
  get accounts(): number {
    return this.#full.size;
  }

  /** Milliseconds until the account has some time again. */
  wait(account: AccountId): number {
    const full = this.#full.get(account);
    return full === undefined ? 0 : Math.max(0, full - this.#clock.monotonic() - this.#refill);
  }

  /** The account has used so many milliseconds. */
  charge(account: AccountId, ms: number): void {
    if (this.#share === 0 || ms <= 0) return;
    const now = this.#clock.monotonic();
    const full = Math.max(this.#full.get(account) ?? now, now) + ms / this.#share;
    this.#full.delete(account);
    this.#full.set(account, Math.min(full, now + this.#refill + LONGEST_WAIT));
    for (const [other, when] of this.#full) {
      if (when > now) break;
      this.#full.delete(other);
    }
  }

  /** Milliseconds in which all comes back. */
  get #refill(): number {
    return SAVED / this.#share;
  }
}

/** Pieces of work of one account at a time, and those that wait for them. */
const AT_ONCE = 4;
const MOST_WAITING = 16;

/** Work that somebody asks for and waits for: a few pieces at a time for each account, and within its budget. */
export class AccountWork {
  readonly #clock: Clock;
  readonly #budget: WorkBudget;
  readonly #turns = new Map<AccountId, Turns>();

  constructor(clock: Clock, seconds: number) {
    this.#clock = clock;
    this.#budget = new WorkBudget(clock, seconds);
  }

  /** `limit` (temporary) when more waits already than anybody needs. */
  async run<T>(account: AccountId, act: () => Promise<T>): Promise<T> {
    const turns = this.#turns.get(account) ?? new Turns(AT_ONCE);
    if (turns.waiting >= MOST_WAITING)
      throw new MailError('limit', 'temporary', `account ${account}: ${MOST_WAITING} searches wait already`);
    this.#turns.set(account, turns);
    try {
      return await turns.run(() => this.#charged(account, act));
    } finally {
      if (turns.isIdle && this.#turns.get(account) === turns) this.#turns.delete(account);
    }
  }

  async #charged<T>(account: AccountId, act: () => Promise<T>): Promise<T> {
    const wait = this.#budget.wait(account);
    if (wait > 0) await this.#clock.sleep(wait);
    const began = this.#clock.monotonic();
    try {
      return await act();
    } finally {
      this.#budget.charge(account, this.#clock.monotonic() - began);
    }
  }
}
