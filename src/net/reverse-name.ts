/**
 * What a client's address is called in DNS, for the trace line (RFC 5321 §4.4) and as a result of authentication (iprev,
 * RFC 8601 §3): looked up once, while the client speaks, and believed only if the name leads back to the address. No session
 * waits for it, and its failure is nobody's failure.
 */
import { SocketAddress, isIP } from 'node:net';
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';
import { DnsError, type Resolver } from '../ports/resolver.ts';
import { isLoopback } from './address.ts';

/** For one address, all questions together. */
const DEADLINE_MS = 2_000;
/** How long answers are kept. */
const KEPT_MS = { pass: 3_600_000, fail: 600_000, permerror: 600_000, temperror: 60_000 } as const;
/** Addresses looked up at the same time; beyond that a flood of clients would be a flood of questions. */
const MOST_AT_ONCE = 100;
/** Names of one address that are looked at. */
const MOST_NAMES = 4;

export interface Reverse {
  /** As in RFC 8601 §2.7.3: `fail` when no name leads back, `permerror` when there is none, `temperror` when nobody could say. */
  readonly result: 'pass' | 'fail' | 'temperror' | 'permerror';
  /** Lower case, without a dot at its end; '' unless the result is `pass`. */
  readonly name: string;
}

export interface ReverseName {
  /** Undefined until it is known, and when there is none. */
  readonly name: string | undefined;
  /** After two seconds at most; never rejects. */
  readonly settled: Promise<Reverse>;
}

const none = (result: Exclude<Reverse['result'], 'pass'>): Reverse => ({ result, name: '' });
const known = (reverse: Reverse): ReverseName => ({
  name: reverse.name === '' ? undefined : reverse.name,
  settled: Promise.resolve(reverse),
});

const LOCAL = known({ result: 'pass', name: 'localhost' });

export class ReverseNames {
  readonly #resolver: Pick<Resolver, 'ptr' | 'addresses'>;
  readonly #cache: Pick<Cache, 'get' | 'set'>;
  readonly #clock: Clock;
  readonly #running = new Map<string, Promise<Reverse>>();

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
    if (isIP(address) === 0) return known(none('permerror'));
    let running = this.#running.get(address);
    if (running === undefined) {
      if (this.#running.size >= MOST_AT_ONCE) return known(none('temperror'));
      running = this.#look(address)
        .catch(() => none('temperror'))
        .finally(() => this.#running.delete(address));
      this.#running.set(address, running);
    }
    const found: { name: string | undefined; settled: Promise<Reverse> } = {
      name: undefined,
      settled: running.then((reverse) => {
        found.name = reverse.name === '' ? undefined : reverse.name;
        return reverse;
      }),
    };
    return found;
  }

  async #look(address: string): Promise<Reverse> {
    const key = `reverse:${address}`;
    const kept = await this.#cache.get(key);
    if (kept !== undefined) return JSON.parse(Buffer.from(kept).toString()) as Reverse;
    const controller = new AbortController();
    const late = Promise.withResolvers<Reverse>();
    using _ = this.#clock.after(DEADLINE_MS, () => {
      late.resolve(none('temperror'));
      controller.abort(new DnsError('timeout', address));
    });
    // A resolver may not listen to the signal.
    const reverse = await Promise.race([this.#ask(address, controller.signal), late.promise]);
    await this.#cache.set(key, Buffer.from(JSON.stringify(reverse)), KEPT_MS[reverse.result]);
    return reverse;
  }

  async #ask(address: string, signal: AbortSignal): Promise<Reverse> {
    try {
      const names = await this.#resolver.ptr(address, signal);
      let temporary = false;
      for (const written of names.slice(0, MOST_NAMES)) {
        const name = written.toLowerCase().replace(/\.$/, '');
        if (!/^[a-z0-9_-][a-z0-9._-]{0,252}$/.test(name)) continue;
        try {
          const found = await this.#resolver.addresses(name, signal);
          if (found.some((one) => plain(one.address) === plain(address))) return { result: 'pass', name };
        } catch (error) {
          temporary ||= !isPermanent(error);
        }
      }
      return none(temporary ? 'temperror' : 'fail');
    } catch (error) {
      return none(isPermanent(error) ? 'permerror' : 'temperror');
    }
  }
}

function isPermanent(error: unknown): boolean {
  return error instanceof DnsError && error.permanent;
}

/** An IPv6 address may be written in many ways. */
function plain(address: string): string {
  return isIP(address) === 6 ? new SocketAddress({ address, family: 'ipv6' }).address : address;
}
