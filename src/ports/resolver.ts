/**
 * Resolver: DNS. Each answer says whether the name exists, so that callers tell a permanent failure from a temporary one.
 * Questions fail with `DnsError`, or with the signal's reason.
 *
 * `authenticated`: the record was validated (DNSSEC), and the server that says so is one that the operator trusts in this
 * (RFC 4035 §4.9.3). Absent is no.
 */
export interface Resolver extends AsyncDisposable {
  /** An exchange of '' is the null MX (RFC 7505). */
  mx(domain: string, signal?: AbortSignal): Promise<MxRecord[]>;
  /** IPv6 and IPv4; fails only when neither is there. An address answers itself. */
  addresses(host: string, signal?: AbortSignal): Promise<HostAddress[]>;
  txt(name: string, signal?: AbortSignal): Promise<string[]>;
  ptr(address: string, signal?: AbortSignal): Promise<string[]>;
  /** E.g. of `_25._tcp.mx.example.test` (RFC 6698). */
  tlsa(name: string, signal?: AbortSignal): Promise<TlsaRecord[]>;
  /** E.g. of `_imaps._tcp.example.test` (RFC 2782). A target of '' says that the service is not there. */
  srv(name: string, signal?: AbortSignal): Promise<SrvRecord[]>;
}

export interface MxRecord {
  readonly exchange: string;
  readonly preference: number;
  readonly authenticated?: boolean;
}

export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
  readonly authenticated?: boolean;
}

/** RFC 6698 §2.1: numbers as they stand in the record. */
export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  readonly data: Uint8Array;
  readonly authenticated?: boolean;
}

export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** `nxdomain` and `nodata` are permanent; `servfail` and `timeout` temporary. */
export class DnsError extends Error {
  override readonly name = 'DnsError';
  readonly kind: 'nxdomain' | 'nodata' | 'servfail' | 'timeout';
  constructor(kind: DnsError['kind'], name: string, options?: ErrorOptions) {
    super(`DNS ${kind} for ${name}`, options);
    this.kind = kind;
  }

  get permanent(): boolean {
    return this.kind === 'nxdomain' || this.kind === 'nodata';
  }
}
