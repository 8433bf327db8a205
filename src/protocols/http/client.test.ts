/** The web client's files, and the pages in which it shows mails. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

const folder = mkdtempSync(join(tmpdir(), 'pabal-client-'));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<!doctype html><title>client</title>');
writeFileSync(join(folder, 'icon.svg'), '<svg/>');
writeFileSync(join(folder, 'service-worker.js'), 'work()');
writeFileSync(join(folder, 'assets', 'index-abc.js'), 'start()');
writeFileSync(join(folder, 'assets', 'index-abc.js.gz'), gzipSync('start()'));
writeFileSync(join(folder, 'made-of'), 'nobody sees this');
afterAll(() => rmSync(folder, { recursive: true }));

test('the client is at the root, and the start page beside it; nobody may have it in a frame (W12)', async () => {
  const http = await httpBackend({ clientFolder: folder });
  await using _server = http.server;
  const page = await http.call('GET', '/');
  expect(page.text).toContain('<title>client</title>');
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(page.headers['x-frame-options']).toBe('DENY');
  expect(policy).not.toContain('unsafe');
  expect(page.headers['cache-control']).toBe('no-cache');
  const etag = String(page.headers['etag']);
  expect((await http.call('GET', '/', { headers: { 'if-none-match': `"x", ${etag}` } })).status).toBe(304);
  expect((await http.call('GET', '/start')).text).toContain('mail.example.test');
  expect((await http.call('GET', '/icon.svg')).headers['content-type']).toBe('image/svg+xml');
  expect((await http.call('GET', '/made-of')).status).toBe(404);
});

test('assets are kept for ever, and come packed to who can unpack them', async () => {
  const http = await httpBackend({ clientFolder: folder });
  await using _server = http.server;
  const get = (accept: string) => http.call('GET', '/assets/index-abc.js', { headers: { 'accept-encoding': accept } });
  const packed = await get('br;q=0, gzip');
  expect(packed.headers).toMatchObject({
    'content-encoding': 'gzip',
    'cache-control': 'public, max-age=31536000, immutable',
    vary: 'accept-encoding',
  });
  for (const accept of ['', 'br', 'gzip;q=0', 'identity']) {
    const plain = await get(accept);
    expect([plain.text, plain.headers['content-encoding']], accept).toEqual(['start()', undefined]);
  }
  for (const name of ['nothing.js', '..%2Findex.html', 'index-abc.js.gz', '__proto__'])
    expect((await http.call('GET', `/assets/${name}`)).status, name).toBe(404);
});

test('the worker may ask for what pages ask for, and is as new as they are', async () => {
  const http = await httpBackend({ clientFolder: folder });
  await using _server = http.server;
  const { headers } = await http.call('GET', '/service-worker.js');
  expect(headers['cache-control']).toBe('no-cache');
  expect(String(headers['content-security-policy'])).toContain("connect-src 'self'");
});

test('without a build the root is the start page', async () => {
  const http = await httpBackend({ clientFolder: join(folder, 'assets') });
  await using _server = http.server;
  expect((await http.call('GET', '/')).text).toContain('mail.example.test');
});

test('the page of a mail has its looks and its own images, and loads others only when asked to (W6, W7)', async () => {
  const http = await httpBackend();
  await using _server = http.server;
  const markup =
    '<style>p{color:red}</style><script>alert(1)</script><p style="color:#b3402c;background:url(http://evil.test/a);position:fixed" ' +
    'onclick="x()">Hello</p><img src="cid:pic%40x"><img src="https://evil.test/pixel.png"><img src="cid:none"><form action="/v1/session">' +
    '<input name=a></form><a href="/x" style="padding:4px">in</a><a href="https://ok.test/">out</a>';
  await http.deliver(
    http.users.alice,
    'From: a@b.test\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\n\r\n' +
      `--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${markup}\r\n--b\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\n` +
      'Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--b--\r\n',
  );
  const { items } = (await http.alice.as('GET', '/v1/folders/inbox/messages')).json;
  const path = `/v1/messages/${items[0].id}`;
  expect((await http.alice.as('GET', path)).json.remoteImages).toBe(1);

  const page = await http.alice.as('GET', `${path}/page`);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  const policy = String(page.headers['content-security-policy']);
  expect(policy).toContain('sandbox allow-popups');
  expect(policy).toContain("img-src data:; base-uri 'none'");
  expect(policy).not.toContain('script-src');
  expect(page.headers['x-frame-options']).toBe('SAMEORIGIN');
  const body = page.text.slice(page.text.indexOf('<body>'));
  expect(body).toContain('<p style="color:#b3402c">Hello</p>');
  expect(body).toContain('src="data:image/png;base64,iVBORw0KGgo="');
  expect(body).toContain('<a style="padding:4px">in</a>');
  expect(body).toMatch(/<a href="https:\/\/ok.test\/" rel="[^"]*noopener[^"]*" target="_blank">/);
  expect(body).not.toMatch(/evil|script|form|input|onclick|cid:/);

  const open = await http.alice.as('GET', `${path}/page?images=true`);
  // Where there is no way to have them, they are not had from there.
  expect(open.headers['content-security-policy']).toContain("img-src data:; base-uri 'none'");
  expect(open.text).not.toContain('evil');
});

test('a list begins where it is told to, and says how long it is', async () => {
  const http = await httpBackend();
  await using _server = http.server;
  for (let i = 0; i < 5; i++)
    await http.deliver(http.users.alice, `From: ${'edcba'[i]}@x.test\r\nSubject: s${i}\r\n\r\n${'x'.repeat(i)}\r\n`);
  const list = async (query: string) => {
    const { status, json } = await http.alice.as('GET', `/v1/folders/inbox/messages?${query}`);
    return status === 200 ? [json.items.map((m: { subject: string }) => m.subject).join(' '), json.total] : status;
  };
  expect(await list('offset=0&limit=2')).toEqual(['s4 s3', 5]);
  expect(await list('offset=3&limit=10')).toEqual(['s1 s0', 5]);
  expect(await list('offset=9')).toEqual(['', 5]);
  expect(await list('offset=1&limit=2&sort=from&order=asc')).toEqual(['s3 s2', 5]);
  expect(await list('offset=1&limit=2&sort=size&order=asc')).toEqual(['s1 s2', 5]);
  expect(await list('offset=0&flagged=true')).toEqual(['', 0]);
  expect(await list('offset=1999&limit=2&sort=subject')).toBe(400);
  expect(await list('offset=-1')).toBe(400);
});
