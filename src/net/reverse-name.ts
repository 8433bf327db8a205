/**
 * What a client's address is called in DNS, for the trace line (RFC 5321 §4.4): looked up while the client speaks, and
 * believed only if the name leads back to the address. Nobody waits for it, and its failure is nobody's failure.
 */
import { SocketAddress, isIP } from 'node:net';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import { DnsError, type Resolver } from '../ports/resolver.ts';
import { isLoopback } from './address.ts';

/** For one address, all questions together. */
const DEADLINE_MS = 2_000;
/** How long answers are kept: a name, that there is none, that nobody could say. */
const KNOWN_MS = 3_600_000;
const NONE_MS = 600_000;
const FAILED_MS = 60_000;
/** Addresses looked up at the same time; beyond that a flood of clients would be a flood of questions. */
const MOST_AT_ONCE = 100;
/** Names of one address that are looked at. */
const MOST_NAMES = 4;

export interface ReverseName {
  /** Undefined until it is known, and when there is none. */
  readonly name: string | undefined;
  /** Resolves with the name, after two seconds at most; never rejects. */
  readonly settled: Promise<string | undefined>;
}

const NONE: ReverseName = { name: undefined, settled: Promise.resolve(undefined) };
const LOCAL: ReverseName = { name: 'localhost', settled: Promise.resolve('localhost') };

export class ReverseNames {
  readonly #resolver: Pick<Resolver, 'ptr' | 'addresses'>;
  readonly #cache: Pick<Cache, 'get' | 'set'>;
  readonly #clock: Clock;
  readonly #running = new Map<string, Promise<string | undefined>>();

  constructor(parts: {
    readonly resolver: Pick<Resolver, 'ptr' | 'addresses'>;
    readonly cache: Pick<Cache, 'get' | 'set'>;
    readonly clock: Clock;
  }) {
    this.#resolver = parts.resolver;
    this.#cache = parts.cache;
    this.#clock = parts.clock;
  }

  begin(address: string): ReverseName {
    if (isLoopback(address)) return LOCAL;
    if (address === '') return NONE;
    let running = this.#running.get(address);
    if (running === undefined) {
      if (this.#running.size >= MOST_AT_ONCE) return NONE;
      running = this.#look(address)
        .catch(() => undefined)
        .finally(() => this.#running.delete(address));
      this.#running.set(address, running);
    }
    const found: { name: string | undefined; settled: Promise<string | undefined> } = {
      name: undefined,
      settled: running.then((name) => (found.name = name)),
    };
    return found;
  }

  async #look(address: string): Promise<string | undefined> {
    const key = `reverse:${address}`;
    const known = await this.#cache.get(key);
    if (known !== undefined) return Buffer.from(known).toString() || undefined;
    const controller = new AbortController();
    const late = Promise.withResolvers<undefined>();
    using _ = this.#clock.after(DEADLINE_MS, () => {
      late.resolve(undefined);
      controller.abort(new DnsError('timeout', address));
    });
    let keepMs = FAILED_MS;
    const asked = this.#ask(address, controller.signal).then(
      (name) => {
        keepMs = name === undefined ? NONE_MS : KNOWN_MS;
        return name;
      },
      (error: unknown) => {
        if (error instanceof DnsError && error.permanent) keepMs = NONE_MS;
        return undefined;
      },
    );
    // A resolver may not listen to the signal.
    const name = await Promise.race([asked, late.promise]);
    await this.#cache.set(key, Buffer.from(name ?? ''), keepMs);
    return name;
  }

  async #ask(address: string, signal: AbortSignal): Promise<string | undefined> {
    const names = await this.#resolver.ptr(address, signal);
    for (const written of names.slice(0, MOST_NAMES)) {
      const name = written.toLowerCase().replace(/\.$/, '');
      if (!/^[a-z0-9_-][a-z0-9._-]{0,252}$/.test(name)) continue;
      if (await this.#leadsTo(name, address, signal)) return name;
    }
    return undefined;
  }

  async #leadsTo(name: string, address: string, signal: AbortSignal): Promise<boolean> {
    try {
      const found = await this.#resolver.addresses(name, signal);
      return found.some((one) => plain(one.address) === plain(address));
    } catch (error) {
      if (error instanceof DnsError && error.permanent) return false;
      throw error;
    }
  }
}

/** An IPv6 address may be written in many ways. */
function plain(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}
