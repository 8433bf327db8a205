/**
 * Who sent this mail? SPF (RFC 7208), DKIM, ARC, DMARC (RFC 9989) and the client's name, checked while the mail comes in and
 * decided soon after its end: DNS that does not answer makes a result `temperror`, it never holds up the mail.
 */
import { decodeAddresses, parseAddressList } from '../../mail/address.ts';
import type { HeaderBlock } from '../../mail/header.ts';
import { isLoopback } from '../../net/address.ts';
import type { ReverseNames } from '../../net/reverse-name.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Resolver } from '../../ports/resolver.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Counter, Metrics } from '../../telemetry/metrics.ts';
import type { Origin } from '../arrival.ts';
import { brandIndicator } from './bimi.ts';
import { type DnsLookup, lookup } from './dns.ts';
import { disposition, type DmarcRules } from './policy.ts';
import type { Authentication, AuthResult, DmarcPolicy } from './results.ts';
import { checkSignatures, type Signatures } from './signatures.ts';

export interface AuthenticatorParts {
  readonly resolver: Resolver;
  /** The same as those of the sessions, so that nobody asks twice. */
  readonly reverseNames: Pick<ReverseNames, 'begin'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Names us in what SPF explains. */
  readonly hostname: string;
  readonly rules: DmarcRules;
  /** Whether mail from this machine itself is checked, too. */
  readonly loopback: boolean;
  /** Hears of each evaluation, for reports. It must neither throw nor take time. */
  readonly evaluated?: ((checked: CheckedOrigin) => void) | undefined;
}

/** An evaluation as reports about it are made (RFC 9990). */
export interface CheckedOrigin extends Pick<Authentication, 'spf' | 'dkim' | 'dmarc'> {
  readonly sender: string;
  readonly remote: string;
  /** The mail is a report itself. */
  readonly isReport: boolean;
  /** `rua` of the policy that was found; '' when it has none. */
  readonly reportsTo: string;
}

/** For the questions that can be asked at once, and again for those that need the whole mail. */
export const DEADLINE_MS = 10_000;
/** More authors than that nobody has. */
const MOST_AUTHORS = 100;
const MOST_FROM = 8 << 10;

export interface RunningCheck {
  /** The mail from its first byte. Resolves when the next piece may come. */
  push(piece: Uint8Array): Promise<void>;
  /** After the last piece; never throws. */
  end(): Promise<Authentication>;
  abort(): void;
}

export class Authenticator {
  readonly #parts: AuthenticatorParts;
  readonly #results: Counter<'method' | 'result'>;

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
    this.#results = parts.metrics.counter('mail_authentication_total', 'Mails checked, by method and result.', [
      'method',
      'result',
    ]);
  }

  /** Undefined when there is nothing to check: the mail was made here. */
  begin(sender: string, origin: Origin, header: HeaderBlock): RunningCheck | undefined {
    const { loopback, clock, resolver } = this.#parts;
    if (origin.remote === '' || (isLoopback(origin.remote) && !loopback)) return undefined;
    const early = new Deadline(clock);
    const dns = lookup(resolver, early.signal);
    const reverse = this.#parts.reverseNames.begin(origin.remote).settled;
    const client = Promise.all([reverse, this.#spf(sender, origin, dns)]).finally(() => early[Symbol.dispose]());
    client.catch(() => undefined);
    const late = new Deadline(clock, false);
    const lateDns = lookup(resolver, late.signal);
    const signatures = checkSignatures(header, lateDns, clock.now());
    return {
      push: (piece) => signatures.push(piece),
      end: async () => {
        late.begin();
        using _until = late;
        const [[{ result, name }, spf], signed] = await Promise.all([client, signatures.end()]);
        const { dmarc, reportsTo } = await this.#dmarc(header, spf, signed, lateDns);
        const iprev = { result, address: origin.remote, name };
        const bimi = await brandIndicator(dmarc, resolver, late.signal);
        const authentication = { iprev, spf, ...signed, dmarc, ...(bimi && { bimi }) };
        this.#count(authentication);
        const { remote } = origin;
        const { dkim } = signed;
        this.#parts.evaluated?.({ sender, remote, isReport: isReport(header), reportsTo, spf, dkim, dmarc });
        return authentication;
      },
      abort: () => signatures.abort(),
    };
  }

  async #spf(sender: string, origin: Origin, resolver: DnsLookup): Promise<Authentication['spf']> {
    const identity = sender === '' ? 'helo' : 'mailfrom';
    const hello = origin.hello === '' ? origin.remote : origin.hello;
    try {
      const { spf } = await import('mailauth/lib/spf/index.js');
      const { status, domain } = await spf({
        sender,
        ip: origin.remote,
        helo: hello,
        mta: this.#parts.hostname,
        resolver,
        strict: true,
      });
      return { result: status.result as AuthResult, identity, domain: domain === '-' ? '' : domain };
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'SPF could not be checked');
      return { result: 'temperror', identity, domain: '', reason: 'it could not be checked' };
    }
  }

  async #dmarc(
    header: HeaderBlock,
    spf: Authentication['spf'],
    { dkim, arc }: Signatures,
    resolver: DnsLookup,
  ): Promise<{ readonly dmarc: Authentication['dmarc']; readonly reportsTo: string }> {
    const nothing = {
      domain: '',
      policyDomain: '',
      policy: 'none',
      disposition: 'none',
      spfAligned: false,
      dkimAligned: false,
    } as const;
    const fields = header.all('from');
    const authors = authorsOf(fields);
    const none = (result: AuthResult, reason: string) => ({ dmarc: { ...nothing, result, reason }, reportsTo: '' });
    if (authors === undefined) return none('permerror', 'there are too many authors');
    try {
      const { evaluateDmarc } = await import('mailauth/lib/dmarc/index.js');
      const { response, reason } = await evaluateDmarc({
        headerFrom: authors,
        fromFields: fields.length,
        spfDomains: spf.result === 'pass' ? [spf.domain] : [],
        dkimDomains: dkim
          .filter(({ result }) => result === 'pass')
          .map(({ domain, uncovered = 0 }) => ({ domain, underSized: uncovered })),
        resolver,
        strict: true,
      });
      if (response === false) return none('permerror', (reason ?? '').replaceAll('-', ' '));
      const result = response.status.result as AuthResult;
      const policy = (response.policy ?? 'none') as DmarcPolicy;
      const { rua } = (response as { readonly record?: { readonly rua?: unknown } }).record ?? {};
      const dmarc = {
        result,
        domain: response.status.header?.from ?? '',
        policyDomain: response.policyDomain ?? '',
        policy,
        ...disposition({ result, policy }, { arc, dkim }, header, this.#parts.rules),
        spfAligned: response.alignment?.spf.result !== undefined,
        dkimAligned: response.alignment?.dkim.result !== undefined,
      };
      return { dmarc, reportsTo: typeof rua === 'string' ? rua : '' };
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'DMARC could not be checked');
      return none('temperror', 'it could not be checked');
    }
  }

  #count({ iprev, spf, dkim, arc, dmarc }: Authentication): void {
    const best = dkim.find(({ result }) => result === 'pass') ?? dkim[0];
    const results = { iprev, spf, dkim: best, arc, dmarc };
    for (const [method, one] of Object.entries(results)) this.#results.inc({ method, result: one?.result ?? 'none' });
  }
}

/** By what its standards ask for (RFC 9990 §4, RFC 8460 §5.3). */
function isReport(header: HeaderBlock): boolean {
  return header.first('tls-report-domain') !== undefined || /^\s*Report\s+Domain:/i.test(header.first('subject') ?? '');
}

/** Undefined when there are more than are looked at. */
function authorsOf(fields: readonly string[]): string[] | undefined {
  if (fields.some((field) => field.length > MOST_FROM)) return undefined;
  const authors = fields.flatMap((field) =>
    decodeAddresses(parseAddressList(field)).flatMap(({ address, group }) =>
      group === undefined ? [address] : group.members.map((member) => member.address),
    ),
  );
  return authors.length > MOST_AUTHORS ? undefined : authors;
}

/** A signal that comes after so long. */
class Deadline implements Disposable {
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #timer: Disposable | undefined;

  constructor(clock: Clock, begun = true) {
    this.#clock = clock;
    if (begun) this.begin();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  begin(): void {
    this.#timer = this.#clock.after(DEADLINE_MS, () => this.#abort.abort());
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}
