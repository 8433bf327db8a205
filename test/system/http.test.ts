/** The real service over HTTP: the tour with curl, real time, and what a restart leaves. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SmtpClient } from '../client/smtp.ts';
import { corpus } from '../corpus/corpus.ts';
import { Service } from '../service.ts';
import { installed, run } from './run.ts';

let service: Service;
let base: string;
beforeAll(async () => {
  service = await Service.start();
  base = `http://${service.at('http')}`;
});
afterAll(() => service[Symbol.asyncDispose]());

async function signIn(address: string): Promise<Record<string, string>> {
  const response = await fetch(`${base}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address, password: 'pass' }),
  });
  expect(response.status).toBe(200);
  return { authorization: `Bearer ${((await response.json()) as { token: string }).token}` };
}

/** Ids and versions of a stream, as they come. */
async function* events(
  headers: Record<string, string>,
  signal: AbortSignal,
): AsyncGenerator<{ id: string; event: string }> {
  const response = await fetch(`${base}/v1/events`, { headers, signal });
  expect(response.status).toBe(200);
  let rest = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    rest += chunk;
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const block = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
      if (!block.startsWith(':')) yield { id: field('id'), event: field('event') };
    }
  }
}

test('a mail accepted over SMTP reaches an event stream without anybody asking', async () => {
  const user = 'realtime@mail.test';
  const stop = new AbortController();
  const stream = events(await signIn(user), stop.signal);
  expect((await stream.next()).value).toMatchObject({ event: 'ready' });
  await using smtp = await SmtpClient.connect(service.at('smtp'));
  for (let i = 0; i < 30; i++) {
    const next = stream.next();
    await smtp.send(
      'sender@elsewhere.test',
      [user],
      Buffer.from(`Message-ID: <${i}@rt>\r\nSubject: ${i}\r\n\r\nx\r\n`),
    );
    // If that waited for a timer it would take longer than a test may. G9 measures how long it takes.
    expect((await next).value).toMatchObject({ event: 'change' });
  }
  stop.abort();
});

test('a stream resumes after kill -9 and restart, and misses nothing', async () => {
  const data = service.data;
  const user = 'resume@mail.test';
  const headers = await signIn(user);
  const stop = new AbortController();
  const first = await events(headers, stop.signal).next();
  stop.abort();
  await using smtp = await SmtpClient.connect(service.at('smtp'));
  for (let i = 0; i < 5; i++)
    await smtp.send('s@elsewhere.test', [user], Buffer.from(`Message-ID: <${i}@res>\r\n\r\nx\r\n`));
  await service.kill('SIGKILL');
  service = await Service.start({ data });
  base = `http://${service.at('http')}`;
  const again = new AbortController();
  const from = Number(first.value?.id);
  const seen: number[] = [];
  for await (const { id, event } of events({ ...headers, 'last-event-id': String(from) }, again.signal)) {
    if (event === 'change') seen.push(Number(id));
    if (seen.length === 5) break;
  }
  again.abort();
  expect(seen).toEqual([1, 2, 3, 4, 5].map((i) => from + i));
});

test('70 messages of all shapes come out byte for byte, and each can be shown', async () => {
  const user = 'corpus@mail.test';
  const headers = await signIn(user);
  const raws = [...corpus(70)].map(({ raw }) => raw);
  await using smtp = await SmtpClient.connect(service.at('smtp'));
  for (const raw of raws) expect((await smtp.send('s@elsewhere.test', [user], raw))[0]?.code).toBe(250);
  const list = async () =>
    (await (await fetch(`${base}/v1/folders/inbox/messages?limit=100`, { headers })).json()) as {
      items: { id: string }[];
    };
  await expect.poll(async () => (await list()).items.length).toBe(70);
  const left = new Map(raws.map((raw) => [createHash('sha256').update(raw).digest('hex'), raw]));
  for (const { id } of (await list()).items) {
    const raw = Buffer.from(await (await fetch(`${base}/v1/messages/${id}/raw`, { headers })).arrayBuffer());
    for (const [hash, original] of left) if (raw.subarray(-original.length).equals(original)) left.delete(hash);
    const shown = await fetch(`${base}/v1/messages/${id}`, { headers });
    expect(shown.status).toBe(200);
    const { attachments, size } = (await shown.json()) as { attachments: { n: number }[]; size: number };
    expect(size).toBe(raw.length);
    for (const { n } of attachments)
      expect((await fetch(`${base}/v1/messages/${id}/attachments/${n}`, { headers })).status).toBe(200);
  }
  expect(left.size).toBe(0);
});

describe.skipIf(!installed('curl'))('the tour with curl', () => {
  const curl = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await run('curl', ['-sS', ...args]);
    expect(code, stderr).toBe(0);
    return stdout.toString();
  };

  test('sign in, send with a file, list, read, delete, sign out', async () => {
    const json = ['-H', 'content-type: application/json'];
    const signedIn = await curl(`${base}/v1/session`, ...json, '-d', '{"address":"tour@mail.test","password":"pass"}');
    const as = ['-H', `authorization: Bearer ${JSON.parse(signedIn).token}`];
    const message = '{"to":["tour@mail.test"],"subject":"안녕","text":"Hello"}';
    const sent = await curl(
      `${base}/v1/messages`,
      ...as,
      '-F',
      `message=${message};type=application/json`,
      '-F',
      'file=@package.json',
    );
    expect(JSON.parse(sent).id).toMatch(/^\S+$/);
    const inbox = async () => JSON.parse(await curl(`${base}/v1/folders/inbox/messages?unread=true`, ...as)).items;
    await expect.poll(async () => (await inbox()).length).toBe(1);
    const [{ id, subject }] = await inbox();
    expect(subject).toBe('안녕');
    expect(JSON.parse(await curl(`${base}/v1/messages/${id}`, ...as))).toMatchObject({
      text: 'Hello',
      attachments: [{ name: 'package.json' }],
    });
    expect(await curl(`${base}/v1/messages/${id}/attachments/1`, ...as)).toContain('"name": "pabal"');
    await curl(`${base}/v1/messages/${id}`, ...as, ...json, '-X', 'PATCH', '-d', '{"read":true}');
    expect(await inbox()).toEqual([]);
    await curl(`${base}/v1/messages/${id}`, ...as, '-X', 'DELETE');
    expect(JSON.parse(await curl(`${base}/v1/folders/trash`, ...as)).total).toBe(1);
    await curl(`${base}/v1/session`, ...as, '-X', 'DELETE');
    expect(JSON.parse(await curl(`${base}/v1/folders`, ...as)).status).toBe(401);
  });

  test('start page, documentation, health and metrics answer', async () => {
    // `/` is the web client where that was built.
    expect(await curl(`${base}/start`)).toContain(service.at('pop3').split(':')[1]);
    expect(JSON.parse(await curl(`${base}/v1/openapi.json`)).openapi).toBe('3.1.0');
    expect(await curl('-L', `${base}/docs`)).toContain('swagger-ui');
    expect(JSON.parse(await curl(`${base}/healthz`)).status).toBe('ok');
    expect(await curl(`${base}/metrics`)).toContain('pabal_http_request_seconds');
  });
});
