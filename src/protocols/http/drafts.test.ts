import { beforeEach, expect, test } from 'vitest';
import { submittedHeader } from '../../submit/header.ts';
import { httpBackend } from '../../../test/support/http.ts';

const MISSING = { sender: 'alice@example.test', now: 0, messageId: '<a@example.test>' };

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
  return () => http.server[Symbol.asyncDispose]();
});

const drafts = async () => (await http.alice.as('GET', '/v1/folders/drafts/messages')).json.items;

function multipart(message: unknown, files: Record<string, string>) {
  const part = (head: string, content: string) =>
    `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`;
  const body =
    part('name="message"', JSON.stringify(message)) +
    Object.entries(files)
      .map(([name, content]) => part(`name="file"; filename="${name}"\r\nContent-Type: text/plain`, content))
      .join('');
  return { body: `${body}--b--\r\n`, headers: { 'content-type': 'multipart/form-data; boundary=b' } };
}

test('a draft needs nothing, says who gets it unseen, and a later state takes its place', async () => {
  const first = await http.alice.as('POST', '/v1/drafts', { body: {} });
  expect(first.status).toBe(201);
  const body = { bcc: ['bob@example.test'], subject: '초안', text: 'Half a sent', replaces: first.json.id };
  const second = await http.alice.as('POST', '/v1/drafts', { body });
  expect((await drafts()).map(({ id, draft, read }: Record<string, unknown>) => [id, draft, read])).toEqual([
    [second.json.id, true, true],
  ]);
  const shown = (await http.alice.as('GET', `/v1/messages/${second.json.id}`)).json;
  expect(shown).toMatchObject({ subject: '초안', text: 'Half a sent\n', bcc: [{ address: 'bob@example.test' }] });
  // What it replaces may be gone already.
  expect((await http.alice.as('POST', '/v1/drafts', { body: { replaces: first.json.id } })).status).toBe(201);
  expect((await http.bob.as('GET', '/v1/folders/inbox/messages')).json.items).toEqual([]);
});

test('images in its text stay images of the text, and every file has its number', async () => {
  const html = (...names: string[]) => names.map((name) => `<img src="cid:${name}@x">`).join('');
  const image = (name: string) =>
    `--b\r\nContent-Disposition: form-data; name="cid:${name}@x"; filename="${name}.png"\r\nContent-Type: image/png\r\n\r\n${name}\r\n`;
  const post = async (message: unknown, names: readonly string[], files: Record<string, string>) => {
    const { body, headers } = multipart(message, files);
    return (await http.alice.as('POST', '/v1/drafts', { headers, body: names.map(image).join('') + body })).json;
  };
  const one = await post({ html: html('a') }, ['a'], { 'first.txt': 'FIRST' });
  const attached = (one.attached as number[]).map((n) => ({ message: one.id, n })).toReversed();
  // A file before an image that was there, then an image and a file that are new.
  const two = await post({ html: html('a', 'b'), attached, replaces: one.id }, ['b'], { 'second.txt': 'SECOND' });
  const shown = (await http.alice.as('GET', `/v1/messages/${two.id}`)).json;
  const byNumber = new Map(shown.attachments.map((file: { n: number; name: string }) => [file.n, file.name]));
  expect(two.attached.map((n: number) => byNumber.get(n))).toEqual(['first.txt', 'a.png', 'b.png', 'second.txt']);
  expect(shown.attachments.filter((file: { inline: boolean }) => file.inline)).toMatchObject([
    { contentId: 'a@x', type: 'image/png' },
    { contentId: 'b@x', type: 'image/png' },
  ]);
  expect(JSON.stringify(shown.structure)).toContain('multipart/related');
  expect(shown.html).toBe('<img src="cid:a@x" /><img src="cid:b@x" />');
});

test('files stay with it from state to state, and go along when it is sent', async () => {
  const one = await http.alice.as(
    'POST',
    '/v1/drafts',
    multipart({ subject: 'x' }, { 'a.txt': 'AAA', '나.txt': 'BBB' }),
  );
  expect(one.json.attached).toEqual([1, 2]);
  const attached = [{ message: one.json.id, n: 2 }];
  const more = multipart({ subject: 'y', attached, replaces: one.json.id }, { 'c.txt': 'CCC' });
  const two = await http.alice.as('POST', '/v1/drafts', more);
  const names = async (id: string) =>
    (await http.alice.as('GET', `/v1/messages/${id}`)).json.attachments.map((a: { name: string }) => a.name);
  expect(await names(two.json.id)).toEqual(['나.txt', 'c.txt']);
  expect((await http.alice.as('GET', `/v1/messages/${two.json.id}/attachments/1`)).text).toBe('BBB');

  const mail = { to: ['alice@example.test'], attached: [{ message: two.json.id, n: 1 }], text: 'here' };
  expect((await http.alice.as('POST', '/v1/messages', { body: mail })).status).toBe(202);
  const [sent] = (await http.alice.as('GET', '/v1/folders/sent/messages')).json.items;
  expect(await names(sent.id)).toEqual(['나.txt']);
  expect(await drafts()).toHaveLength(1);
  const missing = { body: { attached: [{ message: two.json.id, n: 9 }] } };
  expect((await http.alice.as('POST', '/v1/drafts', missing)).status).toBe(404);
});

test('only a draft is forgotten in this way', async () => {
  await http.deliver(http.users.alice, 'Subject: keep\r\n\r\nx\r\n');
  const [mail] = (await http.alice.as('GET', '/v1/folders/inbox/messages')).json.items;
  expect((await http.alice.as('DELETE', `/v1/drafts/${mail.id}`)).status).toBe(404);
  expect((await http.alice.as('POST', '/v1/drafts', { body: { replaces: mail.id } })).status).toBe(201);
  expect((await http.alice.as('GET', `/v1/messages/${mail.id}`)).status).toBe(200);
  const [draft] = await drafts();
  expect((await http.alice.as('DELETE', `/v1/drafts/${draft.id}`)).status).toBe(204);
  expect(await drafts()).toEqual([]);
});

test('what is chosen for sending it is told again, and leaves with no mail', async () => {
  const options = { receipt: true, confidential: { until: '2099-01-31T23:59:59Z' }, downmail: true, category: '알림' };
  const body = { to: ['bob@example.test'], subject: 'x', text: 'y', importance: 'high', options };
  const { json } = await http.alice.as('POST', '/v1/drafts', { body });
  const shown = async (id: string) => (await http.alice.as('GET', `/v1/messages/${id}`)).json.draftOptions;
  expect(await shown(json.id)).toEqual({ ...options, importance: 'high' });
  expect(
    submittedHeader((await http.alice.as('GET', `/v1/messages/${json.id}/raw`)).bytes, MISSING).head.toString(),
  ).not.toMatch(/pabal/i);
  const plain = await http.alice.as('POST', '/v1/drafts', { body: { options: {} } });
  expect(await shown(plain.json.id)).toEqual({});
  const mail = await http.deliver(http.users.alice, 'Pabal-Draft: {"receipt":true}\r\n\r\n');
  expect(await shown(String(mail.id))).toBeNull();
});
