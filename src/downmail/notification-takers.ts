/**
 * Whose people take notifications for granted: domains that the operator names, and those that say so in DNS, by a TXT record
 * `v=DOWNMAIL1` at `_downmail.<domain>`. Mail never fails because of it: who cannot be asked is taken for conventional.
 */
import { TAKES_NOTIFICATIONS, takesNotificationsName } from '../mail/downmail/dns.ts';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import type { Resolver } from '../ports/resolver.ts';

export interface TakersParts {
  readonly resolver: Pick<Resolver, 'txt'>;
  readonly cache: Cache;
  readonly clock: Clock;
  /** In lower case. */
  readonly domains: ReadonlySet<string>;
}

const REMEMBERED_MS = 3_600_000;
const DEADLINE_MS = 5_000;

export class NotificationTakers {
  readonly #parts: TakersParts;

  constructor(parts: TakersParts) {
    this.#parts = parts;
  }

  async takes(domain: string): Promise<boolean> {
    const { cache, domains } = this.#parts;
    const name = domain.toLowerCase();
    if (domains.has(name)) return true;
    const key = `downmail:takes:${name}`;
    const known = await cache.get(key);
    if (known !== undefined) return known[0] === 1;
    const takes = await this.#ask(name);
    await cache.set(key, Buffer.of(takes ? 1 : 0), REMEMBERED_MS);
    return takes;
  }

  async #ask(domain: string): Promise<boolean> {
    const late = new AbortController();
    using _until = this.#parts.clock.after(DEADLINE_MS, () => late.abort(new Error('DNS took too long')));
    try {
      const records = await this.#parts.resolver.txt(takesNotificationsName(domain), late.signal);
      return records.some((text) => text.split(';', 1)[0]?.trim() === TAKES_NOTIFICATIONS);
    } catch {
      return false;
    }
  }
}
