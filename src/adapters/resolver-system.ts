/** DNS through the system's servers, or those that the configuration names. */
import { NODATA, NOTFOUND, Resolver as Dns } from 'node:dns/promises';
import { isIP } from 'node:net';
import { DnsError, type Resolver } from '../ports/resolver.ts';

export interface SystemResolverOptions {
  /** "address" or "address:port"; empty = the system's. */
  readonly servers?: readonly string[];
  /** For one question, all tries and servers together. Default 10 s. */
  readonly deadlineMs?: number;
}

const TRY_MS = 2_500;

export class SystemResolver implements Resolver {
  readonly #options: SystemResolverOptions;
  readonly #dns = new Set<Dns>();

  constructor(options: SystemResolverOptions = {}) {
    this.#options = options;
    // A wrong address should be known at the start, not at the first question.
    this.#server();
  }

  mx(domain: string, signal?: AbortSignal): Promise<{ exchange: string; preference: number }[]> {
    return this.#ask(domain, signal, async (dns) => {
      const records = await dns.resolveMx(domain);
      return records.map(({ exchange, priority }) => ({ exchange, preference: priority }));
    });
  }

  /** IPv6 and IPv4; fails only when neither is there. */
  async addresses(host: string, signal?: AbortSignal): Promise<{ address: string; family: 4 | 6 }[]> {
    const family = isIP(host);
    if (family === 4 || family === 6) return [{ address: host, family }];
    const [six, four] = await Promise.allSettled([
      this.#ask(host, signal, (dns) => dns.resolve6(host)),
      this.#ask(host, signal, (dns) => dns.resolve4(host)),
    ]);
    const found = [
      ...(six.status === 'fulfilled' ? six.value.map((address) => ({ address, family: 6 as const })) : []),
      ...(four.status === 'fulfilled' ? four.value.map((address) => ({ address, family: 4 as const })) : []),
    ];
    if (found.length > 0) return found;
    // One temporary failure is enough to not know.
    const reasons = [six, four].map((answer) =>
      answer.status === 'rejected' ? (answer.reason as unknown) : undefined,
    );
    throw reasons.find((reason) => !isPermanent(reason)) ?? reasons[1] ?? new DnsError('nodata', host);
  }

  txt(name: string, signal?: AbortSignal): Promise<string[]> {
    return this.#ask(name, signal, async (dns) => (await dns.resolveTxt(name)).map((pieces) => pieces.join('')));
  }

  ptr(address: string, signal?: AbortSignal): Promise<string[]> {
    if (isIP(address) === 0) return Promise.reject(new RangeError(`not an IP address: ${address.slice(0, 80)}`));
    return this.#ask(address, signal, (dns) => dns.reverse(address));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const dns of this.#dns) dns.cancel();
  }

  #server(): Dns {
    const { servers = [] } = this.#options;
    const dns = new Dns({ timeout: TRY_MS, tries: 2 });
    if (servers.length > 0) dns.setServers(servers);
    return dns;
  }

  /** One resolver a question: cancelling is all or nothing. */
  async #ask<T>(name: string, signal: AbortSignal | undefined, ask: (dns: Dns) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    // An empty or over-long name is not asked for: it cannot exist.
    if (name.length === 0 || name.length > 255) throw new DnsError('nxdomain', name.slice(0, 80));
    const dns = this.#server();
    this.#dns.add(dns);
    const deadline = AbortSignal.timeout(this.#options.deadlineMs ?? 10_000);
    const stop = signal ? AbortSignal.any([signal, deadline]) : deadline;
    const cancel = () => dns.cancel();
    stop.addEventListener('abort', cancel, { once: true });
    try {
      return await ask(dns);
    } catch (error) {
      signal?.throwIfAborted();
      throw new DnsError(kindOf(error, deadline.aborted), name, { cause: error });
    } finally {
      stop.removeEventListener('abort', cancel);
      this.#dns.delete(dns);
    }
  }
}

function kindOf(error: unknown, late: boolean): DnsError['kind'] {
  const { code } = error as NodeJS.ErrnoException;
  if (code === NOTFOUND) return 'nxdomain';
  if (code === NODATA) return 'nodata';
  // What is no name at all does not exist either.
  if (code === 'EBADNAME' || code === 'ERR_INVALID_ARG_VALUE') return 'nxdomain';
  return late || code === 'ETIMEOUT' || code === 'ECANCELLED' ? 'timeout' : 'servfail';
}

function isPermanent(error: unknown): boolean {
  return error instanceof DnsError && (error.kind === 'nxdomain' || error.kind === 'nodata');
}
