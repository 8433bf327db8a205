/** Ways to lead a request to this machine and to private networks (SSRF): names, with what DNS says of them, and addresses in a URL. */
import { StaticResolver } from '../../src/adapters/resolver-static.ts';

export const at = (address: string) => ({
  addresses: [{ address, family: address.includes(':') ? (6 as const) : (4 as const) }],
});
/** Names that lead where nobody shall be led. */
const NAMES: Readonly<Record<string, string>> = {
  'loopback.test': '127.0.0.1',
  'loopback-6.test': '::1',
  'other-loopback.test': '127.8.9.10',
  'any.test': '0.0.0.0',
  'any-6.test': '::',
  'ten.test': '10.0.0.1',
  'home.test': '192.168.0.1',
  'office.test': '172.16.3.4',
  'office-end.test': '172.31.255.255',
  'metadata.test': '169.254.169.254',
  'carrier.test': '100.64.0.1',
  'benchmark.test': '198.18.0.1',
  'documentation.test': '192.0.2.1',
  'multicast.test': '224.0.0.1',
  'broadcast.test': '255.255.255.255',
  'reserved.test': '240.0.0.1',
  'mapped.test': '::ffff:127.0.0.1',
  'mapped-hex.test': '::ffff:7f00:1',
  'compatible.test': '::7f00:1',
  'translated.test': '64:ff9b::7f00:1',
  'translated-ten.test': '64:ff9b::a00:1',
  'translated-local.test': '64:ff9b:1::1',
  'unique.test': 'fd00::1',
  'link.test': 'fe80::1',
  'site.test': 'fec0::1',
  'teredo.test': '2001::1',
  'six-to-four.test': '2002:7f00:1::',
  'multicast-6.test': 'ff02::1',
  'discard.test': '100::1',
  'documentation-6.test': '2001:db8::1',
};
/** The same places, and some more, as addresses in a URL. */
const LITERALS = [
  ...'127.0.0.1 127.1 127.0.1 0 0x7f000001 0x7f.0.0.1 0177.0.0.1 2130706433 017700000001 0x7f.1 127.0.0.1.'.split(' '),
  ...'０.０.０.０ １２７.0.0.1 127。0。0。1 ①②⑦.0.0.1 0.0.0.0 10.1.2.3 192.168.1.1 169.254.169.254 172.20.0.1'.split(
    ' ',
  ),
  ...'[::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::127.0.0.1] [64:ff9b::7f00:1] [fe80::1] [fd12::1] [fec0::1]'.split(
    ' ',
  ),
];
export const FORMS = [...Object.keys(NAMES), ...LITERALS];

export const MISLEADING = new StaticResolver(
  Object.fromEntries(Object.entries(NAMES).map(([name, address]) => [name, at(address)])),
);
