/** A name space that a test writes down; what is not in it does not exist. */
import { DnsError, type Resolver } from '../ports/resolver.ts';

export interface StaticZone {
  readonly mx?: readonly { readonly exchange: string; readonly preference: number }[];
  readonly addresses?: readonly { readonly address: string; readonly family: 4 | 6 }[];
  readonly txt?: readonly string[];
  readonly ptr?: readonly string[];
  /** Every question about this name fails so. */
  readonly fails?: DnsError['kind'];
}

export class StaticResolver implements Resolver {
  readonly #zones: ReadonlyMap<string, StaticZone>;
  /** Every question that was asked, e.g. `mx example.test`. */
  readonly asked: string[] = [];

  /** By name in lower case without a dot at its end, or by IP address. */
  constructor(zones: Readonly<Record<string, StaticZone>>) {
    this.#zones = new Map(Object.entries(zones));
  }

  async mx(domain: string, signal?: AbortSignal): Promise<{ exchange: string; preference: number }[]> {
    return [...this.#answer('mx', domain, signal)];
  }

  async addresses(host: string, signal?: AbortSignal): Promise<{ address: string; family: 4 | 6 }[]> {
    return [...this.#answer('addresses', host, signal)];
  }

  async txt(name: string, signal?: AbortSignal): Promise<string[]> {
    return [...this.#answer('txt', name, signal)];
  }

  async ptr(address: string, signal?: AbortSignal): Promise<string[]> {
    return [...this.#answer('ptr', address, signal)];
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #answer<K extends Exclude<keyof StaticZone, 'fails'>>(
    what: K,
    name: string,
    signal: AbortSignal | undefined,
  ): NonNullable<StaticZone[K]> {
    signal?.throwIfAborted();
    this.asked.push(`${what} ${name}`);
    const zone = this.#zones.get(name.toLowerCase().replace(/\.$/, ''));
    if (!zone) throw new DnsError('nxdomain', name);
    if (zone.fails) throw new DnsError(zone.fails, name);
    const answer = zone[what];
    if (!answer || answer.length === 0) throw new DnsError('nodata', name);
    return answer;
  }
}
