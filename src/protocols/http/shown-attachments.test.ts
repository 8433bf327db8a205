import { beforeEach, expect, test } from 'vitest';
import { httpBackend } from '../../../test/support/http.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
beforeEach(async () => {
  http = await httpBackend();
  return () => http.server[Symbol.asyncDispose]();
});

const PNG = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(40_000, 7)]);

async function shown(type: string, content: Buffer) {
  const raw = [
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b',
    '',
    'x',
    '--b',
    `Content-Type: ${type}`,
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename=a',
    '',
    content.toString('base64').replaceAll(/.{76}/g, '$&\r\n'),
    '--b--',
    '',
  ].join('\r\n');
  const { id } = await http.deliver(http.users.alice, raw);
  return await http.alice.as('GET', `/v1/messages/${id}/attachments/1/shown`);
}

test('an image comes as it is, a text in UTF-8, neither may load anything', async () => {
  const image = await shown('image/png', PNG);
  expect([image.status, image.headers['content-type'], image.bytes.equals(PNG)]).toEqual([200, 'image/png', true]);
  expect(image.headers['content-security-policy']).toMatch(/^default-src 'none';/);
  expect(image.headers['content-disposition']).toBe('inline');
  const text = await shown('text/plain; charset=euc-kr', Buffer.from('c6c4b9df', 'hex'));
  expect([text.headers['content-type'], text.text]).toEqual(['text/plain; charset=utf-8', '파발']);
  expect((await shown('text/csv', Buffer.from('<script>'))).headers['content-type']).toMatch(/^text\/plain/);
});

test('what could run, and what is not what it says, is not shown', async () => {
  for (const [type, content] of [
    ['image/svg+xml', '<svg onload=alert(1)>'],
    ['text/html', '<script>'],
    ['application/octet-stream', PNG],
    ['image/png', '<html><script>'],
    ['application/pdf', ''],
  ] as const)
    expect((await shown(type, Buffer.from(content))).status, type).toBe(415);
});
