/** Requests to places that others name reach nothing of ours (SSRF), whatever the place is called. */
import { once } from 'node:events';
import { glob, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, FORMS, MISLEADING as resolver } from '../../test/support/ssrf-forms.ts';
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
