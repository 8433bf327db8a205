/** Where the operator sends mail instead of asking DNS: a next hop for some domains, or for all. */

/** A next hop that the operator named. */
export interface Relay {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (`smtps`), else STARTTLS where it is offered. */
  readonly implicitTls: boolean;
  /** TLS with a certificate that proves the host's name, or no mail. */
  readonly verifyTls: boolean;
  readonly credentials?: { readonly user: string; readonly password: string };
}

/** By domain: `example.test`, `.example.test` for what is below it, `*` for everything. */
export type Transports = ReadonlyMap<string, Relay>;

/** The most exact entry wins. */
export function transportFor(domain: string, transports: Transports): Relay | undefined {
  const exact = transports.get(domain);
  if (exact !== undefined) return exact;
  for (let dot = domain.indexOf('.'); dot >= 0; dot = domain.indexOf('.', dot + 1)) {
    const below = transports.get(domain.slice(dot));
    if (below !== undefined) return below;
  }
  return transports.get('*');
}
