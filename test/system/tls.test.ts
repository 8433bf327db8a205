/** TLS of the real service, as OpenSSL sees it (F24): what is refused on each listener, and certificates that change while it runs. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ImapClient } from '../client/imap.ts';
import { type Listening, pabal, Service } from '../service.ts';
import { AcmeAuthority } from '../support/acme-authority.ts';
import { TestAuthority } from '../support/certificates.ts';

const LISTENERS: readonly (readonly [keyof Listening, string?])[] = [
  ['smtp', 'smtp'],
  ['submission', 'smtp'],
  ['submissions'],
  ['imap', 'imap'],
  ['imaps'],
  ['pop3', 'pop3'],
  ['pop3s'],
  ['lmtp', 'lmtp'],
  ['managesieve', 'sieve'],
  ['https'],
];

/** Of certificates such as this one's: without authenticated encryption. */
const CBC = 'ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA384';

let folder: string;
let authority: TestAuthority;
let service: Service;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pabal-tls-'));
  authority = await TestAuthority.make();
  await renew();
  service = await Service.start({
    set: { 'tls.cert': join(folder, 'cert.pem'), 'tls.key': join(folder, 'key.pem'), 'listen.https': '127.0.0.1:0' },
  });
});
afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Answers the new one's serial number. */
async function renew(): Promise<string> {
  const { cert, key } = await authority.issue('mail.test');
  await writeFile(join(folder, 'cert.pem'), cert);
  await writeFile(join(folder, 'key.pem'), key);
  return new X509Certificate(cert).serialNumber;
}

/** What `openssl s_client` prints; its exit code is not 0 when there is no TLS. */
function client(listener: keyof Listening, starttls: string | undefined, ...args: string[]) {
  return clientAt(service.at(listener), starttls, ...args);
}

function clientAt(address: string, starttls: string | undefined, ...args: string[]) {
  const words = ['s_client', '-connect', address, ...(starttls ? ['-starttls', starttls] : []), ...args];
  return new Promise<{ ok: boolean; out: string }>((resolve) => {
    const child = execFile('openssl', words, (error, out, err) => resolve({ ok: error === null, out: out + err }));
    child.stdin?.end();
  });
}

it.each(LISTENERS.map(([name, starttls]) => ({ name, starttls })))(
  '$name speaks TLS 1.2 and 1.3 with strong ciphers, and nothing else',
  async ({ name, starttls }) => {
    const [tls13, tls12, tls11, cbc, none] = await Promise.all([
      client(name, starttls, '-tls1_3'),
      client(name, starttls, '-tls1_2'),
      client(name, starttls, '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'),
      client(name, starttls, '-tls1_2', '-cipher', `${CBC}:@SECLEVEL=0`),
      client(name, starttls, '-tls1_2', '-cipher', 'eNULL:aNULL:@SECLEVEL=0'),
    ]);
    expect(tls13.out).toContain('New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384');
    expect(tls12.out).toContain('New, TLSv1.2, Cipher is ECDHE-ECDSA-AES256-GCM-SHA384');
    for (const { out } of [tls11, cbc, none]) expect(out).toContain('Cipher is (NONE)');
  },
);

async function serials(listeners = LISTENERS): Promise<Set<string>> {
  const seen = await Promise.all(
    listeners.map(async ([name, starttls]) => {
      const { out } = await client(name, starttls);
      const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(out)?.[0] ?? '';
      return pem === '' ? `${name}: ${out}` : new X509Certificate(pem).serialNumber;
    }),
  );
  return new Set(seen);
}

it('a renewed certificate is used by every listener, and who is connected stays', async () => {
  await using session = await ImapClient.connect(service.at('imaps'), { tls: true });
  await session.login('somebody@mail.test', 'pass');
  const serial = await renew();
  const { stdout } = await pabal(['tls', 'reload', '--data', service.data]);
  expect(stdout).toContain('in use from now on: tls.cert');
  expect(await serials()).toEqual(new Set([serial]));
  await session.ok('NOOP');

  // Half of a new pair is none: the last good one stays, and the doctor says so.
  await writeFile(join(folder, 'key.pem'), authority.pair.key);
  expect((await pabal(['tls', 'reload', '--data', service.data])).stdout).toContain('nothing is new');
  expect(await serials([['imaps']])).toEqual(new Set([serial]));
  const { stdout: status } = await pabal(['tls', 'status', '--json', '--data', service.data]);
  const used = { name: 'tls.cert', hosts: ['mail.test'], problem: expect.any(String) };
  expect(JSON.parse(status)).toMatchObject({ inUse: [used] });
  expect((await pabal(['doctor', '--data', service.data])).stdout).toMatch(/certificate tls\.cert +wrong/);

  const again = await renew();
  process.kill(service.pid, 'SIGHUP');
  await expect.poll(async () => [...(await serials([['imaps']]))], { timeout: 20_000 }).toEqual([again]);
  await session.ok('NOOP');
});

it('a certificate comes by ACME, proved over our own HTTP listener', async () => {
  let http = '';
  await using authority = await AcmeAuthority.start({ http: () => http });
  await using other = await Service.start({
    set: { hostname: 'mail.example.test', 'acme.directory': authority.directory, 'acme.agree': 'true' },
  });
  http = other.at('http');
  // The first attempt may have come before its proof could be fetched.
  const { stdout, stderr, code } = await pabal(['tls', 'renew', '--data', other.data]);
  expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: 'mail.example.test: renewed\n' });
  const { out } = await clientAt(other.at('imaps'), undefined);
  expect(out).toContain('issuer=CN = test ACME authority');
  expect((await pabal(['tls', 'status', '--data', other.data])).stdout).toMatch(
    /mail\.example\.test +mail\.example\.test/,
  );
});
