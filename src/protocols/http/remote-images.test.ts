/** Images of other servers reach a reader through us alone, and we are nobody's way into our networks (W6). */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { at as leadsTo, FORMS, MISLEADING } from '../../../test/support/ssrf-forms.ts';
import { ManualClock } from '../../adapters/clock-manual.ts';
import { StaticResolver } from '../../adapters/resolver-static.ts';
import { MOST_IMAGE_BYTES, RemoteImages } from './remote-images.ts';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const FILES: Readonly<Record<string, readonly [status: number, type: string, body: Buffer, location?: string]>> = {
  '/a.png?u=1&v="2"': [200, 'text/html', PNG],
  '/page.png': [200, 'image/png', Buffer.from('<script>alert(1)</script>')],
  '/x.svg': [200, 'image/svg+xml', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  '/large.png': [200, 'image/png', Buffer.concat([PNG, Buffer.alloc(MOST_IMAGE_BYTES)])],
  '/moved': [302, 'text/html', Buffer.from('there'), '/a.png?u=1&v="2"'],
  '/round': [302, 'text/html', Buffer.from('here'), '/round'],
  '/inside': [302, 'text/html', Buffer.from('there'), 'http://loopback.test/'],
  '/elsewhere': [302, 'text/html', Buffer.from('there'), 'file:///etc/passwd'],
};

let server: Server;
let port = 0;
let asked: IncomingMessage[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(request);
    const [status, type, body, location] = FILES[decodeURI(request.url ?? '')] ?? [
      404,
      'text/plain',
      Buffer.from('no'),
    ];
    response.writeHead(status, { 'content-type': type, ...(location && { location }) }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
beforeEach(() => void (asked = []));
afterAll(() => void server.close());

const remoteImages = {
  resolver: new StaticResolver({ 'pictures.test': leadsTo('127.0.0.1') }),
  privateAddresses: true,
};

/** Paths of ours for what a mail with these images shows. */
async function shown(http: Awaited<ReturnType<typeof httpBackend>>, urls: readonly string[]): Promise<string[]> {
  const markup = urls.map((url) => `<img src="${url.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}">`).join('');
  const { id } = await http.deliver(http.users.alice, `Content-Type: text/html\r\n\r\n${markup}`);
  const page = await http.alice.as('GET', `/v1/messages/${id}/page?images=true`);
  expect(page.headers['content-security-policy']).toContain('img-src data: http://mail.example.test/image;');
  return [...page.text.matchAll(/ src="([^"]*)"/g)].map(([, path = '']) => path.replaceAll('&amp;', '&'));
}

test('an image comes through us, without a word of who reads it, and is asked for once', async () => {
  const http = await httpBackend({ remoteImages });
  await using _server = http.server;
  const [path = ''] = await shown(http, [`http://pictures.test:${port}/a.png?u=1&v="2"`]);
  expect(path).toMatch(/^\/image\?/);
  for (let i = 0; i < 2; i++) {
    const image = await http.call('GET', path, { headers: { cookie: 'a=b', referer: 'http://mail.example.test/' } });
    expect(image.status).toBe(200);
    expect(image.bytes.equals(PNG)).toBe(true);
    // What it is, not what it says.
    expect(image.headers).toMatchObject({
      'content-type': 'image/png',
      'cross-origin-resource-policy': 'cross-origin',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'no-store',
    });
  }
  expect(asked.length).toBe(1);
  expect(Object.keys(asked[0]?.headers ?? {}).sort()).toEqual(
    ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'].sort(),
  );
});

test('what is no image, too large, or leads astray is not passed on; what has moved is found', async () => {
  const http = await httpBackend({ remoteImages });
  await using _server = http.server;
  const names = ['page.png', 'x.svg', 'large.png', 'missing', 'round', 'elsewhere', 'moved'];
  const paths = await shown(
    http,
    names.map((name) => `http://pictures.test:${port}/${name}`),
  );
  const found: Record<string, number> = {};
  for (const [i, path] of paths.entries()) found[names[i]!] = (await http.call('GET', path)).status;
  expect(found).toEqual({
    'page.png': 404,
    'x.svg': 404,
    'large.png': 404,
    missing: 404,
    round: 404,
    elsewhere: 404,
    moved: 200,
  });
});

test('nothing is fetched but what we gave out of late', async () => {
  const http = await httpBackend({ remoteImages });
  await using _server = http.server;
  const url = `http://pictures.test:${port}/a.png`;
  const [path = ''] = await shown(http, [url]);
  const query = new URLSearchParams(path.slice(path.indexOf('?')));
  const other = (name: string, value: string) => {
    const changed = new URLSearchParams(query);
    changed.set(name, value);
    return `/image?${changed.toString()}`;
  };
  const refused = [
    '/image',
    `/image?of=${encodeURIComponent(url)}`,
    other('of', `${url}?x`),
    other('day', String(Number(query.get('day')) + 1)),
    other('seal', `${query.get('seal')}A`),
    `${path}&of=x`,
  ];
  for (const one of refused) expect((await http.call('GET', one)).status, one).toBe(404);
  expect(asked).toEqual([]);
});

test('what we gave out is good until the end of the next day', async () => {
  const clock = new ManualClock(Date.parse('2026-03-01T23:00:00Z'));
  const images = new RemoteImages({ ...remoteImages, clock, secret: new Uint8Array(32) });
  const path = images.path(`http://pictures.test:${port}/moved`) ?? '';
  const query = Object.fromEntries(new URLSearchParams(path.slice(path.indexOf('?'))));
  await clock.advance(86_400_000);
  expect((await images.get(query)).type).toBe('image/png');
  await clock.advance(3_600_000);
  await expect(images.get(query)).rejects.toMatchObject({ code: 'not-found' });
});

test('sixty ways to name this machine and private networks reach nothing, nor does another place lead there', async () => {
  const mixed = new StaticResolver({ 'pictures.test': leadsTo('127.0.0.1') });
  const http = await httpBackend({ remoteImages: { resolver: MISLEADING, privateAddresses: false, anyPort: true } });
  await using _server = http.server;
  const paths = await shown(
    http,
    FORMS.map((form) => `http://${form}:${port}/`),
  );
  expect(paths.length).toBeGreaterThanOrEqual(60);
  for (const path of paths) expect((await http.call('GET', path)).status, path).toBe(404);
  expect(asked).toEqual([]);
  const inside = await httpBackend({ remoteImages: { resolver: mixed, privateAddresses: true } });
  await using _inside = inside.server;
  const [path = ''] = await shown(inside, [`http://pictures.test:${port}/inside`]);
  expect((await inside.call('GET', path)).status).toBe(404);
  expect(asked.map(({ url }) => url)).toEqual(['/inside']);
});

test('those of a sender who was allowed are shown where the mail is proven to be his', async () => {
  const http = await httpBackend({ remoteImages });
  await using _server = http.server;
  const mail = (from: string, proof: string) =>
    `${proof && `Authentication-Results: mail.example.test; ${proof}\r\n`}From: ${from}\r\nContent-Type: text/html\r\n\r\n<img src="http://x.test/">`;
  const allowed = async (from: string, proof: string) => {
    const { id } = await http.deliver(http.users.alice, mail(from, proof));
    return (await http.alice.as('GET', `/v1/messages/${id}`)).json.remoteImagesAllowed;
  };
  const pass = 'dmarc=pass header.from=shop.test';
  expect(await allowed('a@shop.test', pass)).toBe(false);
  await http.alice.as('PUT', '/v1/people/A@shop.test', { body: { images: true } });
  const proofs = {
    [pass]: true,
    '': true,
    'dmarc=fail header.from=shop.test': false,
    'dmarc=none header.from=shop.test; dkim=pass header.d=shop.test': true,
    'dmarc=none header.from=shop.test; dkim=pass header.d=mail.shop.test': true,
    'dmarc=none header.from=shop.test; dkim=pass header.d=evil.test': false,
    'dmarc=none header.from=shop.test; spf=pass smtp.mailfrom=bounce@shop.test': true,
    'dmarc=none header.from=shop.test; spf=none': false,
  };
  for (const [proof, expected] of Object.entries(proofs))
    expect(await allowed('a@shop.test', proof), proof).toBe(expected);
  expect(await allowed('b@shop.test', pass)).toBe(false);
  expect(await allowed('a@shop.test, b@shop.test', pass)).toBe(false);
  await http.alice.as('DELETE', '/v1/people/a@shop.test');
  expect(await allowed('a@shop.test', pass)).toBe(false);
});
