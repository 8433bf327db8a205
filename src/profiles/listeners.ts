/** Opens what the configuration asks for, all or nothing, and says in one line why not. */
import { formatEndpoint, type Endpoint } from '../config/values.ts';
import type { LineProtocol, Network } from '../net/network.ts';
import type { TlsIdentity } from '../net/tls.ts';
import { StartError } from './start-error.ts';

/** Keys of [listen] in the order in which people want to read them. */
export const LISTEN_NAMES = [
  'smtp',
  'submission',
  'submissions',
  'lmtp',
  'imap',
  'imaps',
  'pop3',
  'pop3s',
  'managesieve',
  'http',
  'https',
  'admin',
] as const; // prettier-ignore
export type ListenName = (typeof LISTEN_NAMES)[number];

/** `open` answers the real "host:port". */
export async function openListener(
  name: ListenName,
  endpoints: readonly Endpoint[],
  open: (endpoint: Endpoint) => Promise<string>,
): Promise<string[]> {
  const addresses: string[] = [];
  for (const endpoint of endpoints) {
    try {
      addresses.push(await open(endpoint));
    } catch (error) {
      throw new StartError(`listen.${name}: ${reason(endpoint, error as NodeJS.ErrnoException)}`, { cause: error });
    }
  }
  return addresses;
}

/** A protocol, and the certificates when it begins with TLS. */
export type LineListener = readonly [LineProtocol, TlsIdentity?];

/** Answers the real "host:port". */
export async function listenFor(
  network: Network,
  [protocol, implicitTls]: LineListener,
  endpoint: Endpoint,
  proxies: readonly string[],
): Promise<string> {
  const open = await network.listen({
    protocol,
    addresses: [endpoint],
    ...(implicitTls && { implicitTls }),
    ...(proxies.length > 0 && { proxies }),
  });
  return open.addresses[0] ?? '';
}

function reason(endpoint: Endpoint, error: NodeJS.ErrnoException): string {
  const where = formatEndpoint(endpoint);
  switch (error.code) {
    case 'EADDRINUSE':
      return `${where} is taken: stop the program that uses it, or set another address`;
    case 'EACCES':
      return `${where} needs more rights: ports below 1024 are for root, or for systemd's AmbientCapabilities=CAP_NET_BIND_SERVICE`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `${where} is no address of this machine: set another one`;
    default:
      return `${where}: ${error.message}`;
  }
}

/** Where scripts are managed (RFC 5804 §3), when that is open. */
export function sieveUrl(hostname: string, [address]: readonly string[] = []): string | undefined {
  return address && `sieve://${hostname}:${address.slice(address.lastIndexOf(':') + 1)}`;
}
