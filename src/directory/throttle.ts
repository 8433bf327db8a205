/**
 * Counts wrong passwords, of all protocols together, per account and per network, and asks for growing pauses. A network
 * from which the owner signed in lately has a counter of its own, so that strangers cannot lock the owner out.
 */
import { MailError } from '../mail/error.ts';
import { isLoopback, networkOf } from '../net/address.ts';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';

export interface ThrottleLimits {
  /** Wrong passwords for one account before the pauses begin. */
  readonly perAccount: number;
  /** The same for one network, whatever the account. */
  readonly perNetwork: number;
  /** Whether sign-ins from this machine count. */
  readonly loopback: boolean;
}

export const THROTTLE_LIMITS: ThrottleLimits = { perAccount: 5, perNetwork: 50, loopback: false };

const WINDOW_MS = 3_600_000;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 900_000;
export const KNOWN_MS = 30 * 86_400_000;

/** One attempt to sign in; made before the password is looked at. */
export interface Attempt {
  readonly address: string;
  readonly network: string;
  /** Undefined: it does not count. */
  readonly counters: readonly { readonly key: string; readonly limit: number }[] | undefined;
}

export class Throttle {
  readonly #cache: Cache;
  readonly #clock: Clock;
  readonly #limits: ThrottleLimits;

  constructor(cache: Cache, clock: Clock, limits: ThrottleLimits = THROTTLE_LIMITS) {
    this.#cache = cache;
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * Throws `auth-throttled` while a pause lasts. `address` in normal form. `openedBefore`: whether the account was opened from that
   * network within a month, for a process that does not remember; asked only while strangers would lock the owner out.
   */
  async begin(address: string, remote: string, openedBefore: () => Promise<boolean>): Promise<Attempt> {
    const network = networkOf(remote);
    if (!this.#limits.loopback && isLoopback(remote)) return { address, network, counters: undefined };
    const account = accountKey(address);
    const known =
      (await this.#cache.get(knownKey(address, network))) !== undefined ||
      ((await this.#isPaused(account)) && (await openedBefore()));
    const own = known ? pairKey(address, network) : account;
    const counters = [
      { key: own, limit: this.#limits.perAccount },
      { key: `auth:network:${network}`, limit: this.#limits.perNetwork },
    ];
    for (const { key } of counters)
      if (await this.#isPaused(key))
        throw new MailError(
          'auth-throttled',
          'temporary',
          `too many wrong passwords for ${address} or from ${network}`,
        );
    return { address, network, counters };
  }

  /** What counts against an address goes: also what comes from these networks, where they have counters of their own. */
  async forgive(address: string, networks: readonly string[]): Promise<void> {
    for (const key of [accountKey(address), ...networks.map((network) => pairKey(address, network))]) {
      await this.#cache.drop(key);
      await this.#cache.drop(`${key} until`);
    }
  }

  async #isPaused(key: string): Promise<boolean> {
    const until = await this.#cache.get(`${key} until`);
    return until !== undefined && Number(Buffer.from(until).toString()) > this.#clock.now();
  }

  async failed({ counters }: Attempt): Promise<void> {
    for (const { key, limit } of counters ?? []) {
      const over = (await this.#cache.increment(key, 1, WINDOW_MS)) - limit;
      if (over < 0) continue;
      const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(over, 20));
      await this.#cache.set(`${key} until`, Buffer.from(String(this.#clock.now() + pause)), pause);
    }
  }

  async succeeded({ address, network, counters }: Attempt): Promise<void> {
    const own = counters?.[0];
    if (own === undefined) return;
    // Only the counter this attempt was under: the owner's success says nothing about the strangers' failures.
    await this.#cache.drop(own.key);
    await this.#cache.set(knownKey(address, network), Buffer.of(1), KNOWN_MS);
  }
}

function knownKey(address: string, network: string): string {
  return `auth:known:${network} ${address}`;
}

function accountKey(address: string): string {
  return `auth:account:${address}`;
}

function pairKey(address: string, network: string): string {
  return `auth:pair:${network} ${address}`;
}
