/** How many requests come from one address: beyond that they are refused before anybody asks who it is. A counter that is lost costs nothing. */
import { isLoopback, networkOf, plainAddress } from '../../net/address.ts';
import type { Cache } from '../../ports/cache.ts';
import { Problem } from './reply.ts';

export interface RequestLimits {
  /** From one IPv4 address, or one IPv6 /64. */
  readonly perMinute: number;
  /** Whether this machine itself counts, too. */
  readonly limitLoopback: boolean;
}

const MINUTE_MS = 60_000;

export class RequestRate {
  readonly #cache: Pick<Cache, 'increment'>;
  readonly #limits: RequestLimits;

  constructor(cache: Pick<Cache, 'increment'>, limits: RequestLimits) {
    this.#cache = cache;
    this.#limits = limits;
  }

  /** One more from there. Throws `too-fast`. */
  async count(remote: string): Promise<void> {
    const { perMinute, limitLoopback } = this.#limits;
    const address = plainAddress(remote);
    if (!limitLoopback && isLoopback(address)) return;
    const who = address.includes(':') ? networkOf(address) : address;
    if ((await this.#cache.increment(`requests/${who}`, 1, MINUTE_MS)) > perMinute) throw new Problem('too-fast');
  }
}
