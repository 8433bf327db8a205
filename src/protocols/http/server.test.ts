import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WireClient } from '../../../test/client/wire.ts';
import { httpBackend } from '../../../test/support/http.ts';
import { MemoryCache } from '../../adapters/cache-memory.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

/** Sends bytes, and answers what came back until the server closed. */
async function raw(bytes: string | Uint8Array): Promise<string> {
  const address = await http.server.listen({ host: '127.0.0.1', port: 0 });
  await using client = await WireClient.connect(address);
  await client.write(bytes).catch(() => undefined);
  return (await client.rest()).toString();
}

describe('limits', () => {
  test('of a body: 413', async () => {
    const body = JSON.stringify({ name: 'x'.repeat(300 << 10) });
    const { status, json } = await http.alice.as('POST', '/v1/folders', {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect([status, json.code]).toEqual([413, 'too-large']);
  });

  test('of JSON: depth 400, number of values 413 (C23)', async () => {
    const send = async (body: string) => {
      const answer = await http.alice.as('POST', '/v1/folders', {
        body,
        headers: { 'content-type': 'application/json' },
      });
      return answer.status;
    };
    expect(await send('['.repeat(100_000))).toBe(400);
    expect(await send(`{${Array.from({ length: 30_000 }, (_, i) => `"${i}":0`).join()}}`)).toBe(413);
    expect(await send('{"name":"x","__proto__":{"admin":true}}')).toBe(400);
    expect(await send('{"name":"x"')).toBe(400);
    expect(await send('')).toBe(400);
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });

  test('of requests from one address: 429 before anybody asks who it is, until a minute is over (A-26)', async () => {
    const clock = new ManualClock();
    const requests = { perMinute: 3, limitLoopback: true };
    const limited = await httpBackend({ requests, trustedProxies: ['127.0.0.1'], cache: new MemoryCache(clock) });
    const from = async (address: string): Promise<number> => {
      const headers = { 'x-forwarded-for': address };
      return (await limited.alice.as('GET', '/v1/folders', { headers })).status;
    };
    for (let i = 0; i < 3; i++) expect(await from('198.51.100.1')).toBe(200);
    const refused = await limited.call('GET', '/v1/folders', { headers: { 'x-forwarded-for': '198.51.100.1' } });
    expect([refused.status, refused.json.code, refused.headers['retry-after']]).toEqual([429, 'too-fast', '60']);
    expect(await from('::ffff:198.51.100.1')).toBe(429);
    expect(await from('198.51.100.2')).toBe(200);
    for (const last of ['1', '2', '3']) expect(await from(`2001:db8:1:2::${last}`)).toBe(200);
    expect(await from('2001:db8:1:2::4')).toBe(429);
    await clock.advance(60_000);
    expect(await from('198.51.100.1')).toBe(200);
    await limited.server.close(0);
  });

  test('of header fields: 431', async () => {
    const answer = await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('"code":"headers-too-large"');
  });

  test('of chunk extensions: 413', async () => {
    const head = `POST /v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    expect(await raw(`${head}1;${'a=b;'.repeat(10_000)}\r\n{\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('what is no HTTP is answered and cut off', async () => {
    expect(await raw('EHLO there\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
    expect(await raw('GET /\r\n\r\n')).toMatch(/^HTTP\/1\.1 505 /);
    expect(await raw(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00]))).toMatch(/^HTTP\/1\.1 400 /);
  });

  test('a path that cannot be decoded is refused', async () => {
    for (const url of ['/%', '/v1/folders/%E0%A4%A', '/%00']) {
      const { status, headers } = await http.call('GET', url);
      expect([400, 404]).toContain(status);
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    }
  });

  test('bodies of other types: 415', async () => {
    for (const type of [
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'application/json-patch+json',
    ])
      expect(
        (await http.alice.as('POST', '/v1/folders', { body: 'name=x', headers: { 'content-type': type } })).status,
        type,
      ).toBe(415);
  });

  test('a packed body is not taken for an unpacked one: 415 (C22)', async () => {
    const as = (encoding: string) =>
      http.alice.as('POST', '/v1/folders', { body: { name: encoding }, headers: { 'content-encoding': encoding } });
    expect((await as('gzip')).status).toBe(415);
    expect((await as('identity')).status).toBe(201);
  });
});

describe('answers', () => {
  test('to a fault of ours say nothing about it', async () => {
    const account = await http.mailstore.open(http.users.alice, http.users.alice.account);
    account[Symbol.dispose]();
    http.mailstore.open = () => Promise.reject(new Error('password=hunter2 at /secret/path'));
    const { status, text } = await http.alice.as('GET', '/v1/folders');
    expect(status).toBe(500);
    expect(text).not.toMatch(/hunter2|secret/);
  });

  test('where there is nothing are problems, too', async () => {
    for (const [method, url] of [
      ['GET', '/nothing'],
      ['POST', '/v1/search/words'],
      ['GET', '/v1/searches?q=x'],
    ] as const)
      expect((await http.alice.as(method, url)).json).toMatchObject({ status: 404, code: 'not-found' });
  });
});

describe('the documentation', () => {
  test('describes every route of the API, from the schemas that validate', async () => {
    const { json } = await http.call('GET', '/v1/openapi.json');
    expect(json.openapi).toBe('3.1.0');
    const described = Object.entries<object>(json.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((m) => `${m.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    const there = http.server.routes
      .filter((r) => r.url.startsWith('/v1/') && r.url !== '/v1/openapi.json' && r.method !== 'HEAD')
      .map((r) => `${r.method} ${r.url}`);
    expect(described.sort()).toEqual(there.sort());
    const patch = json.paths['/v1/messages/{id}'].patch;
    expect(patch.requestBody.content['application/json'].schema).toMatchObject({
      additionalProperties: false,
      properties: { read: { type: 'boolean' } },
    });
    expect(Object.keys(patch.responses)).toEqual(['200', '400', '401', '404']);
  });

  test('is shown at /docs, under a policy that lets only its own scripts run', async () => {
    const page = await http.call('GET', '/docs');
    expect(page.status).toBe(200);
    expect(page.headers['content-security-policy']).toContain("script-src 'self'");
    expect(page.text).not.toMatch(/<script>[^<]/);
    for (const [, file] of page.text.matchAll(/(?:src|href)="\.?\/?([^"]+)"/g)) {
      const url = `/${file}`.startsWith('/docs') ? `/${file}` : `/docs/${file}`;
      expect((await http.call('GET', url)).status, url).toBe(200);
    }
  });
});

test('the MTA-STS policy is shown at the host that is named for it, of our domains', async () => {
  const policy = 'version: STSv1\r\nmode: testing\r\nmx: mx.example.test\r\nmax_age: 604800\r\n';
  const shown = await httpBackend({ stsPolicy: policy });
  const at = (host: string) => shown.call('GET', '/.well-known/mta-sts.txt', { headers: { host } });
  const answer = await at('MTA-STS.example.test:443');
  expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([
    200,
    'text/plain; charset=utf-8',
    policy,
  ]);
  for (const host of ['example.test', 'mta-sts.elsewhere.test', 'mta-sts.', 'mta-sts.a..b', 'x'])
    expect((await at(host)).status, host).toBe(404);
  await shown.server[Symbol.asyncDispose]();
  const headers = { host: 'mta-sts.example.test' };
  expect((await http.call('GET', '/.well-known/mta-sts.txt', { headers })).status).toBe(404);
});

describe('the start page', () => {
  test('says in Korean or English what listens where', async () => {
    const page = await http.call('GET', '/', { headers: { 'accept-language': 'ko-KR,ko;q=0.9,en;q=0.8' } });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).toContain('<html lang="ko">');
    expect(page.text).toContain('<td>IMAP</td><td>mail.example.test</td><td>2993</td>');
    expect(page.text).not.toContain('<script');
    const english = await http.call('GET', '/?lang=en', { headers: { 'accept-language': 'ko' } });
    expect(english.text).toContain('<html lang="en">');
    expect(english.text).toContain('127.0.0.1:8080');
    expect((await http.call('GET', '/?lang=<script>')).text).not.toContain('<script');
    expect((await http.call('GET', '/style.css')).headers['content-type']).toBe('text/css; charset=utf-8');
  });

  test('links to a list of all errors', async () => {
    const { text } = await http.call('GET', '/problems');
    expect(text).toContain('<tr id="folder-missing"><td><code>folder-missing</code></td><td>404</td>');
  });
});

describe('a sign-in link', () => {
  const form = (password: string, again = password) => ({
    body: new URLSearchParams({ password, again }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://mail.example.test' },
  });
  const link = async () =>
    `/sign-in/${await http.directory.createSession(http.users.alice, { ttlMs: 1e6, purpose: 'sign-in-link' })}`;

  test('sets a password, once', async () => {
    const url = await link();
    // Looking does not use it up.
    for (let i = 0; i < 2; i++) expect((await http.call('GET', url)).text).toContain('type="password"');
    // With `no-referrer` a browser on plain HTTP sends forms from the origin 'null', which could be anybody's.
    expect((await http.call('GET', url)).headers['referrer-policy']).toBe('same-origin');
    expect((await http.call('POST', url, form('short'))).status).toBe(400);
    expect((await http.call('POST', url, form('new password', 'other password'))).status).toBe(400);
    const done = await http.call('POST', url, form('new password'));
    expect(done.status).toBe(200);
    expect(done.text).toContain('alice@example.test');
    expect((await http.call('POST', url, form('third password'))).status).toBe(410);
    const from = { protocol: 'http', remote: '127.0.0.1' } as const;
    await expect(http.directory.authenticate('alice@example.test', 'new password', from)).resolves.toBeDefined();
  });

  test('is not to be had from another site, nor with a session token, nor by guessing', async () => {
    const url = await link();
    const { headers, body } = form('new password');
    expect((await http.call('POST', url, { body, headers: { ...headers, origin: 'http://evil.test' } })).status).toBe(
      403,
    );
    expect((await http.call('POST', `/sign-in/${http.alice.token}`, form('new password'))).status).toBe(410);
    expect((await http.call('POST', '/sign-in/%3Cscript%3E', form('x'))).text).not.toContain('<script');
    expect((await http.call('POST', url, { body: 'x'.repeat(20_000), headers })).status).toBe(413);
  });
});

test('health is told to everybody, what fails only to this machine', async () => {
  expect((await http.call('GET', '/healthz')).json).toEqual({ status: 'ok', problems: [] });
  http.problems.push('imap: not listening');
  expect(await http.call('GET', '/healthz')).toMatchObject({
    status: 503,
    json: { problems: ['imap: not listening'] },
  });
  const { payload } = await http.server.inject({ url: '/healthz', remoteAddress: '192.0.2.1' });
  expect(JSON.parse(payload)).toEqual({ status: 'failing' });
});

test('metrics count requests by route, not by what strangers ask for', async () => {
  await http.alice.as('GET', '/v1/folders/12345');
  await http.call('GET', '/somewhere/odd');
  const { text } = await http.call('GET', '/metrics');
  expect(text).toContain('pabal_http_request_seconds_count{route="/v1/folders/:id",method="GET",status="404"} 1');
  expect(text).not.toMatch(/12345|odd/);
});
