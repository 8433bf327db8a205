/** How many recipients an hour somebody may send to (F20, F21). A counter that is lost costs nothing but itself. */
import { MailError } from '../mail/error.ts';
import { isLoopback, networkOf } from '../net/address.ts';
import type { Cache } from '../ports/cache.ts';

const HOUR_MS = 3_600_000;

export interface RateLimits {
  readonly recipientsPerHour: number;
  /** Of one account; absent = no limit. */
  readonly mailsPerHour?: number;
  /** Whether this machine itself counts, too. */
  readonly limitLoopback: boolean;
}

export class RecipientRate {
  readonly #cache: Cache;
  readonly #limits: RateLimits;

  constructor(cache: Cache, limits: RateLimits) {
    this.#cache = cache;
    this.#limits = limits;
  }

  /** One more mail of this account. Throws `limit` (temporary). */
  async countMail(remote: string, account: string): Promise<void> {
    const { mailsPerHour = Infinity, limitLoopback } = this.#limits;
    if (mailsPerHour === Infinity || (!limitLoopback && (remote === '' || isLoopback(remote)))) return;
    if ((await this.#cache.increment(`mails/${account}`, 1, HOUR_MS)) > mailsPerHour)
      throw new MailError('limit', 'temporary', `${account} sends more than ${mailsPerHour} mails an hour`);
  }

  /** One more recipient for this account, or for whoever is at this address. Throws `limit` (temporary). */
  async count(remote: string, account?: string): Promise<void> {
    const { recipientsPerHour, limitLoopback } = this.#limits;
    if (!limitLoopback && (remote === '' || isLoopback(remote))) return;
    const who = account ?? networkOf(remote);
    if ((await this.#cache.increment(`recipients/${who}`, 1, HOUR_MS)) > recipientsPerHour)
      throw new MailError('limit', 'temporary', `${who} sends to more than ${recipientsPerHour} recipients an hour`);
  }
}
