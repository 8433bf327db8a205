/** Greylisting (RFC 6647): who has never brought a mail from this sender to this recipient is asked to come again. */
import { MailError } from '../../mail/error.ts';
import { networkOf } from '../../net/address.ts';
import type { Cache } from '../../ports/cache.ts';
import type { Clock } from '../../ports/clock.ts';
import type { NamedRecipient } from '../pipeline.ts';

/** Before that it is too early: whoever tries at once only tries. */
const WAIT_MS = 3 * 60_000;
const REMEMBERED_MS = 4 * 3_600_000;
/** Who came again is believed for so long, whatever it sends to whom. */
const KNOWN_MS = 36 * 86_400_000;

export class Greylist {
  readonly #cache: Cache;
  readonly #clock: Clock;

  constructor(cache: Cache, clock: Clock) {
    this.#cache = cache;
    this.#clock = clock;
  }

  /** Throws `greylisted`. A memory that was lost costs a server another wait. */
  async check({ sender, recipient, remote }: NamedRecipient): Promise<void> {
    const network = networkOf(remote);
    if (await this.#cache.get(`greylist known ${network}`)) return;
    const key = `greylist ${network} ${sender.toLowerCase()} ${recipient.account}`;
    const first = await this.#cache.get(key);
    const now = this.#clock.now();
    if (first === undefined) await this.#cache.set(key, Buffer.from(String(now)), REMEMBERED_MS);
    const since = first === undefined ? now : Number(Buffer.from(first).toString());
    if (now - since < WAIT_MS) throw new MailError('greylisted', 'user', `${remote} is not known yet`);
    await this.#cache.set(`greylist known ${network}`, Buffer.from('1'), KNOWN_MS);
  }
}
