/** Which servers take mail for a domain, in which order (RFC 5321 §5): the operator's word first, then MX, then the domain's own address. */
import { isIP } from 'node:net';
import { normalizeDomain } from '../mail/path.ts';
import { isPublic } from '../net/address.ts';
import type { Random } from '../ports/random.ts';
import { DnsError, type HostAddress, type MxRecord, type Resolver } from '../ports/resolver.ts';
import { type Relay, type Transports, transportFor } from './transports.ts';

export interface RouterOptions {
  readonly resolver: Resolver;
  readonly random: Random;
  /** Names of this server: mail whose best exchange we are is not for others (RFC 5321 §5.1). */
  readonly ownNames: readonly string[];
  /** Addresses at which others reach this server, on the port of `port`. */
  readonly ownAddresses?: readonly string[];
  readonly transports?: Transports;
  /** Of other mail servers. Default 25. */
  readonly port?: number;
  /** Deliver to addresses of this machine and of private networks, should DNS name them. Default: no. */
  readonly privateAddresses?: boolean;
}

/** One server. */
export interface Hop {
  /** As MX, the domain or the operator names it: what its certificate must show. */
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly HostAddress[];
  /** The operator's choice, not that of DNS. */
  readonly relay?: Relay;
  /** That this host is the one was validated (DNSSEC), or needed no question. */
  readonly authenticated: boolean;
}

export type Route =
  | {
      readonly kind: 'hops';
      /** Best first; at least one, each with an address. */
      readonly hops: readonly Hop[];
      /** The domain in A-labels, or an address literal. */
      readonly domain: string;
    }
  /** `status` as of RFC 3463. */
  | { readonly kind: 'temporary' | 'permanent'; readonly status: string; readonly reason: string };

/** Exchanges and addresses of one of them that are looked at: a domain must not keep us busy. */
const MAX_HOPS = 8;
const MAX_ADDRESSES = 4;

export class Router {
  readonly #options: RouterOptions;
  readonly #own: ReadonlySet<string>;

  constructor(options: RouterOptions) {
    this.#options = options;
    this.#own = new Set([...options.ownNames, ...(options.ownAddresses ?? [])].map((name) => name.toLowerCase()));
  }

  /** Fails only with the signal's reason. */
  async route(written: string, signal: AbortSignal): Promise<Route> {
    const domain = normalizeDomain(written);
    if (domain === undefined) return permanent('5.1.2', `${written.slice(0, 255)} is no domain`);
    try {
      const relay = transportFor(domain, this.#options.transports ?? new Map());
      if (relay) return await this.#relay(domain, relay, signal);
      if (domain.startsWith('[')) return this.#literal(domain);
      const exchanges = await this.#exchanges(domain, signal);
      return 'kind' in exchanges ? exchanges : await this.#hops(domain, exchanges, signal);
    } catch (error) {
      signal.throwIfAborted();
      return dnsFailure(error, domain);
    }
  }

  async #relay(domain: string, relay: Relay, signal: AbortSignal): Promise<Route> {
    const { host, port } = relay;
    try {
      const addresses = this.#inOrder(await this.#options.resolver.addresses(host, signal));
      return { kind: 'hops', domain, hops: [{ host, port, addresses, relay, authenticated: true }] };
    } catch (error) {
      signal.throwIfAborted();
      // A mistake of the operator, or of theirs: no reason to give mail back.
      return temporary('4.4.3', `the relay ${host} cannot be found: ${(error as Error).message}`);
    }
  }

  /** RFC 5321 §4.1.3. */
  #literal(domain: string): Route {
    const address = domain.slice(1, -1).replace(/^IPv6:/i, '');
    const family = isIP(address) === 6 ? 6 : 4;
    if (this.#own.has(address)) return loop(domain);
    if (!this.#reachable(address)) return permanent('5.4.4', `${domain} is no public address`);
    const hop = { host: address, port: this.#port, addresses: [{ address, family }], authenticated: true } as const;
    return { kind: 'hops', domain, hops: [hop] };
  }

  /** The domain's exchanges in the order in which they are to be tried; those as good as us, or worse, left out. */
  async #exchanges(domain: string, signal: AbortSignal): Promise<readonly MxRecord[] | Route> {
    let records: readonly MxRecord[];
    try {
      records = await this.#options.resolver.mx(domain, signal);
    } catch (error) {
      if (!(error instanceof DnsError) || error.kind !== 'nodata') throw error;
      // No MX: the domain itself is the exchange (RFC 5321 §5.1).
      return this.#own.has(domain) ? loop(domain) : [{ exchange: domain, preference: 0 }];
    }
    if (records.length === 1 && records[0]?.exchange === '')
      return permanent('5.1.10', `${domain} takes no mail (null MX)`);
    const named = records.flatMap((record) => {
      const exchange = normalizeDomain(record.exchange);
      // An address is no name (RFC 2181 §10.3).
      return exchange === undefined || isIP(exchange) !== 0 ? [] : [{ ...record, exchange }];
    });
    if (named.length === 0) return permanent('5.4.4', `${domain} names no mail server that could exist`);
    const ours = Math.min(Infinity, ...named.filter((mx) => this.#own.has(mx.exchange)).map((mx) => mx.preference));
    const better = named.filter(({ preference }) => preference < ours);
    return better.length === 0 ? loop(domain) : byPreference(better, this.#options.random).slice(0, MAX_HOPS);
  }

  async #hops(domain: string, exchanges: readonly MxRecord[], signal: AbortSignal): Promise<Route> {
    const { resolver } = this.#options;
    const lookups = await Promise.allSettled(exchanges.map(({ exchange }) => resolver.addresses(exchange, signal)));
    signal.throwIfAborted();
    const hops: Hop[] = [];
    let unreachable = 0;
    let ours = Infinity;
    for (const [i, { exchange, preference, authenticated }] of exchanges.entries()) {
      const lookup = lookups[i];
      if (lookup?.status !== 'fulfilled' || preference >= ours) continue;
      if (lookup.value.some(({ address }) => this.#own.has(address))) {
        // Equals come in any order: those that were taken already are no better than we are.
        ours = preference;
        continue;
      }
      const addresses = this.#inOrder(lookup.value.filter(({ address }) => this.#reachable(address)));
      if (addresses.length === 0) unreachable += 1;
      else hops.push({ host: exchange, port: this.#port, addresses, authenticated: authenticated ?? false });
    }
    const left = hops.filter(({ host }) => preferenceOf(exchanges, host) < ours);
    if (left.length > 0) return { kind: 'hops', domain, hops: left };
    if (ours !== Infinity) return loop(domain);
    const reasons = lookups.flatMap((lookup) => (lookup.status === 'rejected' ? [lookup.reason as unknown] : []));
    const unsure = reasons.find((reason) => !(reason instanceof DnsError && reason.permanent));
    if (unsure !== undefined) return dnsFailure(unsure, domain);
    if (unreachable > 0) return permanent('5.4.4', `the mail servers of ${domain} have no public address`);
    const [only] = exchanges;
    return exchanges.length === 1 && only?.exchange === domain
      ? permanent('5.4.4', `${domain} has neither a mail server nor an address`)
      : permanent('5.4.4', `no mail server of ${domain} has an address`);
  }

  /** IPv6 and IPv4 in turn, so that a family that is cut off costs one try; otherwise by chance. */
  #inOrder(addresses: readonly HostAddress[]): readonly HostAddress[] {
    const mixed = shuffled(addresses, this.#options.random);
    const six = mixed.filter(({ family }) => family === 6);
    const four = mixed.filter(({ family }) => family === 4);
    const turns = Array.from({ length: Math.max(six.length, four.length) }, (_, i) => [six[i], four[i]]).flat();
    return turns.filter((address) => address !== undefined).slice(0, MAX_ADDRESSES);
  }

  #reachable(address: string): boolean {
    return (this.#options.privateAddresses ?? false) || isPublic(address);
  }

  get #port(): number {
    return this.#options.port ?? 25;
  }
}

function preferenceOf(exchanges: readonly MxRecord[], host: string): number {
  return exchanges.find(({ exchange }) => exchange === host)?.preference ?? 0;
}

/** Best first, equals by chance (RFC 5321 §5.1); a host that is named twice counts once. */
function byPreference(records: readonly MxRecord[], random: Random): readonly MxRecord[] {
  const sorted = shuffled(records, random).sort((a, b) => a.preference - b.preference);
  const seen = new Set<string>();
  return sorted.filter(({ exchange }) => !seen.has(exchange) && seen.add(exchange));
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const keyed = items.map((item) => [random.fraction(), item] as const);
  return keyed.sort(([a], [b]) => a - b).map(([, item]) => item);
}

const permanent = (status: string, reason: string): Route => ({ kind: 'permanent', status, reason });
const temporary = (status: string, reason: string): Route => ({ kind: 'temporary', status, reason });

function loop(domain: string): Route {
  return permanent('5.4.6', `mail for ${domain} would come back to this server, which does not take it`);
}

/** Only a name that is known not to exist is a reason to give mail back. */
function dnsFailure(error: unknown, domain: string): Route {
  if (!(error instanceof DnsError)) return temporary('4.4.3', `DNS failed for ${domain}: ${String(error)}`);
  if (error.kind === 'nxdomain') return permanent('5.1.2', `${domain} does not exist`);
  return temporary('4.4.3', `DNS cannot tell about ${domain} now (${error.message})`);
}
