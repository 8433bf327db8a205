/** Mail on its way, as an administrator sees it. */
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { hostAndPort } from '../../../test/client/wire.ts';
import { httpBackend } from '../../../test/support/http.ts';

async function watched() {
  const http = await httpBackend({ limits: { streams: 1 } });
  const address = await http.server.listen({ host: '127.0.0.1', port: 0 });
  await http.directory.updateAccount(http.users.bob.account, { admin: true });
  const { token } = await http.signIn({ ...http.users.bob, admin: true });
  const open = (since = '') =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, ...(since !== '' && { 'last-event-id': since }) };
      request({ ...hostAndPort(address), path: '/v1/admin/flow', headers }, resolve)
        .on('error', reject)
        .end();
    });
  return { ...http, open };
}

/** Reads until there were so many steps. */
async function steps(answer: IncomingMessage, count: number) {
  let text = '';
  for await (const piece of answer.setEncoding('utf8')) {
    text += piece;
    const found = [...text.matchAll(/^id: (\d+)\nevent: step\ndata: (.*)\n\n/gm)];
    if (found.length >= count) return found.map(([, number = '', data = '']) => ({ ...JSON.parse(data), number }));
  }
  throw new Error(`the stream ended: ${text}`);
}

test('what was, and what happens, without what the mails say; who watches is written down', async () => {
  const http = await watched();
  await using _server = http.server;
  const send = (subject: string) =>
    http.alice.as('POST', '/v1/messages', { body: { to: ['bob@example.test'], subject, text: 'secret words' } });
  await using _worker = http.startWorker();
  await send('secret subject');
  const first = await http.open();
  expect(first.headers['content-type']).toBe('text/event-stream');
  const seen = await steps(first, 3);
  expect(seen.map(({ step }) => step)).toEqual(['submitted', 'accepted', 'filed']);
  expect(seen[2]).toMatchObject({ sender: 'alice@example.test', to: ['bob@example.test'], recipients: 1 });
  expect(JSON.stringify(seen)).not.toContain('secret');
  // It has the place of another one until it has gone.
  await expect.poll(async () => (await http.open(seen[0]?.number)).statusCode).toBe(200);
  expect((await http.audit.list(0, 10))[0]).toMatchObject({ by: 'bob@example.test', what: 'GET /v1/admin/flow' });
});

test('it goes on after the number that was seen last, and ends with the service', async () => {
  const http = await watched();
  for (const id of ['a', 'b', 'c']) http.flow.tell('refused', { id, sender: '', to: [], detail: 'no such user' });
  const answer = await http.open('2');
  const ended = new Promise<void>((resolve) => answer.once('close', resolve));
  answer.on('error', () => undefined);
  let text = '';
  answer.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  await expect.poll(() => text).toContain('"id":"c"');
  expect(text).not.toContain('"id":"b"');
  http.flow.tell('bounced', { id: 'd', sender: 'alice@example.test', to: ['x@far.test'], detail: '550 no' });
  await expect.poll(() => text).toContain('"step":"bounced"');
  await http.server.close(0);
  await ended;
});
