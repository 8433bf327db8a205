import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';
import type { Answer } from '../../../test/support/http.ts';
import type { IntakeWorker } from '../../intake/worker.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
let worker: IntakeWorker;
beforeEach(async () => {
  http = await httpBackend({ limits: { message: 3 << 20, uploads: 40 << 20, recipients: 5 } });
  worker = http.startWorker();
});
afterEach(async () => {
  await http.dispatcher[Symbol.asyncDispose]();
  await worker[Symbol.asyncDispose]();
  await http.server.close(0);
  expect(http.handles.open, 'account handles left open').toBe(0);
});

const send = (body: unknown, headers: Record<string, string> = {}) =>
  http.alice.as('POST', '/v1/messages', { body, headers });
const mail = { to: ['bob@example.test'], subject: 'Hi', text: 'Hello' };

/** Waits until so many messages are in the folder, and shows them all. */
async function arrived(who: 'alice' | 'bob', folder: string, count: number): Promise<Answer['json'][]> {
  const list = async () => (await http[who].as('GET', `/v1/folders/${folder}/messages`)).json.items;
  await expect.poll(async () => (await list()).length).toBe(count);
  return await Promise.all(
    (await list()).map(async ({ id }: { id: string }) => (await http[who].as('GET', `/v1/messages/${id}`)).json),
  );
}

describe('sending', () => {
  test('delivers to local people, once however often they are named (H5), and keeps a copy that is read', async () => {
    const content = Buffer.from('한글 파일');
    const { status, json } = await send({
      from: { name: '앨리스', address: 'alice@example.test' },
      to: ['bob@example.test'],
      cc: [{ name: 'B', address: 'BOB@example.test' }],
      bcc: ['alice@example.test'],
      subject: '안녕하세요 🚀',
      text: '본문\n.\n끝',
      html: '<p>본문</p>',
      importance: 'high',
      inReplyTo: '<1@elsewhere.test>',
      references: ['<1@elsewhere.test>'],
      attachments: [{ name: '보고서.txt', type: 'text/plain; charset=utf-8', content: content.toString('base64') }],
    });
    expect(status).toBe(202);
    const [received] = await arrived('bob', 'inbox', 1);
    expect(received).toMatchObject({
      from: [{ name: '앨리스', address: 'alice@example.test' }],
      to: [{ name: '', address: 'bob@example.test' }],
      bcc: [],
      subject: '안녕하세요 🚀',
      messageId: json.messageId,
      inReplyTo: ['<1@elsewhere.test>'],
      html: '<p>본문</p>',
      read: false,
    });
    expect(received.text.trimEnd()).toBe('본문\n.\n끝');
    expect(received.attachments).toMatchObject([{ n: 1, name: '보고서.txt', type: 'text/plain' }]);
    const file = await http.bob.as('GET', `/v1/messages/${received.id}/attachments/1`);
    expect(file.bytes.equals(content)).toBe(true);
    const raw = (await http.bob.as('GET', `/v1/messages/${received.id}/raw`)).text;
    expect(raw).toContain('with HTTP');
    expect(raw).not.toMatch(/^bcc:/im);
    const [copy] = await arrived('alice', 'sent', 1);
    expect(copy).toMatchObject({ subject: '안녕하세요 🚀', read: true });
    await arrived('alice', 'inbox', 1);
  });

  test('keeps the copy where it is asked to, or none', async () => {
    expect((await send({ ...mail, saveTo: 'archive' })).status).toBe(202);
    expect((await send({ ...mail, saveTo: null })).status).toBe(202);
    expect((await send({ ...mail, saveTo: '999' })).json.code).toBe('folder-missing');
    await arrived('alice', 'archive', 1);
    await arrived('bob', 'inbox', 2);
    await arrived('alice', 'sent', 0);
  });

  test('takes files as multipart, as they are', async () => {
    const file = Buffer.from(Array.from({ length: 2 << 20 }, (_, i) => (i * 7919) >> 3));
    const { body, headers } = await multipart([
      ['message', JSON.stringify(mail), { type: 'application/json' }],
      ['file', file, { filename: '그림 1.png', type: 'image/png' }],
      ['file', Buffer.alloc(0), { filename: 'empty.bin', type: 'application/octet-stream' }],
    ]);
    expect((await send(body, headers)).status).toBe(202);
    const [received] = await arrived('bob', 'inbox', 1);
    expect(received.attachments).toMatchObject([{ name: '그림 1.png', type: 'image/png' }, { name: 'empty.bin' }]);
    const got = await http.bob.as('GET', `/v1/messages/${received.id}/attachments/1`);
    expect(got.bytes.equals(file)).toBe(true);
  });
});

type Part = readonly [name: string, content: string | Buffer, options?: { filename?: string; type?: string }];

async function multipart(parts: readonly Part[]): Promise<{ body: Buffer; headers: Record<string, string> }> {
  const form = new FormData();
  for (const [name, content, { filename, type = '' } = {}] of parts)
    form.append(name, new Blob([content as string], { type }), filename);
  const response = new Response(form);
  const body = Buffer.from(await response.arrayBuffer());
  return { body, headers: { 'content-type': response.headers.get('content-type') ?? '' } };
}

describe('what is refused', () => {
  test('recipients elsewhere or nowhere: all of them are named, and nothing is sent', async () => {
    const { status, json } = await send({
      to: ['bob@example.test', 'x@elsewhere.test'],
      cc: ['nobody@example.test'],
    });
    expect(status).toBe(422);
    expect(json).toMatchObject({
      code: 'remote-recipient',
      errors: [
        { path: 'body/to/1', message: 'x@elsewhere.test: remote-recipient' },
        { path: 'body/cc/0', message: 'nobody@example.test: unknown-recipient' },
      ],
    });
    expect((await send(mail)).status).toBe(202);
    await arrived('bob', 'inbox', 1);
  });

  test('a sender one is not', async () => {
    for (const from of ['bob@example.test', 'x@elsewhere.test', { name: 'Bob', address: 'bob@example.test' }])
      expect((await send({ ...mail, from })).json.code).toBe('not-allowed');
    expect((await send({ ...mail, from: 'alice+tag@example.test' })).status).toBe(202);
  });

  test.each([
    ['nobody to send it to', { ...mail, to: [] }, 400],
    ['to be held, where no mail is held', { ...mail, downmail: true }, 403],
    ['confidential, where no mail is held', { ...mail, confidential: {} }, 403],
    ['confidential and whole', { ...mail, confidential: {}, downmail: false }, 400],
    ['confidential until yesterday', { ...mail, confidential: { until: '2000-01-01T00:00:00Z' } }, 400],
    ['confidential for ever', { ...mail, confidential: { until: '2999-01-01T00:00:00Z' } }, 400],
    ['header fields', { ...mail, headers: { 'X-Y': 'z' } }, 400],
    ['a path as attachment (F15)', { ...mail, attachments: [{ name: 'x', path: '/etc/passwd' }] }, 400],
    ['a URL as attachment (F15)', { ...mail, attachments: [{ name: 'x', content: 'eA==', href: 'http://x' }] }, 400],
    ['what is not base64', { ...mail, attachments: [{ name: 'x', content: '***' }] }, 400],
    ['no address', { ...mail, to: ['bob'] }, 400],
    ['two addresses in one', { ...mail, to: ['bob@example.test, x@elsewhere.test'] }, 400],
    ['an address with a line break', { ...mail, to: [{ address: 'bob@example.test\r\nBcc: x@elsewhere.test' }] }, 400],
    ['a name with a line break', { ...mail, to: [{ name: 'a\r\nBcc: x@y', address: 'bob@example.test' }] }, 400],
    ['a subject with a line break (F13)', { ...mail, subject: 'a\r\nBcc: x@elsewhere.test' }, 400],
    ['a subject with a line separator', { ...mail, subject: 'a\u2028b' }, 400],
    ['a file name with a line break', { ...mail, attachments: [{ name: 'a\r\nX: y', content: '' }] }, 400],
    ['a type with a line break', { ...mail, attachments: [{ name: 'a', type: 'text/x\r\nX: y', content: '' }] }, 400],
    ['a message id with a line break', { ...mail, inReplyTo: '<a@b>\r\nX: y' }, 400],
    ['too many people', { ...mail, to: Array(6).fill('bob@example.test') }, 413],
    ['an operator object (F17)', { ...mail, to: [{ $gt: '' }] }, 400],
  ])('%s', async (_what, body, status) => {
    const answer = await send(body);
    expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/problem+json']);
  });

  test('text that looks like an encoded word or like the end of the mail stays text', async () => {
    expect(
      (await send({ ...mail, subject: '=?utf-8?q?=0D=0ABcc:_x?=', text: 'a\r\n.\r\nMAIL FROM:<x>\n\n' })).status,
    ).toBe(202);
    const [received] = await arrived('bob', 'inbox', 1);
    expect(received.subject).toBe('=?utf-8?q?=0D=0ABcc:_x?=');
    expect(received.text.trimEnd()).toBe('a\n.\nMAIL FROM:<x>');
    expect(received.bcc).toEqual([]);
  });

  test('more than a mail may hold', async () => {
    const content = Buffer.alloc(3 << 20).toString('base64');
    expect((await send({ ...mail, attachments: [{ name: 'x', content }] })).status).toBe(413);
    const big = await multipart([
      ['message', JSON.stringify(mail)],
      ['file', Buffer.alloc(4 << 20), { filename: 'x' }],
    ]);
    expect((await send(big.body, big.headers)).status).toBe(413);
    const many = await multipart([
      ['message', JSON.stringify(mail)],
      ...Array.from({ length: 150 }, (): Part => ['f', 'x', { filename: 'x' }]),
    ]);
    expect((await send(many.body, many.headers)).status).toBe(413);
  });

  test('multipart that is none', async () => {
    const cases: (readonly Part[])[] = [
      [['file', 'x', { filename: 'x' }]],
      [['message', '{"to":']],
      [
        ['message', JSON.stringify(mail)],
        ['message', JSON.stringify(mail)],
      ],
      [['message', JSON.stringify({ ...mail, extra: 1 })]],
      [
        ['message', JSON.stringify(mail)],
        ['__proto__', 'x'],
      ],
    ];
    for (const parts of cases) {
      const { body, headers } = await multipart(parts);
      const { status, json } = await send(body, headers);
      expect(status, parts.map(String).join('|')).toBe(400);
      expect(json.code).toBe('invalid');
    }
    const { body, headers } = await multipart([['message', JSON.stringify(mail)]]);
    expect((await send(body.subarray(0, body.length - 20), headers)).status).toBe(400);
    expect((await send('x', { 'content-type': 'multipart/form-data' })).status).toBe(400);
    expect((await send(mail)).status).toBe(202);
  });
});

describe('Idempotency-Key (B12)', () => {
  test('twenty at once send one mail, under one id', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(mail, { 'idempotency-key': 'once' })));
    expect(new Set(answers.map((a) => `${a.status} ${a.text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(202);
    await arrived('bob', 'inbox', 1);
    await arrived('alice', 'sent', 1);
    expect((await send(mail, { 'idempotency-key': 'once' })).text).toBe(answers[0]?.text);
    expect((await send({ ...mail, text: 'other' }, { 'idempotency-key': 'once' })).status).toBe(422);
    expect((await send(mail, { 'idempotency-key': 'other' })).status).toBe(202);
    await arrived('bob', 'inbox', 2);
  });
});
