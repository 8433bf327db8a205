/** Resolver: DNS. Each answer says whether the name exists, so that callers tell a permanent failure from a temporary one. */
export interface Resolver extends AsyncDisposable {
  mx(domain: string, signal?: AbortSignal): Promise<{ exchange: string; preference: number }[]>;
  addresses(host: string, signal?: AbortSignal): Promise<{ address: string; family: 4 | 6 }[]>;
  txt(name: string, signal?: AbortSignal): Promise<string[]>;
  ptr(address: string, signal?: AbortSignal): Promise<string[]>;
}

/** `nxdomain` and `nodata` are permanent; `servfail` and `timeout` temporary. */
export class DnsError extends Error {
  override readonly name = 'DnsError';
  readonly kind: 'nxdomain' | 'nodata' | 'servfail' | 'timeout';
  constructor(kind: DnsError['kind'], name: string, options?: ErrorOptions) {
    super(`DNS ${kind} for ${name}`, options);
    this.kind = kind;
  }
}
