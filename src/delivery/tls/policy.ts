/**
 * What TLS must be with one server: encryption where it is offered (RFC 7435), or what DANE (RFC 7672), MTA-STS (RFC 8461),
 * the sender (REQUIRETLS, RFC 8689) or the operator asks for. DANE comes before MTA-STS (RFC 8461 §2).
 */
import { DnsError, type HostAddress, type Resolver, type TlsaRecord } from '../../ports/resolver.ts';
import type { TlsPlan } from '../client/session.ts';
import type { ClientWire } from '../client/wire.ts';
import type { Hop } from '../route.ts';
import { daneFault, isUsable } from './dane.ts';
import { matchesPolicy, type MtaSts, type StsFault, type StsPolicy } from './mta-sts.ts';

/** RFC 8460 §4.4. */
export type PolicyType = 'tlsa' | 'sts' | 'no-policy-found';

/** Some of RFC 8460 §4.3. */
export type TlsFailure =
  | 'starttls-not-supported'
  | 'certificate-host-mismatch'
  | 'certificate-expired'
  | 'certificate-not-trusted'
  | 'validation-failure'
  | StsFault['result'];

export interface Decision {
  readonly policy: PolicyType;
  readonly plan: TlsPlan;
  /** Should the handshake fail, the mail may go without TLS. */
  readonly clearTextAllowed: boolean;
  /** What reports name as the policy: its TLSA records, as in a zone file. */
  readonly tlsa?: readonly string[];
  /** What would be wrong with a session if the policy were in force: it is told, and nothing else. */
  readonly tested?: (wire: ClientWire) => string | undefined;
  /** Sessions that were opened under one decision are no good for another. */
  readonly key: string;
}

/** This server gets no mail now. `temporary`: another one, or this one later. */
export interface Refusal {
  readonly kind: 'temporary' | 'permanent';
  readonly status: string;
  readonly reason: string;
}

export interface TlsPolicyOptions {
  readonly resolver: Resolver;
  /** Absent: MTA-STS is not looked at. */
  readonly mtaSts?: MtaSts;
  /** Roots that are trusted beside Node's own; PEM. */
  readonly ca?: readonly string[];
}

/** Better an old cipher than none, as nobody is checked anyway. */
const ANY_TLS = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
const GOOD_TLS = { minVersion: 'TLSv1.2' } as const;

export class TlsPolicies {
  readonly #options: TlsPolicyOptions;

  constructor(options: TlsPolicyOptions) {
    this.#options = options;
  }

  /** MTA-STS of a domain; undefined when it has none. Never fails. */
  async domainPolicy(domain: string, signal: AbortSignal): Promise<StsPolicy | undefined> {
    const policy = await this.#options.mtaSts?.policy(domain, signal);
    return policy?.mode === 'none' ? undefined : policy;
  }

  /** Fails only with the signal's reason. */
  async decide(
    hop: Hop,
    address: HostAddress,
    sts: StsPolicy | undefined,
    requireTls: boolean,
    signal: AbortSignal,
  ): Promise<Decision | Refusal> {
    if (hop.relay) return this.#relay(hop, requireTls);
    const dane = await this.#dane(hop, address, requireTls, signal);
    if (dane) return dane;
    if (sts?.mode === 'enforce') {
      if (!matchesPolicy(hop.host, sts))
        return { kind: 'temporary', status: '4.7.5', reason: `the MTA-STS policy does not name ${hop.host}` };
      return this.#verified('sts');
    }
    if (requireTls) {
      if (hop.authenticated || (sts && matchesPolicy(hop.host, sts))) return this.#verified('no-policy-found');
      const reason = `nothing proves that ${hop.host} is the right server, as the sender requires (REQUIRETLS)`;
      return { kind: 'permanent', status: '5.7.10', reason };
    }
    if (sts === undefined) return opportunistic('no-policy-found');
    const tested = (wire: ClientWire): string | undefined =>
      matchesPolicy(hop.host, sts) ? pkixFault(wire) : `the MTA-STS policy does not name ${hop.host}`;
    const { ca } = this.#options;
    const plan: TlsPlan = { use: 'may', options: { ...ANY_TLS, ...(ca && { ca: [...ca] }) } };
    return { ...opportunistic('sts'), plan, tested };
  }

  /** For mail with `TLS-Required: No` (RFC 8689 §5): TLS where it is offered, with whoever it is. */
  withoutPolicy(hop: Hop): Decision {
    return hop.relay ? this.#relay(hop, false) : opportunistic('no-policy-found');
  }

  #relay({ relay }: Hop, requireTls: boolean): Decision {
    const verified = relay?.verifyTls === true || requireTls;
    const use: TlsPlan['use'] = relay?.implicitTls === true ? 'implicit' : verified ? 'must' : 'may';
    const plan: TlsPlan = verified ? { use, options: this.#roots, verify: pkixFault } : { use, options: ANY_TLS };
    const key = `relay ${use} ${String(verified)} ${relay?.credentials?.user ?? ''}`;
    return { policy: 'no-policy-found', plan, clearTextAllowed: use === 'may', key };
  }

  #verified(policy: PolicyType): Decision {
    const plan: TlsPlan = { use: 'must', options: this.#roots, verify: pkixFault };
    return { policy, plan, clearTextAllowed: false, key: 'pkix' };
  }

  /** Undefined where DANE does not apply: not every step to the server was validated, or there are no records. */
  async #dane(
    hop: Hop,
    address: HostAddress,
    requireTls: boolean,
    signal: AbortSignal,
  ): Promise<Decision | Refusal | undefined> {
    if (!hop.authenticated || address.authenticated !== true) return undefined;
    let records: readonly TlsaRecord[];
    try {
      records = await this.#options.resolver.tlsa(`_${hop.port}._tcp.${hop.host}`, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof DnsError && error.permanent) return undefined;
      // Somebody may be hiding them (RFC 7672 §2.1.3).
      return { kind: 'temporary', status: '4.7.5', reason: `the TLSA records of ${hop.host} cannot be looked up now` };
    }
    if (!records.every(({ authenticated }) => authenticated === true)) return undefined;
    const usable = records.filter(isUsable);
    // The name of the server is sure, so a certificate for it is proof enough.
    if (usable.length === 0 && requireTls) return this.#verified('tlsa');
    const verify = (wire: ClientWire): string | undefined =>
      wire.tlsSocket && daneFault(wire.tlsSocket, usable, hop.host);
    // Records, but none that we understand: TLS without knowing with whom (RFC 7672 §2.2).
    const plan: TlsPlan = { use: 'must', options: GOOD_TLS, ...(usable.length > 0 && { verify }) };
    const tlsa = usable.map(recordText);
    return { policy: 'tlsa', tlsa, plan, clearTextAllowed: false, key: `tlsa ${tlsa.toSorted().join(',')}` };
  }

  get #roots(): NonNullable<TlsPlan['options']> {
    const { ca } = this.#options;
    return { ...GOOD_TLS, ...(ca && { ca: [...ca] }) };
  }
}

const MAY: TlsPlan = { use: 'may', options: ANY_TLS };

function opportunistic(policy: PolicyType): Decision {
  return { policy, plan: MAY, clearTextAllowed: true, key: 'may' };
}

function recordText({ usage, selector, matchingType, data }: TlsaRecord): string {
  return [usage, selector, matchingType, Buffer.from(data).toString('hex')].join(' ');
}

/** What went wrong in the words of reports (RFC 8460 §4.3), from ours. */
export function failureType(reason: string): TlsFailure {
  if (reason.includes('CERT_HAS_EXPIRED') || reason.includes('out of date')) return 'certificate-expired';
  if (reason.includes('ALTNAME_INVALID') || reason.includes('does not name')) return 'certificate-host-mismatch';
  return reason.includes('is not trusted') ? 'certificate-not-trusted' : 'validation-failure';
}

/** The certificate leads to a root that is trusted, and names the host (RFC 6125). */
function pkixFault(wire: ClientWire): string | undefined {
  const socket = wire.tlsSocket;
  if (socket === undefined) return 'no TLS';
  if (socket.authorized) return undefined;
  // Node has a code there where its types say an error.
  const why: unknown = socket.authorizationError;
  return `the certificate is not trusted: ${why instanceof Error ? why.message : String(why)}`;
}
