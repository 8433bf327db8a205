/** A name space that a test writes down; what is not in it does not exist. */
import { isIP } from 'node:net';
import {
  DnsError,
  type HostAddress,
  type MxRecord,
  type Resolver,
  type SrvRecord,
  type TlsaRecord,
} from '../ports/resolver.ts';

export interface StaticZone {
  readonly mx?: readonly MxRecord[];
  readonly addresses?: readonly HostAddress[];
  readonly txt?: readonly string[];
  readonly ptr?: readonly string[];
  readonly tlsa?: readonly TlsaRecord[];
  readonly srv?: readonly SrvRecord[];
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

  async mx(domain: string, signal?: AbortSignal): Promise<MxRecord[]> {
    return [...this.#answer('mx', domain, signal)];
  }

  async addresses(host: string, signal?: AbortSignal): Promise<HostAddress[]> {
    const family = isIP(host);
    if (family === 4 || family === 6) return [{ address: host, family }];
    return [...this.#answer('addresses', host, signal)];
  }

  async txt(name: string, signal?: AbortSignal): Promise<string[]> {
    return [...this.#answer('txt', name, signal)];
  }

  async ptr(address: string, signal?: AbortSignal): Promise<string[]> {
    return [...this.#answer('ptr', address, signal)];
  }

  async tlsa(name: string, signal?: AbortSignal): Promise<TlsaRecord[]> {
    return [...this.#answer('tlsa', name, signal)];
  }

  async srv(name: string, signal?: AbortSignal): Promise<SrvRecord[]> {
    return [...this.#answer('srv', name, signal)];
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #answer<K extends Exclude<keyof StaticZone, 'fails'>>(
    what: K,
    name: string,
    signal: AbortSignal | undefined,
  ): NonNullable<StaticZone[K]> {
    signal?.throwIfAborted();
    this.asked.push(`${what} ${name}`);
    if (name.length === 0 || name.length > 253) throw new DnsError('nxdomain', name.slice(0, 80));
    const zone = this.#zones.get(name.toLowerCase().replace(/\.$/, ''));
    if (!zone) throw new DnsError('nxdomain', name);
    if (zone.fails) throw new DnsError(zone.fails, name);
    const answer = zone[what];
    if (!answer || answer.length === 0) throw new DnsError('nodata', name);
    return answer;
  }
}
