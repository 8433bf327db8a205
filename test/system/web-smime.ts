/** Signed and encrypted mail in the web client, as OpenSSL wrote it. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { accessible, row, type WebClient } from '../support/web-client.ts';

const PASSWORD = 'open sesame';

export async function trySmime(client: WebClient): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'pabal-web-smime-'));
  const path = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]): string =>
    execFileSync('openssl', args, { encoding: 'latin1', stdio: ['ignore', 'pipe', 'ignore'] });
  const person = (name: string, address: string): void => {
    const made = ['-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', `/CN=${name}`];
    const named = ['-addext', `subjectAltName=email:${address}`];
    openssl('req', '-x509', ...made, ...named, '-keyout', path(`${name}.key`), '-out', path(name));
  };
  const reader = 'sealed@mail.test';
  const arrive = (subject: string, entity: string, from = 'minji@elsewhere.test') =>
    client.arrive(
      reader,
      `From: Minji <${from}>\nTo: ${reader}\nSubject: ${subject}\n${entity.replaceAll('\r\n', '\n')}`,
    );
  try {
    person('Minji', 'minji@elsewhere.test');
    person('Reader', reader);
    const pfx = ['-inkey', path('Reader.key'), '-in', path('Reader'), '-passout', `pass:${PASSWORD}`];
    openssl('pkcs12', '-export', ...pfx, '-out', path('reader.p12'));
    writeFileSync(path('text'), 'Content-Type: text/plain\r\n\r\nMeet me at noon.\r\n');
    const html = '<p>The <b>secret</b> plan</p><img src="https://tracker.test/seen.gif"><script>alert(1)</script>';
    writeFileSync(path('html'), `Content-Type: text/html; charset=utf-8\r\n\r\n${html}\r\n`);
    const cms = (...args: readonly string[]): string => openssl('cms', '-binary', '-crlfeol', ...args);
    const signed = cms('-sign', '-in', path('text'), '-signer', path('Minji'), '-inkey', path('Minji.key'));
    const sealed = cms('-encrypt', '-aes256', '-in', path('html'), path('Reader'));
    await arrive('As signed', signed);
    await arrive('As changed', signed.replace('at noon', 'at nine'));
    await arrive('As another', signed, 'boss@elsewhere.test');
    await arrive('As sealed', sealed);

    const { page, faults } = await client.signedIn(reader);
    const asked: string[] = [];
    page.on('request', (request) => void asked.push(request.url()));
    await row(page, 'As signed').click();
    await page.getByText('Not changed since it was signed as Minji <minji@elsewhere.test>').waitFor();
    await accessible(page);
    await row(page, 'As changed').click();
    await page.getByText('was changed after it was signed').waitFor();
    await row(page, 'As another').click();
    await page.getByText('but the mail says it comes from boss@elsewhere.test').waitFor();

    await row(page, 'As sealed').click();
    await page.getByText('This mail is encrypted.').waitFor();
    await accessible(page);
    await page.getByLabel('File with your certificate').setInputFiles(path('reader.p12'));
    const password = page.getByLabel('Password of the file');
    await password.fill('wrong');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('The password is wrong.').waitFor();
    await password.fill(PASSWORD);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('The secret plan').waitFor();
    await page.getByText('anybody may have written it').waitFor();
    await accessible(page);
    // Nothing of it became a page, and what was opened stayed here.
    expect(await page.locator('.message iframe, .message img[src*=tracker]').count()).toBe(0);
    expect(asked.filter((url) => url.includes('tracker.test'))).toEqual([]);
    const kept = await page.evaluate<string>(`localStorage.getItem('pabal.smime.${reader}')`);
    expect(kept).toContain('reader.p12');

    // The next visit has the file still, and asks for its password.
    await page.reload();
    await row(page, 'As sealed').click();
    await page.getByText('In this browser: reader.p12').waitFor();
    await password.fill(PASSWORD);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await page.getByText('The secret plan').waitFor();
    expect(faults).toEqual([]);
    await page.context().close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
