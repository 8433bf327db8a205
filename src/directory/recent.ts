/** Passwords that were right a moment ago: mail programs sign in again and again, and a hash costs 60 ms. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AccountId } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

const TTL_MS = 60_000;
const MAX_ENTRIES = 20_000;

interface Entry {
  readonly mac: Buffer;
  /** The stored hash it was right for: a new password has a new one. */
  readonly phc: string;
  readonly ends: number;
}

export class RecentPasswords {
  readonly #clock: Clock;
  /** Known to this process only: what is kept is of no use to anybody else. */
  readonly #key: Uint8Array;
  readonly #entries = new Map<AccountId, Entry>();

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#key = random.bytes(32);
  }

  has(account: AccountId, phc: string, password: string): boolean {
    const entry = this.#entries.get(account);
    if (entry === undefined) return false;
    if (entry.phc !== phc || entry.ends <= this.#clock.monotonic()) {
      this.#entries.delete(account);
      return false;
    }
    return timingSafeEqual(entry.mac, this.#mac(account, password));
  }

  add(account: AccountId, phc: string, password: string): void {
    this.#entries.delete(account);
    this.#entries.set(account, { mac: this.#mac(account, password), phc, ends: this.#clock.monotonic() + TTL_MS });
    if (this.#entries.size <= MAX_ENTRIES) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }

  drop(account: AccountId): void {
    this.#entries.delete(account);
  }

  #mac(account: AccountId, password: string): Buffer {
    return createHmac('sha256', this.#key).update(`${account}\0`).update(password).digest();
  }
}
