/** Where the operator sends mail instead of asking DNS: a next hop for some domains, or for all. */
import { isIP } from 'node:net';

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

const PORTS = new Map([
  ['smtp', 25],
  ['smtps', 465],
]);
const URL_FORM = /^(smtps?):\/\/(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9._-]{1,253}))(?::(\d{1,5}))?\/?$/;

/** `smtp://host:port`, `smtps://[::1]`; undefined when it is none. */
export function parseRelay(text: string): Relay | undefined {
  const match = URL_FORM.exec(text.trim());
  const scheme = match?.[1] ?? '';
  const host = match?.[2] ?? match?.[3];
  const port = Number(match?.[4] ?? PORTS.get(scheme));
  if (host === undefined || (match?.[2] !== undefined && isIP(host) === 0) || port < 1 || port > 65_535)
    return undefined;
  return { host: host.toLowerCase(), port, implicitTls: scheme === 'smtps', verifyTls: false };
}

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
