/**
 * The PROXY protocol, versions 1 and 2 (haproxy's proxy-protocol.txt, 2.1 and 2.2): a trusted load balancer says whose
 * connection it hands on. Only trusted peers are asked for it; from anybody else it is just a bad command.
 */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

export interface ProxyHeader {
  /** Undefined: the balancer speaks for itself (a health check). */
  readonly source: { readonly address: string; readonly port: number } | undefined;
  /** Bytes of the header. */
  readonly length: number;
}

/** Version 1 is at most 107 bytes; a version 2 header with more than this of addresses and extensions is refused. */
const V1_MAX = 107;
const V2_MAX = 16 + 1024;
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V1_SIGNATURE = Buffer.from('PROXY ', 'latin1');

/** The header at the start of `bytes`; undefined while it is incomplete; 'malformed' when it can be none. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | 'malformed' | undefined {
  if (startsAlike(bytes, V2_SIGNATURE)) return parseV2(bytes);
  if (startsAlike(bytes, V1_SIGNATURE)) return parseV1(bytes);
  return 'malformed';
}

function startsAlike(bytes: Buffer, signature: Buffer): boolean {
  const length = Math.min(bytes.length, signature.length);
  return bytes.compare(signature, 0, length, 0, length) === 0;
}

function parseV1(bytes: Buffer): ProxyHeader | 'malformed' | undefined {
  const end = bytes.subarray(0, V1_MAX).indexOf('\r\n');
  if (end === -1) return bytes.length >= V1_MAX ? 'malformed' : undefined;
  const length = end + 2;
  const [, family, source = '', target = '', sourcePort = '', targetPort = '', ...rest] = bytes
    .toString('latin1', 0, end)
    .split(' ');
  if (family === 'UNKNOWN') return { source: undefined, length };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : () => false;
  if (rest.length > 0 || !isAddress(source) || !isAddress(target) || !isPort(sourcePort) || !isPort(targetPort))
    return 'malformed';
  return { source: { address: source, port: Number(sourcePort) }, length };
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

function parseV2(bytes: Buffer): ProxyHeader | 'malformed' | undefined {
  if (bytes.length < 16) return undefined;
  const command = bytes.readUInt8(12);
  const family = bytes.readUInt8(13);
  const length = 16 + bytes.readUInt16BE(14);
  if (command >> 4 !== 2 || (command & 15) > 1 || length > V2_MAX) return 'malformed';
  if (bytes.length < length) return undefined;
  if ((command & 15) === 0) return { source: undefined, length };
  // The length counts what follows; one that does not hold the addresses is an attack or a fault, never a default.
  if (family === 0x11) {
    if (length < 16 + 12) return 'malformed';
    return { source: { address: [...bytes.subarray(16, 20)].join('.'), port: bytes.readUInt16BE(24) }, length };
  }
  if (family === 0x21) {
    if (length < 16 + 36) return 'malformed';
    const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(16 + 2 * i).toString(16));
    return { source: { address: groups.join(':'), port: bytes.readUInt16BE(48) }, length };
  }
  return family >> 4 > 3 || (family & 15) > 2 ? 'malformed' : { source: undefined, length };
}

/** Addresses and networks ("10.0.0.0/8") of the balancers. */
export function trustedPeers(list: readonly string[]): (address: string) => boolean {
  const trusted = new BlockList();
  for (const item of list) {
    const [address = '', prefix] = item.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) trusted.addAddress(address, family);
    else trusted.addSubnet(address, Number(prefix), family);
  }
  return (address) => trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
