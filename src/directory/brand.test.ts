/** Logos and certificates that are published, over HTTPS; the certificates are real ones, looked at in their time. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestAuthority } from '../../test/support/certificates.ts';
import { StaticResolver } from '../adapters/resolver-static.ts';
import { LOGO_BYTES } from '../mail/brand/svg-logo.ts';
import { checkBrand } from './brand.ts';
import { certificateFault, type Vouching } from './mark-certificate.ts';

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps"><title>Pabal</title><rect width="1" height="1"/></svg>';
const FILES = new Map<string, readonly [type: string, body: string]>([
  ['/fine.svg', ['image/svg+xml; charset=utf-8', SVG]],
  ['/script.svg', ['image/svg+xml', SVG.replace('<rect', '<script/><rect')]],
  ['/text.svg', ['text/plain', SVG]],
  ['/large.svg', ['image/svg+xml', SVG.padEnd(LOGO_BYTES + 1)]],
  ['/none.pem', ['application/pem-certificate-chain', 'no certificate']],
]);

let server: Server;
let at: string;
let options: Parameters<typeof checkBrand>[2];
beforeAll(async () => {
  const authority = await TestAuthority.make();
  server = createServer(await authority.issue('logo.test'), (request, response) => {
    const [type, body] = FILES.get(request.url ?? '') ?? [];
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': type ?? 'text/plain' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  at = `https://logo.test:${(server.address() as AddressInfo).port}`;
  const addresses = [{ address: '127.0.0.1', family: 4 as const }];
  const resolver = new StaticResolver({ 'logo.test': { addresses } });
  options = { resolver, privateAddresses: true, ca: [authority.pair.cert] };
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

test.each([
  ['/fine.svg', 'ok'],
  ['/script.svg', 'it has an element <script>'],
  ['/text.svg', 'it comes as text/plain, not image/svg+xml'],
  ['/large.svg', 'it has more than 32 KB'],
  ['/missing.svg', 'the server answers 404'],
])('the logo %s: %s', async (path, found) => {
  const url = `${at}${path}`;
  expect(await checkBrand('example.test', { logo: url, certificate: '' }, options)).toEqual([
    { what: 'logo', url, found },
  ]);
});

test('a certificate that is none, and a server that is not asked: this machine, unless it may be', async () => {
  const brand = { logo: `${at}/fine.svg`, certificate: `${at}/none.pem` };
  const [, certificate] = await checkBrand('example.test', brand, options);
  expect(certificate?.found).toBe('it is no certificate');
  const [logo] = await checkBrand('example.test', brand, { ...options, privateAddresses: false });
  expect(logo?.found).toBe('logo.test has no public address');
});

test('a certificate of a known authority vouches for one domain, one logo, and some time', async () => {
  const read = (name: string) =>
    readFile(new URL(`../../node_modules/@postalsys/vmc/test/fixtures/${name}.pem`, import.meta.url), 'latin1');
  const pem = await read('cnn');
  const now = new Date('2022-06-01');
  const fault = (more: Partial<Vouching> = {}, changed = pem) =>
    certificateFault(changed, { domain: 'cnn.com', logo: undefined, now, ...more });
  expect(await fault()).toBeUndefined();
  expect(await fault({ domain: 'example.test' })).toContain('it does not name example.test, but DNS:cnn.com');
  expect(await fault({ logo: Buffer.from(SVG) })).toContain('another logo');
  expect(await fault({ now: new Date('2035-01-01') })).toContain('out of date');
  const [leaf = '', ...rest] = pem.split(/(?=-----BEGIN)/);
  expect(await fault({}, leaf)).toContain('no known authority');
  // One bit of the signature, and so of what nobody has signed.
  const der = Buffer.from(leaf.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  der[der.length - 9]! ^= 1;
  const forged = `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
  expect(await fault({}, forged + rest.join(''))).toContain('its chain does not hold');
  expect(await fault({}, 'x')).toBe('it is no certificate');
});
