/** Picking up an original by its link: with a browser, and as another server does. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memoryBackend } from '../../../test/support/backend.ts';
import { type HeldCopyOfTest, heldMail, PASSWORD, USER_ID } from '../../../test/support/held-mail.ts';
import { httpBackend } from '../../../test/support/http.ts';

const LINK = `/downmail${USER_ID}${PASSWORD}`;
const RAW = [
  'From: "K. D. Hong" <kdhong@yahoo.com>',
  'To: tjkim@cntc.ac.kr',
  'Subject: =?utf-8?B?7Jes66aEIO2ctOqwgA==?= <script>',
  'Date: Mon, 3 Jun 2002 10:00:00 +0900',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<p style="color:red">the whole letter<script>alert(1)</script><img src="https://spy.test/x.gif"></p>',
  '--b',
  'Content-Type: application/pdf; name="report.pdf"',
  'Content-Disposition: attachment; filename="report.pdf"',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from('%PDF the report').toString('base64'),
  '--b--',
  '',
].join('\r\n');

let http: Awaited<ReturnType<typeof httpBackend>>;
let copy: HeldCopyOfTest;

async function begin(raw = RAW, keep: Parameters<typeof heldMail>[3] = 'until-deleted') {
  const store = await memoryBackend();
  copy = await heldMail(store.mailstore, store.alice, raw, keep);
  await http?.server.close(0);
  http = await httpBackend({ pickUp: copy.pickUp });
}

beforeEach(() => begin());
afterEach(() => http.server.close(0));

const form = (fields: string, headers: Record<string, string> = {}) => ({
  body: fields,
  headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
});

test('looking at the link fetches nothing: it says what waits, in the language of the browser', async () => {
  const { status, text, headers } = await http.call('GET', LINK, { headers: { 'accept-language': 'ko-KR,ko;q=0.9' } });
  expect(status).toBe(200);
  expect(text).toContain('여름 휴가 &lt;script&gt;');
  expect(text).toContain('보관');
  expect(text).not.toContain('the whole letter');
  expect(copy.log).toEqual([]);
  expect(headers['referrer-policy']).toBe('same-origin');
  expect(headers['cache-control']).toBe('no-store');
  expect((await http.call('GET', LINK)).text).toContain('kept by its sender');
  expect((await http.call('HEAD', LINK)).status).toBe(200);
  expect(copy.log).toEqual([]);
  expect(copy.open).toBe(0);
});

test('a button shows it, without scripts and without images of others, and tells the sender', async () => {
  const { status, text, headers } = await http.call('POST', LINK, form('do=show'));
  expect(status).toBe(200);
  expect(text).toContain('the whole letter');
  expect(text).toContain('report.pdf');
  expect(text).not.toMatch(/<script|spy\.test/);
  expect(text).toMatch(/<iframe sandbox="allow-popups allow-popups-to-escape-sandbox"/);
  const policy = String(headers['content-security-policy']);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toContain('script-src');
  expect(copy.log).toEqual(['fetched by web']);
  expect((await http.call('POST', LINK, form('do=attachment&part=1'))).text).toBe('%PDF the report');
  expect((await http.call('POST', LINK, form('do=attachment&part=2'))).status).toBe(404);
  expect((await http.call('GET', LINK)).text).toContain('fetched before');
});

test('a plain text is shown as it is', async () => {
  await begin('From: a@b.test\r\nSubject: x\r\n\r\n1 < 2 & <b>not bold</b>\r\n');
  const { text } = await http.call('POST', LINK, form('do=show'));
  expect(text).toContain('<pre>1 &lt; 2 &amp; &lt;b&gt;not bold&lt;/b&gt;');
});

test('as a file it is the original, byte for byte', async () => {
  const { bytes, headers } = await http.call('POST', LINK, form('do=raw'));
  expect(bytes.toString()).toBe(RAW);
  expect(headers['content-disposition']).toBe('attachment; filename="kdhong-tjkimcntcackr-2.eml"');
  expect(copy.log).toEqual(['fetched by web']);
});

test('another server fetches, and deletes when it has it', async () => {
  const facts = await http.call('GET', LINK, { headers: { accept: 'application/json' } });
  expect(facts.json).toMatchObject({ size: RAW.length, sender: 'kdhong@yahoo.com', fetched: null });
  const { bytes, headers } = await http.call('POST', LINK, { headers: { accept: 'message/rfc822' } });
  expect(bytes.toString()).toBe(RAW);
  const digest = createHash('sha256').update(RAW).digest();
  expect(headers['repr-digest']).toBe(`sha-256=:${digest.toString('base64')}:`);
  expect(facts.json.digest).toBe(`sha-256:${digest.toString('hex')}`);
  expect((await http.call('DELETE', LINK)).json).toEqual({ outcome: 'deleted' });
  expect(copy.log).toEqual(['fetched by fetch', 'deleted']);
  const again = await http.call('POST', LINK, { headers: { accept: 'message/rfc822' } });
  expect([again.status, again.json.code, again.json.detail]).toEqual([410, 'gone', 'fetched']);
});

test('deleting ends it, and a stolen link leads nowhere afterwards (K1)', async () => {
  expect((await http.call('POST', LINK, form('do=delete'))).text).toContain('was deleted');
  for (const method of ['GET', 'POST'] as const) {
    const { status, text } = await http.call(method, LINK, method === 'POST' ? form('do=show') : {});
    expect(status).toBe(410);
    expect(text).not.toContain('the whole letter');
    expect(text).not.toContain('kdhong@yahoo.com');
  }
});

test('who keeps it says so', async () => {
  await begin(RAW, 'until-expired');
  expect((await http.call('POST', LINK, form('do=delete'))).text).toContain('whether you delete it or not');
  expect((await http.call('DELETE', LINK)).json).toEqual({ outcome: 'kept' });
});

test.each(['expired', 'recalled', 'fetched'] as const)('%s is said to who holds the link', async (state) => {
  copy.end({ kind: 'gone', state, at: Date.UTC(2026, 0, 2) });
  const { status, text } = await http.call('GET', LINK);
  expect(status).toBe(410);
  expect(text).toContain('2026-01-02');
});

test('nobody can tell an unknown id from a wrong password (K1)', async () => {
  const ask = async (url: string) => {
    const { status, text } = await http.call('POST', url, form('do=show'));
    return [status, text.replaceAll(url, 'URL')];
  };
  const wrong = await ask(`/downmail${USER_ID}wrong-password`);
  expect(wrong[0]).toBe(404);
  expect(await ask(`/downmail/nobody/tjkimcntcackr/2/${PASSWORD}`)).toEqual(wrong);
  expect(await ask(`/downmail/kdhong/tjkimcntcackr/3/${PASSWORD}`)).toEqual(wrong);
  const server = (url: string) => http.call('POST', url, { headers: { accept: 'message/rfc822' } });
  expect((await server(`/downmail${USER_ID}wrong-password`)).text).toBe(
    (await server(`/downmail/nobody/x/1/${PASSWORD}`)).text,
  );
  expect(copy.log).toEqual([]);
});

test('a page of another site cannot fetch or delete with a link that it knows', async () => {
  for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.test' }]) {
    expect((await http.call('POST', LINK, form('do=show', headers))).status).toBe(403);
    expect((await http.call('DELETE', LINK, { headers })).status).toBe(403);
  }
  expect((await http.call('POST', LINK, form('do=nonsense'))).status).toBe(400);
  expect((await http.call('POST', LINK)).status).toBe(400);
  expect(copy.log).toEqual([]);
  expect(copy.open).toBe(0);
});

test('a form of ours is known as such, also where its page tells nobody where from', async () => {
  const headers = { 'sec-fetch-site': 'same-origin', origin: 'null' };
  expect((await http.call('POST', LINK, form('do=show', headers))).status).toBe(200);
  const others = { 'sec-fetch-site': 'cross-site', origin: 'null' };
  expect((await http.call('POST', LINK, form('do=show', others))).status).toBe(403);
  expect((await http.call('POST', LINK, form('do=show', { origin: 'null' }))).status).toBe(403);
});

test('the help page explains it in both languages', async () => {
  expect((await http.call('GET', '/downmail/help')).text).toContain('POP3 or IMAP');
  expect((await http.call('GET', '/downmail/help?lang=ko')).text).toContain('발송 통지');
});
