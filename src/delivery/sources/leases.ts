/** What one attempt has of our addresses: for each receiver that it comes to, at most one. */
import type { HostAddress } from '../../ports/resolver.ts';
import type { Hop } from '../route.ts';
import type { OutgoingMail, Outcome } from '../transfer.ts';
import type { Lease, Refusal, SourcePool } from './pool.ts';
import { providerOf } from './provider.ts';
import type { Source } from './source.ts';

interface Attempt {
  readonly mail: OutgoingMail;
  readonly sender: { readonly domain: string } | undefined;
  /** By recipient, those that are known already. */
  readonly outcomes: readonly (Outcome | undefined)[];
}

export class Leases {
  readonly #sources: Pick<SourcePool, 'acquire'>;
  readonly #attempt: Attempt;
  readonly #held = new Map<string, { readonly lease: Lease; readonly answers: Outcome[] } | undefined>();
  /** The first to pass of what stood in the way. */
  refusal: Refusal | undefined;

  constructor(sources: Pick<SourcePool, 'acquire'>, attempt: Attempt) {
    this.#sources = sources;
    this.#attempt = attempt;
  }

  /** Undefined: none may go there now. */
  async source(hop: Hop, { family }: HostAddress): Promise<Source | undefined> {
    const key = keyOf(hop, family);
    if (!this.#held.has(key)) {
      const { mail, sender, outcomes } = this.#attempt;
      const lease = await this.#sources.acquire({
        provider: providerOf(hop),
        family,
        relayed: hop.relay !== undefined,
        recipients: outcomes.filter((outcome) => outcome === undefined).length,
        ...(mail.account !== undefined && { account: mail.account }),
        ...(mail.category !== undefined && { category: mail.category }),
        ...(sender !== undefined && { domain: sender.domain }),
      });
      if ('reason' in lease) this.#refused(lease);
      this.#held.set(key, 'reason' in lease ? undefined : { lease, answers: [] });
    }
    return this.#held.get(key)?.lease.source;
  }

  /** What a try brought: outcomes of recipients, or what the server said to all. */
  heard(hop: Hop, { family }: HostAddress, failed: Outcome, outcomes: readonly Outcome[]): void {
    const held = this.#held.get(keyOf(hop, family));
    if (outcomes.length > 0) held?.answers.push(...outcomes);
    else if (failed.kind !== 'delivered' && failed.reply !== undefined) held?.answers.push(failed);
  }

  /** All of them, also when one cannot note what it heard: a place that is not given back is gone. */
  async end(): Promise<void> {
    const ended = await Promise.allSettled([...this.#held.values()].map(async (held) => held?.lease.end(held.answers)));
    for (const one of ended) if (one.status === 'rejected') throw one.reason;
  }

  #refused(refusal: Refusal): void {
    const { until = Infinity } = this.refusal ?? {};
    if (this.refusal === undefined || (refusal.until ?? Infinity) < until) this.refusal = refusal;
  }
}

function keyOf(hop: Hop, family: 4 | 6): string {
  return `${providerOf(hop)} ${family} ${hop.relay === undefined ? '' : 'relay'}`;
}
