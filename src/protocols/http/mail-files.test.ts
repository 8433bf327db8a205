import { afterEach, beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import { readMbox } from '../../mail/mbox.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(() => http.server[Symbol.asyncDispose]());

const put = async (raw: string | Buffer, query: string, headers: Record<string, string> = {}) =>
  await http.alice.as('POST', `/v1/folders/inbox/messages?source=old.mbox&${query}`, {
    body: raw,
    headers: { 'content-type': 'message/rfc822', ...headers },
  });
const mbox = async () => {
  const { headers, bytes } = await http.alice.as('GET', '/v1/folders/inbox/mbox');
  const all = [];
  const pieces = (async function* () {
    yield bytes;
  })();
  for await (const { flags, date, raw } of readMbox(pieces, { most: 1 << 20 }))
    all.push({ flags: [...flags].sort(), date, raw: Buffer.from(raw).toString() });
  return { headers, all };
};

test('a message is put into a folder with its date, flags and bytes, and a folder is fetched as an mbox', async () => {
  const when = '2019-05-01T10:00:00.000Z';
  const first = await put(
    'Subject: =?utf-8?q?x?=\n\nFrom here on\n',
    `received=${when}&read=true&flagged=true&keywords=work+later`,
  );
  expect(first).toMatchObject({ status: 201, json: { known: false } });
  expect((await http.alice.as('GET', `/v1/messages/${first.json.id}`)).json).toMatchObject({
    received: when,
    read: true,
    flagged: true,
    keywords: ['later', 'work'],
  });
  await put('Subject: y\r\n\r\n', 'copy=0');
  const { headers, all } = await mbox();
  expect(headers['content-disposition']).toBe('attachment; filename="INBOX.mbox"');
  expect(all).toMatchObject([
    {
      flags: ['\\flagged', '\\seen', 'later', 'work'],
      date: Date.parse(when),
      raw: 'Subject: =?utf-8?q?x?=\r\n\r\nFrom here on\r\n',
    },
    { raw: 'Subject: y\r\n\r\n' },
  ]);
});

test('what one source has brought is known again, and its equal copies are not lost', async () => {
  const mail = 'Subject: twice\r\n\r\n';
  const first = await put(mail, 'copy=0');
  expect((await put(mail, 'copy=1')).json.known).toBe(false);
  expect((await put(mail, 'copy=0')).json).toEqual({ id: first.json.id, known: true });
  expect((await mbox()).all.length).toBe(2);
});

test('what is no message, too large or nobody’s place is refused', async () => {
  expect((await put('', '')).status).toBe(400);
  expect((await put('{}', '', { 'content-type': 'application/json' })).status).toBe(415);
  expect((await put('x', 'received=yesterday')).status).toBe(400);
  expect((await put('x', 'keywords=%5CSeen')).status).toBe(400);
  expect((await put('x', '', { 'content-length': String(60 << 20) })).status).toBe(413);
  const elsewhere = await http.alice.as('POST', '/v1/folders/999/messages?source=x', {
    body: 'Subject: x\r\n\r\n',
    headers: { 'content-type': 'message/rfc822' },
  });
  expect(elsewhere.status).toBe(404);
});
