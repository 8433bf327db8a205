/** Network addresses: what to listen on, and which of them count as one neighbour. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

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

/** Networks that are nobody's on the Internet (IANA's special-purpose registries): this machine, its neighbours, tests. */
const SPECIAL = new BlockList();
for (const network of [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
  '::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
]) {
  const [address = '', bits] = network.split('/');
  SPECIAL.addSubnet(address, Number(bits), isIPv6(address) ? 'ipv6' : 'ipv4');
  // The same behind a translator (RFC 6052 §2.1).
  if (isIPv4(address)) SPECIAL.addSubnet(`64:ff9b::${address}`, 96 + Number(bits), 'ipv6');
}

/** An address that anybody on the Internet can mean: not this machine, a private network, or one that is no host's. */
export function isPublic(address: string): boolean {
  const plain = plainAddress(address.toLowerCase());
  if (isIPv4(plain)) return !SPECIAL.check(plain, 'ipv4');
  return isIPv6(plain) && !plain.includes('%') && !SPECIAL.check(plain, 'ipv6');
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
