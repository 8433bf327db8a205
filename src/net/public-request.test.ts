/** Requests to places that others name reach nothing of ours (SSRF), whatever the place is called. */
import { once } from 'node:events';
import { glob, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StaticResolver } from '../adapters/resolver-static.ts';
import type { Resolver } from '../ports/resolver.ts';
import { publicRequest } from './public-request.ts';

const servers: Server[] = [];
let connections = 0;
let port = 0;
beforeAll(async () => {
  port = await listen('127.0.0.1', 0);
  // Where there is no IPv6 nothing can be reached over it either.
  await listen('::1', port).catch(() => undefined);
});
afterAll(() => {
  for (const server of servers) server.close();
});

async function listen(host: string, at: number): Promise<number> {
  const server = createServer((_request, response) => response.end('secret'));
  server.on('connection', () => connections++);
  server.listen(at, host);
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

const at = (address: string) => ({
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
const FORMS = [...Object.keys(NAMES), ...LITERALS];

const resolver = new StaticResolver(
  Object.fromEntries(Object.entries(NAMES).map(([name, address]) => [name, at(address)])),
);

async function ask(host: string, by: Resolver, privateAddresses = false): Promise<number | undefined> {
  const options = { resolver: by, privateAddresses };
  const url = new URL(`http://${host}:${port}/`);
  const asked = await publicRequest(url, { method: 'GET', headers: {} }, options, AbortSignal.timeout(180_000));
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  asked.on('error', reject).on('response', (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  });
  asked.end();
  return promise;
}

test('sixty ways to name this machine and private networks reach nothing', async () => {
  expect(new Set(FORMS).size).toBeGreaterThanOrEqual(60);
  for (const form of FORMS) await expect(ask(form, resolver), form).rejects.toThrow();
  expect(connections).toBe(0);
});

test('they would be reached if nobody looked', async () => {
  expect(await ask('127.1', resolver, true)).toBe(200);
  expect(await ask('loopback.test', resolver, true)).toBe(200);
  expect(connections).toBe(2);
});

test('a name that leads elsewhere the second time it is asked for is asked for once', async () => {
  let asked = 0;
  const rebinding = {
    addresses: async () => (asked++ === 0 ? at('203.0.114.1').addresses : at('127.0.0.1').addresses),
  } as unknown as Resolver;
  const url = new URL(`http://rebinding.test:${port}/`);
  const ended = AbortSignal.abort();
  const before = connections;
  const options = { resolver: rebinding, privateAddresses: false };
  const request = await publicRequest(url, { method: 'GET', headers: {} }, options, ended);
  await expect(once(request, 'response')).rejects.toThrow();
  expect(asked).toBe(1);
  expect(connections).toBe(before);
});

test('of several addresses only public ones are used', async () => {
  const mixed = new StaticResolver({
    'mixed.test': { addresses: [...at('127.0.0.1').addresses, ...at('::1').addresses] },
  });
  const before = connections;
  await expect(ask('mixed.test', mixed)).rejects.toThrow('no public address');
  expect(connections).toBe(before);
});

/** What else opens connections, and to whom: to places that the operator names, or to mail servers. */
const OTHERS = [
  'adapters/dns-client.ts',
  'adapters/scanner-dialog.ts',
  'adapters/scanner-rspamd.ts',
  'cli/commands/doctor.ts',
  'control/client.ts',
  'delivery/client/wire.ts',
  // An authority that the operator has chosen.
  'net/acme/transport.ts',
  'net/public-request.ts',
];

test('there is no other way out', async () => {
  const found: string[] = [];
  const src = new URL('../', import.meta.url).pathname;
  for await (const file of glob('**/*.ts', { cwd: src })) {
    if (/\.(?:test|contract)\.ts$/.test(file)) continue;
    const text = await readFile(`${src}${file}`, 'utf8');
    const imports = text.match(/^import .* from 'node:(?:https?|net|tls|http2|dgram)';$/gm) ?? [];
    const opens = imports.some((line) => /\b(?:request|get|connect|createConnection|createSocket|Agent)\b/.test(line));
    if (opens || /(?:^|[^.\w#])fetch\(/m.test(text.replaceAll(/^\s*(?:async )?fetch\(.*$/gm, ''))) found.push(file);
  }
  expect(found.sort()).toEqual(OTHERS);
});
