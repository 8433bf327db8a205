/**
 * The certificates that the service uses, wherever they come from: looked at again and again, so that a renewed one is in use a moment
 * later and nobody's connection ends for it. One that is no good leaves the one before it in use.
 */
import { X509Certificate } from 'node:crypto';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { contextOf, type KeyPair, namesOf, TlsIdentity } from './tls.ts';

export interface CertificateSource {
  /** For people: a file, a host name. */
  readonly name: string;
  /** Undefined while there is none. */
  read(): Promise<KeyPair | undefined>;
}

export interface CertificateFacts {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly validTo: number;
  /** Why what is there now is not used; the last good one is. */
  readonly problem: string | undefined;
}

interface Used {
  pair: KeyPair | undefined;
  /** What was read last, good or not. */
  seen: string;
  problem: string | undefined;
}

const LOOK_MS = 30_000;
/** With less time left than this an operator should hear of it. */
export const ENDING_DAYS = 14;
const DAY_MS = 86_400_000;

export interface CertificateParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

export class Certificates implements Disposable {
  readonly identity: TlsIdentity;
  readonly #parts: CertificateParts;
  readonly #used: ReadonlyMap<CertificateSource, Used>;
  #timer: Disposable | undefined;
  #reloading: Promise<readonly string[]> | undefined;
  #warnedAt = -Infinity;

  private constructor(identity: TlsIdentity, used: ReadonlyMap<CertificateSource, Used>, parts: CertificateParts) {
    this.identity = identity;
    this.#used = used;
    this.#parts = parts;
    parts.metrics.watched(
      'tls_certificate_expiry_timestamp_seconds',
      'When a certificate in use ends.',
      ['certificate'],
      async (set) => {
        for (const { name, validTo } of this.facts()) set({ certificate: name }, validTo / 1000);
      },
    );
    parts.metrics.watched(
      'tls_certificate_refused',
      'Whether what is there for a certificate is no good.',
      ['certificate'],
      async (set) => {
        for (const { name, problem } of this.facts()) set({ certificate: name }, problem === undefined ? 0 : 1);
      },
    );
    this.#warnOfEnds();
    this.#wait();
  }

  /**
   * The certificate of the first source that has one is for clients that name no host. One that cannot be used is an error here, unless a
   * later source has one.
   */
  static async open(sources: readonly CertificateSource[], parts: CertificateParts): Promise<Certificates> {
    const used = new Map<CertificateSource, Used>();
    let failure: unknown = new Error('there is no certificate');
    for (const source of sources) {
      const state: Used = { pair: undefined, seen: '', problem: undefined };
      used.set(source, state);
      try {
        const pair = await source.read();
        if (pair !== undefined) contextOf(pair);
        state.pair = pair;
        state.seen = textOf(pair);
      } catch (error) {
        failure = error;
        state.problem = (error as Error).message;
      }
    }
    const [first, ...others] = pairsOf(used);
    if (first === undefined) throw failure;
    return new Certificates(new TlsIdentity(first, ...others), used, parts);
  }

  /** Looks at all sources now. Answers what is new, by name. */
  reload(): Promise<readonly string[]> {
    this.#reloading ??= this.#reload().finally(() => (this.#reloading = undefined));
    return this.#reloading;
  }

  facts(): readonly CertificateFacts[] {
    return [...this.#used].flatMap(([{ name }, { pair, problem }]) => {
      if (pair === undefined)
        return problem === undefined ? [] : [{ name, hosts: [], issuer: '', validTo: 0, problem }];
      const certificate = new X509Certificate(pair.cert);
      return [
        {
          name,
          hosts: namesOf(certificate),
          issuer: certificate.issuer.replaceAll('\n', ', '),
          validTo: certificate.validToDate.getTime(),
          problem,
        },
      ];
    });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  #wait(): void {
    this.#timer = this.#parts.clock.after(LOOK_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    await this.reload();
    this.#warnOfEnds();
    if (this.#timer !== undefined) this.#wait();
  }

  async #reload(): Promise<readonly string[]> {
    const { clock, log } = this.#parts;
    const changed: string[] = [];
    for (const [source, state] of this.#used) {
      const { name } = source;
      try {
        const pair = await source.read();
        const text = textOf(pair);
        if (text === state.seen && state.problem === undefined) continue;
        // It was refused, or read while it was being written: whatever is there now is looked at again.
        if (pair === undefined) throw new Error('it is not there any more');
        contextOf(pair);
        const { validToDate } = new X509Certificate(pair.cert);
        if (validToDate.getTime() < clock.now()) throw new Error(`it ended on ${validToDate.toISOString()}`);
        state.seen = text;
        state.pair = pair;
        state.problem = undefined;
        changed.push(name);
      } catch (error) {
        const { message } = error as Error;
        if (message !== state.problem)
          log.error({ certificate: name, reason: message }, 'a certificate is no good: the one before it stays in use');
        state.problem = message;
      }
    }
    const [first, ...others] = pairsOf(this.#used);
    if (changed.length > 0 && first !== undefined) {
      this.identity.replace(first, ...others);
      for (const { name, hosts, validTo } of this.facts())
        if (changed.includes(name))
          log.info({ certificate: name, hosts, until: new Date(validTo).toISOString() }, 'a certificate is in use');
    }
    return changed;
  }

  /** Once a day. */
  #warnOfEnds(): void {
    const { clock, log } = this.#parts;
    const now = clock.now();
    if (now - this.#warnedAt < DAY_MS) return;
    this.#warnedAt = now;
    for (const { name, validTo } of this.facts())
      if (validTo - now < ENDING_DAYS * DAY_MS)
        log.warn({ certificate: name, until: new Date(validTo).toISOString() }, 'a certificate ends soon: renew it');
  }
}

function pairsOf(used: ReadonlyMap<CertificateSource, Used>): KeyPair[] {
  return [...used.values()].flatMap(({ pair }) => (pair === undefined ? [] : [pair]));
}

function textOf(pair: KeyPair | undefined): string {
  return pair === undefined ? '' : `${pair.cert}\n${pair.key}`;
}
