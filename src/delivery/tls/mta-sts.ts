/** MTA-STS (RFC 8461): a domain's word, published over HTTPS, on which servers are its own and that they speak TLS. */
import type { Clock } from '../../ports/clock.ts';
import type { Resolver } from '../../ports/resolver.ts';

export interface StsPolicy {
  readonly mode: 'enforce' | 'testing' | 'none';
  /** Host names; `*.example.test` stands for one label. */
  readonly mx: readonly string[];
  readonly maxAgeMs: number;
  /** The policy as it was written, one entry a line: for reports (RFC 8460 §4.4). */
  readonly lines: readonly string[];
}

/** Resolves with the text at `https://mta-sts.DOMAIN/.well-known/mta-sts.txt`, or rejects. */
export type FetchPolicy = (domain: string, signal: AbortSignal) => Promise<string>;

/** A policy that was fetched: its text, the id it had in DNS, and until when it holds (milliseconds since 1970). */
export interface KeptPolicy {
  readonly id: string;
  readonly text: string;
  readonly until: number;
}

/** Policies outlive the process: who comes between us and the other domain at a start must not make us forget them (RFC 8461 §10.2). */
export interface PolicyStore {
  load(domain: string): Promise<KeptPolicy | undefined>;
  save(domain: string, policy: KeptPolicy): Promise<void>;
}

/** A policy that the domain announces and that cannot be had, in the words of reports (RFC 8460 §4.3.2.2). */
export interface StsFault {
  readonly domain: string;
  readonly result: 'sts-policy-fetch-error' | 'sts-policy-invalid' | 'sts-webpki-invalid';
  readonly reason: string;
  /** An earlier one, which is still in force. */
  readonly policy: StsPolicy | undefined;
}

export interface MtaStsOptions {
  readonly resolver: Resolver;
  readonly fetch: FetchPolicy;
  readonly clock: Clock;
  /** Absent: in memory only. */
  readonly store?: PolicyStore;
  /** Told of each fetch that fails. */
  readonly onFault?: (fault: StsFault) => void;
}

/** RFC 8461 §3.2: a year. */
const MAX_AGE_S = 31_557_600;
const MAX_NAMES = 100;
export const MAX_POLICY_BYTES = 64 << 10;
const FETCH_MS = 60_000;
/** After a fetch that failed nobody is asked again for so long (RFC 8461 §3.3). */
const RETRY_MS = 5 * 60_000;
const MAX_DOMAINS = 10_000;

interface Known {
  readonly id: string;
  readonly policy: StsPolicy;
  readonly until: number;
}

export class MtaSts {
  readonly #options: MtaStsOptions;
  readonly #known = new Map<string, Known>();
  readonly #recalledOnce = new Map<string, true>();
  readonly #failed = new Map<string, number>();
  readonly #fetching = new Map<string, Promise<void>>();

  constructor(options: MtaStsOptions) {
    this.#options = options;
  }

  /** Undefined when the domain has none. What was once learnt holds for as long as it said, whatever happens to DNS or the
   * web server meanwhile. */
  async policy(domain: string, signal: AbortSignal): Promise<StsPolicy | undefined> {
    const now = this.#options.clock.now();
    const id = await this.#id(domain, signal);
    const known = this.#current(domain) ?? (await this.#recalled(domain));
    if (id === undefined || known?.id === id || (this.#failed.get(domain) ?? 0) > now) return known?.policy;
    let fetching = this.#fetching.get(domain);
    if (fetching === undefined) {
      fetching = this.#fetch(domain, id).finally(() => this.#fetching.delete(domain));
      this.#fetching.set(domain, fetching);
    }
    const stopped = Promise.withResolvers<void>();
    const stop = (): void => stopped.resolve();
    signal.addEventListener('abort', stop, { once: true });
    await Promise.race([fetching, stopped.promise]);
    signal.removeEventListener('abort', stop);
    return this.#current(domain)?.policy;
  }

  #current(domain: string): Known | undefined {
    const known = this.#known.get(domain);
    return known !== undefined && known.until > this.#options.clock.now() ? known : undefined;
  }

  /** From before this process began: asked for once. */
  async #recalled(domain: string): Promise<Known | undefined> {
    if (this.#options.store === undefined || this.#recalledOnce.has(domain)) return undefined;
    try {
      const kept = await this.#options.store.load(domain);
      remember(this.#recalledOnce, domain, true);
      const policy = kept && parsePolicy(kept.text);
      if (policy === undefined || kept === undefined || kept.until <= this.#options.clock.now()) return undefined;
      const known = { id: kept.id, policy, until: kept.until };
      remember(this.#known, domain, known);
      return known;
    } catch {
      return undefined;
    }
  }

  /** RFC 8461 §3.1; undefined when there is none, or DNS does not tell. */
  async #id(domain: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      const texts = await this.#options.resolver.txt(`_mta-sts.${domain}`, signal);
      return stsId(texts);
    } catch {
      return undefined;
    }
  }

  async #fetch(domain: string, id: string): Promise<void> {
    const { clock } = this.#options;
    const late = new AbortController();
    using _deadline = clock.after(FETCH_MS, () => late.abort(new Error('the policy did not come in time')));
    try {
      const text = await this.#options.fetch(domain, late.signal);
      const policy = parsePolicy(text);
      if (policy === undefined) throw new InvalidPolicy('what is there is no policy');
      const until = clock.now() + policy.maxAgeMs;
      remember(this.#known, domain, { id, policy, until });
      this.#failed.delete(domain);
      // Without it the policy holds as long as this process does.
      await this.#options.store?.save(domain, { id, text, until }).catch(() => undefined);
    } catch (error) {
      remember(this.#failed, domain, clock.now() + RETRY_MS);
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onFault?.({ domain, result: faultType(error), reason, policy: this.#current(domain)?.policy });
    }
  }
}

class InvalidPolicy extends Error {
  override readonly name = 'InvalidPolicy';
}

/** OpenSSL's words for what is wrong with a certificate, as Node gives them. */
const CERTIFICATE = /^(?:CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|HOSTNAME_MISMATCH|ERR_TLS_CERT_)/;

function faultType(error: unknown): StsFault['result'] {
  if (error instanceof InvalidPolicy) return 'sts-policy-invalid';
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' && CERTIFICATE.test(code) ? 'sts-webpki-invalid' : 'sts-policy-fetch-error';
}

function remember<V>(map: Map<string, V>, domain: string, value: V): void {
  map.delete(domain);
  map.set(domain, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_DOMAINS) break;
    map.delete(oldest);
  }
}

/** The id in the one record that begins with `v=STSv1;`. */
export function stsId(texts: readonly string[]): string | undefined {
  const records = texts.filter((text) => /^v=STSv1\s*(?:;|$)/.test(text));
  if (records.length !== 1) return undefined;
  const fields = (records[0] ?? '').split(';').map((field) => field.trim());
  const id = fields.find((field) => field.startsWith('id='))?.slice(3);
  return id !== undefined && /^[A-Za-z0-9]{1,32}$/.test(id) ? id : undefined;
}

/** RFC 8461 §3.2; undefined when it is none. */
export function parsePolicy(text: string): StsPolicy | undefined {
  if (text.length > MAX_POLICY_BYTES) return undefined;
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== ''); // prettier-ignore
  const fields = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, Math.max(0, colon)).trim(), line.slice(colon + 1).trim()] as const;
  });
  const first = (name: string): string | undefined => fields.find(([key]) => key === name)?.[1];
  const mode = first('mode');
  const maxAge = first('max_age') ?? '';
  const mx = fields.filter(([key]) => key === 'mx').map(([, value]) => value.toLowerCase());
  if (first('version') !== 'STSv1' || (mode !== 'enforce' && mode !== 'testing' && mode !== 'none')) return undefined;
  if (!/^\d{1,10}$/.test(maxAge) || mx.length > MAX_NAMES || (mode !== 'none' && mx.length === 0)) return undefined;
  return { mode, mx, maxAgeMs: Math.min(Number(maxAge), MAX_AGE_S) * 1000, lines: lines.slice(0, MAX_NAMES + 10) };
}

/** RFC 8461 §4.1: `*` stands for one label, at the left. */
export function matchesPolicy(host: string, { mx }: StsPolicy): boolean {
  const above = host.slice(host.indexOf('.') + 1);
  return mx.some((name) => name === host || (name.startsWith('*.') && host.includes('.') && name.slice(2) === above));
}
