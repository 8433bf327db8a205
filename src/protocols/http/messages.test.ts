import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
});
afterEach(async () => {
  await http.server.close(0);
  expect(http.handles.open, 'account handles left open').toBe(0);
});

const mail = (subject: string, from = 'friend@elsewhere.test') =>
  `From: ${from}\r\nSubject: ${subject}\r\n\r\n${subject}\r\n`;
const deliver = (raw: string | Uint8Array) => http.deliver(http.users.alice, raw);
const get = async (url: string) => await http.alice.as('GET', url);

const RICH = [
  'From: =?utf-8?B?7ZmN6ri464+Z?= <hong@elsewhere.test>',
  'To: alice@example.test, "B, C" <bc@example.test>',
  'Cc: team: x@example.test, y@example.test;',
  'Date: Fri, 20 Nov 2026 09:00:00 +0900',
  'Subject: =?utf-8?B?67O06rOg7ISc?=',
  'Message-ID: <rich@elsewhere.test>',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=outer',
  '',
  '--outer',
  'Content-Type: multipart/alternative; boundary=inner',
  '',
  '--inner',
  'Content-Type: text/plain; charset=euc-kr',
  'Content-Transfer-Encoding: base64',
  '',
  Buffer.from([0xc7, 0xd1, 0xb1, 0xdb]).toString('base64'),
  '--inner',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<p onclick="x()">한글</p><script>alert(1)</script><img src="http://evil.test/pixel"><a href="javascript:x()">a</a>',
  '--inner--',
  '--outer',
  'Content-Type: application/pdf; name="x.pdf"',
  "Content-Disposition: attachment; filename*=UTF-8''%EB%B3%B4%EA%B3%A0%EC%84%9C.pdf",
  'Content-Transfer-Encoding: base64',
  '',
  'JVBERi0xLjQK',
  '--outer',
  'Content-Type: text/html',
  'Content-Disposition: attachment; filename="../../evil.html"',
  'Content-Transfer-Encoding: quoted-printable',
  '',
  '<script>alert(=22x=22)</script>',
  '--outer--',
  '',
].join('\r\n');

describe('a message', () => {
  test('is shown with all there is to it', async () => {
    const { id, thread } = await deliver(RICH);
    const { status, json } = await get(`/v1/messages/${id}`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      id: String(id),
      folder: '1',
      thread,
      from: [{ name: '홍길동', address: 'hong@elsewhere.test' }],
      to: [
        { name: '', address: 'alice@example.test' },
        { name: 'B, C', address: 'bc@example.test' },
      ],
      cc: [
        { name: '', address: 'x@example.test' },
        { name: '', address: 'y@example.test' },
      ],
      subject: '보고서',
      date: '2026-11-20T00:00:00.000Z',
      messageId: '<rich@elsewhere.test>',
      read: false,
      flagged: false,
      text: '한글',
      truncated: false,
      hasAttachment: true,
      size: Buffer.byteLength(RICH),
    });
    expect(json.html).toBe('<p>한글</p><a>a</a>');
    expect(json.attachments).toEqual([
      { n: 1, name: '보고서.pdf', type: 'application/pdf', size: 12, inline: false, contentId: '' },
      { n: 2, name: '../../evil.html', type: 'text/html', size: 31, inline: false, contentId: '' },
    ]);
    expect(json.structure).toMatchObject({ type: 'multipart/mixed', parts: [{ parts: [{}, {}] }, {}, {}] });
  });

  test('is handed out byte for byte, whole or in ranges, and never as a page', async () => {
    const raw = Buffer.concat([Buffer.from(mail('bytes')), Buffer.from(Array.from({ length: 256 }, (_, i) => i))]);
    const { id } = await deliver(raw);
    const whole = await get(`/v1/messages/${id}/raw`);
    expect(whole.bytes.equals(raw)).toBe(true);
    expect(whole.headers).toMatchObject({
      'content-type': 'message/rfc822',
      'content-length': String(raw.length),
      'content-disposition': `attachment; filename="message-${id}.eml"`,
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    const some = await http.alice.as('GET', `/v1/messages/${id}/raw`, { headers: { range: 'bytes=5-9' } });
    expect(some).toMatchObject({ status: 206, text: raw.subarray(5, 10).toString() });
    expect(some.headers['content-range']).toBe(`bytes 5-9/${raw.length}`);
    const outside = await http.alice.as('GET', `/v1/messages/${id}/raw`, { headers: { range: 'bytes=99999-' } });
    expect(outside.status).toBe(416);
    expect(outside.headers['content-range']).toBe(`bytes */${raw.length}`);
  });

  test('gives its attachments decoded, as downloads with safe names (F14, W5)', async () => {
    const { id } = await deliver(RICH);
    const pdf = await get(`/v1/messages/${id}/attachments/1`);
    expect(pdf.text).toBe('%PDF-1.4\n');
    expect(pdf.headers['content-disposition']).toBe(
      `attachment; filename="___.pdf"; filename*=UTF-8''%EB%B3%B4%EA%B3%A0%EC%84%9C.pdf`,
    );
    const page = await get(`/v1/messages/${id}/attachments/2`);
    expect(page.text).toBe('<script>alert("x")</script>');
    expect(page.headers).toMatchObject({
      'content-type': 'text/html',
      'content-disposition': 'attachment; filename="_.._evil.html"',
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
    });
    for (const n of ['0', '3', '-1', 'x', '1.0'])
      expect((await get(`/v1/messages/${id}/attachments/${n}`)).status).toBe(404);
  });

  test('has a text also when it came as HTML only, however hostile', async () => {
    const html = `<html><style>x{}</style><body><h1>Hi</h1><p>a &amp; b</p>${'<b>'.repeat(30_000)}deep`;
    const { id } = await deliver(`Subject: h\r\nContent-Type: text/html\r\n\r\n${html}`);
    const { json } = await get(`/v1/messages/${id}`);
    expect(json.html).toContain('<h1>Hi</h1><p>a &amp; b</p>');
    expect(json.html).not.toContain('style');
    expect(json.text).toMatch(/^Hi\n\na & b/);
  });

  test('of nothing but garbage is still a message', async () => {
    for (const raw of [
      '',
      '\r\n',
      '\0\0\0',
      'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b',
      'Date: nonsense\r\n\r\nx',
    ]) {
      const { id } = await deliver(raw);
      const { status, json } = await get(`/v1/messages/${id}`);
      expect(status).toBe(200);
      expect(json).toMatchObject({ date: null, subject: '', attachments: expect.any(Array) });
    }
  });
});

describe('marking and moving', () => {
  test('changes what is named and nothing else', async () => {
    const { id } = await deliver(mail('x'));
    const url = `/v1/messages/${id}`;
    const patch = async (body: unknown) => (await http.alice.as('PATCH', url, { body })).json;
    expect(await patch({ read: true, flagged: true })).toMatchObject({ read: true, flagged: true, folder: '1' });
    expect(await patch({ read: false, keywords: { add: ['constructor', '__proto__', '$Work'] } })).toMatchObject({
      read: false,
      flagged: true,
      keywords: ['$Work', '__proto__', 'constructor'],
    });
    expect(await patch({ keywords: { remove: ['constructor'] }, folder: 'archive' })).toMatchObject({
      keywords: ['$Work', '__proto__'],
      folder: '6',
      flagged: true,
    });
    expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
  });

  test.each([
    [{}, 400],
    [{ read: 'yes' }, 400],
    [{ seen: true }, 400],
    [{ deletedAt: 1, read: true }, 400],
    [{ keywords: { add: ['two words'] } }, 400],
    [{ keywords: { add: ['한글'] } }, 400],
    [{ keywords: { add: ['\\Seen'] } }, 400],
    [{ keywords: ['x'] }, 400],
    [{ folder: { $gt: '' } }, 400],
    [{ folder: '999' }, 404],
    [[], 400],
    ['text', 400],
    [null, 400],
  ])('refuses %j', async (body, status) => {
    const { id } = await deliver(mail('x'));
    expect(
      (
        await http.alice.as('PATCH', `/v1/messages/${id}`, {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        })
      ).status,
    ).toBe(status);
    expect((await get(`/v1/messages/${id}`)).json).toMatchObject({ read: false, folder: '1' });
  });

  test('empties Trash with the folders in it, and Junk; nothing else', async () => {
    const made = async (body: object) => (await http.alice.as('POST', '/v1/folders', { body })).json.id as string;
    const trash = (await get('/v1/folders/trash')).json.id;
    const inside = await made({ name: 'old', parent: trash });
    const deepest = await made({ name: 'older', parent: inside });
    const own = await made({ name: 'own' });
    for (const folder of ['trash', inside, deepest, 'junk', own]) {
      const { id } = await deliver(mail(folder));
      await http.alice.as('PATCH', `/v1/messages/${id}`, { body: { folder } });
    }
    const empty = (id: string) => http.alice.as('POST', `/v1/folders/${id}/empty`);
    expect((await empty(own)).json.code).toBe('folder-protected');
    expect((await empty('inbox')).status).toBe(409);
    expect((await empty(inside)).json).toEqual({ deleted: 2 });
    expect((await get(`/v1/folders/${inside}`)).json.total).toBe(0);
    expect((await empty('trash')).json).toEqual({ deleted: 1 });
    expect((await get(`/v1/folders/${inside}`)).status).toBe(404);
    expect((await empty('junk')).json).toEqual({ deleted: 1 });
    expect((await get(`/v1/folders/${own}`)).json.total).toBe(1);
  });

  test('deletes to Trash, and from Trash for ever', async () => {
    const { id } = await deliver(mail('x'));
    expect((await http.alice.as('DELETE', `/v1/messages/${id}`)).status).toBe(204);
    expect((await get(`/v1/messages/${id}`)).json.folder).toBe('5');
    expect((await http.alice.as('DELETE', `/v1/messages/${id}`)).status).toBe(204);
    expect((await get(`/v1/messages/${id}`)).status).toBe(404);
    expect((await http.alice.as('DELETE', `/v1/messages/${id}`)).status).toBe(404);
  });

  test('does the same to many at once', async () => {
    const ids = [];
    for (const subject of ['a', 'b', 'c']) ids.push(String((await deliver(mail(subject))).id));
    const batch = async (body: unknown) => await http.alice.as('POST', '/v1/messages/batch', { body });
    const marked = await batch({ ids: [...ids, '999', 'x'], change: { read: true, folder: 'archive' } });
    expect(marked.json).toEqual({ done: 3, missing: ['999', 'x'] });
    expect((await get('/v1/folders/archive')).json).toMatchObject({ total: 3, unread: 0 });
    expect((await batch({ ids, delete: true })).json).toEqual({ done: 3, missing: [] });
    expect((await get('/v1/folders/trash')).json.total).toBe(3);
    expect((await batch({ ids, delete: true })).json.done).toBe(3);
    expect((await get('/v1/folders/trash')).json.total).toBe(0);
    for (const body of [
      { ids: [] },
      { ids },
      { ids, delete: false },
      { ids, delete: true, change: { read: true } },
      { ids: Array(1_001).fill('1'), delete: true },
    ])
      expect((await batch(body)).status).toBe(400);
  });
});

describe('folders', () => {
  test('are listed, made, renamed, moved, described and deleted', async () => {
    const { json } = await get('/v1/folders');
    expect(json.items).toHaveLength(6);
    expect(json.items[0]).toMatchObject({ id: '1', name: 'INBOX', role: 'inbox', parent: null, total: 0, unread: 0 });
    const made = await http.alice.as('POST', '/v1/folders', { body: { name: '업무', description: 'work' } });
    expect(made).toMatchObject({ status: 201, json: { name: '업무', path: '업무', description: 'work' } });
    expect(made.headers['location']).toBe(`/v1/folders/${made.json.id}`);
    const child = (await http.alice.as('POST', '/v1/folders', { body: { name: '2026', parent: made.json.id } })).json;
    expect(child).toMatchObject({ path: '업무/2026', parent: made.json.id });
    const change = async (body: unknown) => await http.alice.as('PATCH', `/v1/folders/${child.id}`, { body });
    expect((await change({ name: '__proto__', parent: null, description: 'd', subscribed: false })).json).toMatchObject(
      {
        path: '__proto__',
        parent: null,
        description: 'd',
        subscribed: false,
      },
    );
    expect((await change({ name: 'Sent' })).json).toMatchObject({ status: 409, code: 'folder-exists' });
    expect((await change({})).status).toBe(400);
    expect((await change({ quota: 1 })).status).toBe(400);
    expect((await change({ name: 'a/b' })).status).toBe(400);
    expect((await http.alice.as('DELETE', `/v1/folders/${child.id}`)).status).toBe(204);
    expect((await get(`/v1/folders/${child.id}`)).status).toBe(404);
    expect((await http.alice.as('DELETE', '/v1/folders/inbox')).json.code).toBe('folder-protected');
    expect((await http.alice.as('PATCH', '/v1/folders/inbox', { body: { name: 'x' } })).json.code).toBe(
      'folder-protected',
    );
  });
});

describe('Idempotency-Key (B12)', () => {
  const post = async (key: string, body: unknown) =>
    await http.alice.as('POST', '/v1/folders', { body, headers: { 'idempotency-key': key } });

  test('twenty at once make one folder, and all answers are the same', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('k1', { name: 'once' })));
    expect(new Set(answers.map((a) => `${a.status} ${a.text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
    expect((await post('k1', { name: 'once' })).text).toBe(answers[0]?.text);
    expect((await post('k2', { name: 'once' })).status).toBe(409);
  });

  test('a key is not for another request, and a refused one leaves no trace', async () => {
    await post('k', { name: 'a' });
    expect((await post('y'.repeat(255), { name: 'long key' })).status).toBe(201);
    expect((await post('k', { name: 'b' })).json).toMatchObject({ status: 422, code: 'idempotency-mismatch' });
    expect((await post('n', { name: 'a' })).status).toBe(409);
    await http.alice.as(
      'DELETE',
      `/v1/folders/${(await get('/v1/folders')).json.items.find((f: { name: string }) => f.name === 'a').id}`,
    );
    expect((await post('n', { name: 'a' })).status).toBe(201);
    for (const bad of ['', 'with space', 'x'.repeat(256)]) expect((await post(bad, { name: 'z' })).status).toBe(400);
  });
});

describe('a report about a domain', () => {
  test('is shown, packed as it may be', async () => {
    const report = {
      'organization-name': 'Receiver',
      'date-range': { 'start-datetime': '2026-11-20T00:00:00Z', 'end-datetime': '2026-11-20T23:59:59Z' },
      policies: [{ policy: { 'policy-type': 'sts', 'policy-domain': 'example.test' } }],
    };
    const content = gzipSync(JSON.stringify(report)).toString('base64');
    const head = 'Content-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\n';
    const { id } = await deliver(`From: tls@elsewhere.test\r\n${head}\r\n${content}\r\n`);
    expect((await get(`/v1/messages/${id}/report`)).json).toEqual({
      kind: 'tls',
      organization: 'Receiver',
      contact: '',
      reportId: '',
      begin: '2026-11-20T00:00:00.000Z',
      end: '2026-11-20T23:59:59.000Z',
      policies: [{ type: 'sts', domain: 'example.test', succeeded: 0, failed: 0, failures: [] }],
    });
    const other = await deliver(mail('no report'));
    expect((await get(`/v1/messages/${other.id}/report`)).status).toBe(404);
  });
});
