/** Network addresses: what to listen on, and which of them count as one neighbour. */
import { isIPv4, isIPv6 } from 'node:net';

export interface HostPort {
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
}

/** "host:port", "[v6]:port", or several with commas. Throws with what is wrong. */
export function parseListen(text: string): HostPort[] {
  return text.split(',').map((item) => {
    const trimmed = item.trim();
    const colon = trimmed.lastIndexOf(':');
    const port = Number(trimmed.slice(colon + 1));
    if (colon < 1 || !/^\d{1,5}$/.test(trimmed.slice(colon + 1)) || port > 65_535)
      throw new Error(`"${trimmed}" is not an address to listen on: expected "host:port"`);
    return { host: trimmed.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port };
  });
}

export function formatHostPort({ host, port }: HostPort): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An IPv4 address that came in on an IPv6 socket is an IPv4 address. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIPv4(address.slice(7)) ? address.slice(7) : address;
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/** The network that one subscriber can be expected to own: IPv4 /24, IPv6 /64. */
export function networkOf(address: string): string {
  if (isIPv4(address)) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  const bare = address.replace(/%.*$/, '');
  const gap = bare.indexOf('::');
  const left = groupsOf(gap === -1 ? bare : bare.slice(0, gap));
  const right = gap === -1 ? [] : groupsOf(bare.slice(gap + 2));
  const groups = [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return `${groups.slice(0, 4).join(':')}::/64`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
