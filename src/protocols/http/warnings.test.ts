/** What the reader of a mail is to be careful of, and the page before its links. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { WARNINGS } from '../../intake/protection/warnings.ts';
import type { MailWarning } from '../../mail/phishing/warnings.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server.close(0));

const TARGET = 'https://login.elsewhere.test/x?a=1&b=%22';
const MAIL = `From: x@elsewhere.test\r\nSubject: x\r\nContent-Type: text/html\r\n\r\n<a href="${TARGET.replaceAll('&', '&amp;')}">bank</a> <a href="mailto:a@b.test">write</a>`;
const WARNING: MailWarning = { code: 'link-elsewhere', level: 'warning', what: 'login.elsewhere.test', like: 'bank' };

async function deliver(warnings: readonly MailWarning[]): Promise<string> {
  using account = await http.accountOf(http.users.alice);
  const folder = account.folderWithRole('inbox')!.id;
  const records = [{ kind: WARNINGS, value: warnings }];
  return String((await account.addMessage(Buffer.from(MAIL), { folder, records })).id);
}

/** Where the links of a message's page lead. */
async function linksOf(id: string): Promise<string[]> {
  const { text } = await http.alice.as('GET', `/v1/messages/${id}/page`);
  return Array.from(text.matchAll(/ href="([^"]*)"/g), ([, href = '']) => href.replaceAll('&amp;', '&'));
}

test('a mail tells what its reader is to be careful of, and its links lead over a page that says so (W9)', async () => {
  const id = await deliver([WARNING]);
  expect((await http.alice.as('GET', `/v1/messages/${id}`)).json.warnings).toEqual([WARNING]);
  const [link = '', write] = await linksOf(id);
  expect(write).toBe('mailto:a@b.test');
  expect(link).toMatch(/^\/leave\?/);
  const shown = await http.call('GET', link);
  expect(shown.status).toBe(200);
  expect(shown.headers['location']).toBeUndefined();
  expect(shown.headers['refresh']).toBeUndefined();
  expect(shown.text).toContain('<b>login.elsewhere.test</b>');
  expect(shown.text).toContain('a link shows one place and leads to another');
  expect(shown.text).toContain(`<a href="${TARGET.replaceAll('&', '&amp;')}" rel="noopener noreferrer nofollow">`);
  expect(shown.text).not.toMatch(/<script|http-equiv/);
  const korean = await http.call('GET', `${link}&lang=ko`);
  expect(korean.text).toContain('보이는 주소와 다른 곳으로 가는 링크가 있습니다');
});

test('links of other mails are left as they are, and notes are no warnings', async () => {
  expect((await linksOf(await deliver([])))[0]).toBe(TARGET);
  expect((await linksOf(await deliver([{ ...WARNING, level: 'note' }])))[0]).toBe(TARGET);
});

test('the page shows nothing that we did not seal: it leads nobody elsewhere', async () => {
  const [link = ''] = await linksOf(await deliver([WARNING]));
  const given = Object.fromEntries(new URLSearchParams(link.slice('/leave?'.length)));
  const ask = (change: Record<string, string>) =>
    http.call('GET', `/leave?${new URLSearchParams({ ...given, ...change }).toString()}`);
  for (const change of [
    { to: 'https://evil.test/' },
    { to: `${given['to']}x` },
    { why: 'new-domain' },
    { seal: '' },
    { seal: 'x'.repeat(22) },
    { to: 'javascript:alert(1)' },
  ])
    expect((await ask(change as Record<string, string>)).status).toBe(404);
  expect((await http.call('GET', '/leave')).status).toBe(404);
  expect((await http.call('GET', `${link}&to=https://evil.test`)).status).toBe(404);
});
