/**
 * The fast block: an account that suddenly sends far more than it used to, or whose mail bounces or is complained about, is
 * slowed, and then may not send until an administrator says so. Its habit is a decaying peak of what it sends in a day.
 */
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import { isLoopback } from '../net/address.ts';
import { partition } from '../ports/kv.ts';
import { KeptRows, type KeptRowsParts } from './kept-rows.ts';
import { type Standing, totalOf } from './reputation.ts';

export interface FastBlockLimits {
  /** Recipients a day that are nobody's to wonder at. */
  readonly usualPerDay: number;
  /** Whether this machine itself counts, too. */
  readonly limitLoopback: boolean;
}

export type BlockState = 'slowed' | 'suspended';

export interface Blocked {
  readonly account: AccountId;
  readonly state: BlockState;
  readonly since: number;
  readonly reason: string;
}

export interface SenderHabit {
  /** Recipients a day. */
  readonly usual: number;
  readonly today: number;
}

interface Row {
  /** Recipients a day, a peak that decays. */
  readonly habit: number;
  /** UTC, days since 1970. */
  readonly day: number;
  /** Recipients, also those that were refused because there were too many. */
  readonly today: number;
  readonly hour?: number;
  /** In that hour, while slowed. */
  readonly inHour?: number;
  readonly block?: Omit<Blocked, 'account'>;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Of the habit, from one day to the next: half after two weeks. */
const HABIT_DECAY = 0.95;
/** Times its habit. */
const SLOWED_AT = 5;
const SUSPENDED_AT = 10;
const SLOW_PER_HOUR = 10;

interface Rule {
  readonly state: BlockState;
  /** At least so many, and so much of all. */
  readonly bounces: readonly [count: number, share: number];
  readonly complaints: readonly [count: number, share: number];
}
/** Worst first. */
const RULES: readonly Rule[] = [
  { state: 'suspended', bounces: [50, 0.4], complaints: [10, 0.02] },
  { state: 'slowed', bounces: [20, 0.15], complaints: [3, 0.005] },
];

export class FastBlock implements AsyncDisposable {
  readonly #parts: KeptRowsParts;
  readonly #limits: FastBlockLimits;
  readonly #rows: KeptRows<Row>;
  readonly #blocked = new Map<AccountId, Blocked>();
  readonly #listeners = new Set<(blocked: Blocked) => void>();

  private constructor(parts: KeptRowsParts, limits: FastBlockLimits) {
    this.#parts = parts;
    this.#limits = limits;
    this.#rows = new KeptRows<Row>(parts, {
      partition: partition('c', 'senders'),
      stale: (row, now) => row.block === undefined && now - row.day * DAY_MS > 90 * DAY_MS,
    });
  }

  static async open(parts: KeptRowsParts, limits: FastBlockLimits): Promise<FastBlock> {
    const made = new FastBlock(parts, limits);
    for await (const [key, { block }] of made.#rows.all())
      if (block) made.#blocked.set(key as AccountId, { account: key as AccountId, ...block });
    return made;
  }

  /** Told whenever an account is slowed or suspended. */
  onBlock(listener: (blocked: Blocked) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  list(): readonly Blocked[] {
    return [...this.#blocked.values()];
  }

  blocked(account: AccountId): Blocked | undefined {
    return this.#blocked.get(account);
  }

  /** Throws `sending-suspended`. */
  check(account: AccountId): void {
    const block = this.#blocked.get(account);
    if (block?.state === 'suspended')
      throw new MailError('sending-suspended', 'user', `${account} may not send: ${block.reason}`);
  }

  /** Of an account that is gone. */
  forget(account: AccountId): Promise<void> {
    this.#blocked.delete(account);
    return this.#rows.remove(account);
  }

  /** An account is about to send to so many, from there ('' is this machine). Throws `sending-suspended`; `limit` (temporary)
   * while it is slowed and has sent what it may. */
  async admit(account: AccountId, remote: string, recipients: number): Promise<void> {
    this.check(account);
    if (!this.#limits.limitLoopback && (remote === '' || isLoopback(remote))) return;
    const now = this.#parts.clock.now();
    let refused = false;
    const { habit, today, day } = await this.#rows.change(account, (before) => {
      const row = onDay(before, now);
      const hour = Math.floor(now / HOUR_MS);
      const inHour = (row.hour === hour ? (row.inHour ?? 0) : 0) + recipients;
      const perHour = Math.max(SLOW_PER_HOUR, this.#usual(row.habit) / 24);
      // One mail to many is one decision: the first of an hour goes.
      refused = row.block?.state === 'slowed' && inHour > perHour && inHour > recipients;
      return { ...row, today: row.today + recipients, hour, inHour: refused ? inHour - recipients : inHour };
    });
    const slowed = this.#blocked.get(account);
    if (slowed?.state === 'slowed' && slowed.since < day * DAY_MS) this.#blocked.delete(account);
    const times = today / this.#usual(habit);
    const reason = `${today} recipients today, and usually ${Math.round(this.#usual(habit))}`;
    if (times > SUSPENDED_AT) await this.#block(account, 'suspended', reason);
    else if (times > SLOWED_AT) await this.#block(account, 'slowed', reason);
    this.check(account);
    if (refused) throw new MailError('limit', 'temporary', `${account} is slowed: ${this.blocked(account)?.reason}`);
  }

  /** What became of its mail has changed. */
  async judge(account: AccountId, standing: Standing): Promise<void> {
    const bad = standing.bounced + standing.refused;
    const all = Math.max(1, totalOf(standing));
    for (const { state, bounces, complaints } of RULES) {
      if (bad >= bounces[0] && bad / all >= bounces[1])
        return this.#block(account, state, `${Math.round(bad)} of ${Math.round(all)} recipients refused or unknown`);
      const { complaint } = standing;
      if (complaint >= complaints[0] && complaint / all >= complaints[1])
        return this.#block(account, state, `${Math.round(complaint)} complaints about ${Math.round(all)} mails`);
    }
    // It was for a while, and is over; a suspension only ends by a word.
    if (this.#blocked.get(account)?.state === 'slowed' && !(await this.#tooMuchToday(account)))
      await this.resume(account);
  }

  /** An administrator's word. */
  suspend(account: AccountId, reason: string): Promise<void> {
    return this.#block(account, 'suspended', reason);
  }

  /** Also an administrator's. What it has sent today is usual from now on; or `usual`, recipients a day. */
  async resume(account: AccountId, usual?: number): Promise<void> {
    const now = this.#parts.clock.now();
    await this.#rows.change(account, (before) => {
      const { block: _block, ...row } = onDay(before, now);
      return { ...row, habit: usual ?? Math.max(row.habit, row.today), today: 0 };
    });
    this.#blocked.delete(account);
    await this.#rows.write();
  }

  async habit(account: AccountId): Promise<SenderHabit> {
    const row = onDay(await this.#rows.get(account), this.#parts.clock.now());
    return { usual: Math.round(this.#usual(row.habit)), today: row.today };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#rows[Symbol.asyncDispose]();
  }

  #usual(habit: number): number {
    return Math.max(this.#limits.usualPerDay, habit);
  }

  async #tooMuchToday(account: AccountId): Promise<boolean> {
    const { today, usual } = await this.habit(account);
    return today > usual * SLOWED_AT;
  }

  async #block(account: AccountId, state: BlockState, reason: string): Promise<void> {
    const before = this.#blocked.get(account);
    if (before?.state === 'suspended' || before?.state === state) return;
    const { clock, log } = this.#parts;
    const block = { state, since: clock.now(), reason };
    // Before anything waits: the next mail already meets it.
    this.#blocked.set(account, { account, ...block });
    await this.#rows.change(account, (row) => ({ ...onDay(row, clock.now()), block }));
    await this.#rows.write();
    log.warn({ account, state, reason }, 'an account sends unusually');
    for (const listener of this.#listeners) listener({ account, ...block });
  }
}

function onDay(row: Row | undefined, now: number): Row {
  const day = Math.floor(now / DAY_MS);
  if (row === undefined) return { habit: 0, day, today: 0 };
  if (day <= row.day) return row;
  const habit = Math.max(row.habit * HABIT_DECAY, row.today) * HABIT_DECAY ** (day - row.day - 1);
  const { block, ...rest } = row;
  // Slow for the rest of a day; what makes it slow again is found again.
  return {
    ...rest,
    ...(block?.state === 'suspended' && { block }),
    habit: Math.round(habit * 100) / 100,
    day,
    today: 0,
  };
}
