/** S/MIME that OpenSSL wrote, read as the client reads it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entityOf, readableOf } from './entity.ts';
import { open, type OwnKey, readPfx } from './smime.ts';

let folder: string;
let own: OwnKey;
const path = (name: string): string => join(folder, name);
const openssl = (...args: readonly string[]): Buffer =>
  execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });

const TEXT = 'Content-Type: text/plain; charset=utf-8\r\n\r\n안녕하세요, 비밀입니다.\r\n';

function person(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=email:${name}@example.test`];
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '30',
    ...subject,
    '-keyout',
    path(`${name}.key`),
    '-out',
    path(`${name}.pem`),
  );
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pabal-smime-'));
  person('alice');
  person('bob');
  writeFileSync(path('text'), TEXT);
  openssl(
    'pkcs12',
    '-export',
    '-inkey',
    path('bob.key'),
    '-in',
    path('bob.pem'),
    '-passout',
    'pass:열쇠 말',
    '-out',
    path('bob.p12'),
  );
  own = await readPfx(readFileSync(path('bob.p12')), '열쇠 말');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const signer = (): string[] => ['-signer', path('alice.pem'), '-inkey', path('alice.key')];
const cms = (...args: readonly string[]): Buffer => openssl('cms', '-binary', '-crlfeol', ...args);

test('a file of PKCS #12 is opened with its password, and with no other', async () => {
  expect(own.certificate.subject.typesAndValues[0]?.value.valueBlock.value).toBe('bob');
  await expect(readPfx(readFileSync(path('bob.p12')), 'another')).rejects.toMatchObject({ why: 'wrong-password' });
  await expect(readPfx(Buffer.from('none'), '')).rejects.toMatchObject({ why: 'unreadable' });
});

for (const opaque of [false, true])
  test(`a signed mail says by whom${opaque ? ', with the text inside the signature' : ''}`, async () => {
    const raw = cms('-sign', '-in', path('text'), ...signer(), ...(opaque ? ['-nodetach'] : []));
    const opened = await open(raw, []);
    expect(opened).toMatchObject({
      encrypted: false,
      signature: { state: 'whole', signer: { name: 'alice', addresses: ['alice@example.test'] } },
    });
    if (opened) expect(readableOf(opened.content).text).toBe('안녕하세요, 비밀입니다.');
  });

test('what was changed after signing is known, also a single byte', async () => {
  const raw = cms('-sign', '-in', path('text'), ...signer());
  const at = raw.indexOf('비밀');
  raw.set(Buffer.from('거짓'), at);
  expect(await open(raw, [])).toMatchObject({ signature: { state: 'changed' } });
});

test('a third part beside a signed one makes nothing of it signed, nor does a signature somewhere inside', async () => {
  const raw = cms('-sign', '-in', path('text'), ...signer()).toString('latin1');
  const boundary = /boundary="([^"]+)"/.exec(raw)?.[1] ?? '';
  const added = raw.replace(`--${boundary}--`, `--${boundary}\r\n\r\nunsigned words\r\n--${boundary}--`);
  expect(added).not.toBe(raw);
  expect(await open(Buffer.from(added, 'latin1'), [])).toBeUndefined();
  const nested = `Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n${raw}\r\n--x\r\n\r\nfooter\r\n--x--\r\n`;
  expect(await open(Buffer.from(nested, 'latin1'), [])).toBeUndefined();
});

test.each(['-aes128', '-aes256'])('an encrypted mail (%s) is opened with the key it was made for', async (cipher) => {
  const raw = cms('-encrypt', cipher, '-in', path('text'), path('bob.pem'), path('alice.pem'));
  const opened = await open(raw, [own]);
  expect(opened).toMatchObject({ encrypted: true, signature: undefined });
  if (opened) expect(readableOf(opened.content).text).toBe('안녕하세요, 비밀입니다.');
  await expect(open(raw, [])).rejects.toMatchObject({ why: 'no-key' });
});

test('RSA-OAEP is read, triple DES is not and is said so', async () => {
  const oaep = cms(
    '-encrypt',
    '-aes256',
    '-in',
    path('text'),
    '-recip',
    path('bob.pem'),
    '-keyopt',
    'rsa_padding_mode:oaep',
  );
  expect(await open(oaep, [own])).toMatchObject({ encrypted: true });
  const old = cms('-encrypt', '-des3', '-in', path('text'), path('bob.pem'));
  await expect(open(old, [own])).rejects.toMatchObject({ why: 'cipher' });
});

test('signed, then encrypted: both are told', async () => {
  writeFileSync(path('signed'), cms('-sign', '-in', path('text'), ...signer()));
  const opened = await open(cms('-encrypt', '-aes256', '-in', path('signed'), path('bob.pem')), [own]);
  expect(opened).toMatchObject({ encrypted: true, signature: { state: 'whole', signer: { name: 'alice' } } });
});

test('a plain mail is neither', async () => {
  expect(await open(Buffer.from(TEXT), [own])).toBeUndefined();
});

test('an entity is read byte for byte', () => {
  const raw =
    'Content-Type: multipart/mixed;\r\n boundary="a b"\r\n\r\npreamble\r\n--a b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\none=20=\r\ntwo\r\n--a b\r\nContent-Type: application/pdf; name="x;y.pdf"\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--a b--\r\nepilogue';
  const entity = entityOf(Buffer.from(raw));
  expect(entity.parts.map(({ type }) => type)).toEqual(['text/plain', 'application/pdf']);
  expect(Buffer.from(entity.parts[0]?.raw ?? []).toString()).toMatch(/^Content-Type: text\/plain[^]*two$/);
  expect(readableOf(entity)).toMatchObject({
    text: 'one two',
    files: [{ name: 'x;y.pdf', body: Uint8Array.of(0, 1, 2) }],
  });
  expect(entityOf(new Uint8Array(0))).toMatchObject({ type: 'text/plain', parts: [] });
});
