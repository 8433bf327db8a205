import { request } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostAndPort } from '../../../test/client/wire.ts';
import { httpBackend } from '../../../test/support/http.ts';
import { EventStreams } from './events.ts';
import type { EventSink } from './events.ts';
import { Flag } from '../../mailstore/api.ts';
import { HTTP_LIMITS } from './context.ts';
import type { SignedIn } from './context.ts';
import { silentLog } from '../../telemetry/log.ts';

let http: Awaited<ReturnType<typeof httpBackend>>;
let address: string;
beforeEach(async () => {
  http = await httpBackend({ limits: { streams: 3, streamBacklog: 64 << 10 } });
  address = await http.server.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await http.server.close(0);
  await expect.poll(() => http.handles.open, { message: 'account handles left open' }).toBe(0);
});

interface ServerEvent {
  readonly id: string;
  readonly event: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers of every shape
  readonly data: any;
}

/** A reader of an event stream, as little as a test needs. */
class Reader implements Disposable {
  readonly #request: ClientRequest;
  readonly response: IncomingMessage;
  readonly #parts: AsyncIterator<string>;
  #rest = '';

  private constructor(req: ClientRequest, response: IncomingMessage) {
    this.#request = req;
    this.response = response.setEncoding('utf8');
    this.#parts = response[Symbol.asyncIterator]() as AsyncIterator<string>;
  }

  static open(token: string, since?: string): Promise<Reader> {
    const headers = { authorization: `Bearer ${token}`, ...(since !== undefined && { 'last-event-id': since }) };
    return new Promise((resolve, reject) => {
      const req: ClientRequest = request({ ...hostAndPort(address), path: '/v1/events', headers }, (response) =>
        resolve(new Reader(req, response)),
      );
      req.on('error', reject).end();
    });
  }

  /** Undefined at the end. */
  async next(): Promise<ServerEvent | undefined> {
    for (;;) {
      const end = this.#rest.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 2);
        if (block.startsWith(':')) continue;
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? '';
        return { id: field('id'), event: field('event'), data: JSON.parse(field('data')) };
      }
      const part = await this.#parts.next().catch(() => ({ done: true, value: '' }));
      if (part.done === true) return undefined;
      this.#rest += part.value;
    }
  }

  [Symbol.dispose](): void {
    this.#request.destroy();
  }
}

const deliver = (subject: string) => http.deliver(http.users.alice, `Subject: ${subject}\r\n\r\n`);

describe('the event stream', () => {
  test('tells what happens as it happens, one event a version', async () => {
    using reader = await Reader.open(http.alice.token);
    expect(reader.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    const ready = await reader.next();
    expect(ready).toMatchObject({ event: 'ready', data: { version: Number(ready?.id) } });
    const placed = await deliver('a');
    expect(await reader.next()).toEqual({
      id: String(placed.version),
      event: 'change',
      data: {
        version: placed.version,
        changes: [
          {
            type: 'added',
            message: {
              id: String(placed.id),
              folder: '1',
              thread: placed.thread,
              read: false,
              flagged: false,
              answered: false,
              draft: false,
              keywords: [],
            },
          },
        ],
      },
    });
    await http.alice.as('PATCH', `/v1/messages/${placed.id}`, { body: { read: true, folder: 'archive' } });
    expect((await reader.next())?.data.changes).toMatchObject([{ type: 'flags', message: { read: true } }]);
    expect((await reader.next())?.data.changes).toMatchObject([{ type: 'moved', from: '1', message: { folder: '6' } }]);
    await http.alice.as('POST', '/v1/folders', { body: { name: 'x' } });
    expect((await reader.next())?.data.changes).toEqual([{ type: 'folder', folder: '7', what: 'created' }]);
  });

  test('resumes after the version that was seen last, and misses nothing', async () => {
    const first = await deliver('a');
    const versions = [];
    for (let i = 0; i < 50; i++) versions.push((await deliver('b')).version);
    using reader = await Reader.open(http.alice.token, String(first.version));
    expect(await reader.next()).toMatchObject({ event: 'ready', id: String(first.version) });
    // While the log is being read, more comes in.
    const more = Promise.all([deliver('c'), deliver('d')]);
    const seen = [];
    for (let i = 0; i < 52; i++) seen.push(Number((await reader.next())?.id));
    expect(seen).toEqual([...versions, ...(await more).map((p) => p.version)]);
  });

  test('says so when it cannot resume', async () => {
    using reader = await Reader.open(http.alice.token, '999999');
    expect(await reader.next()).toMatchObject({ event: 'resync' });
    await deliver('a');
    expect(await reader.next()).toMatchObject({ event: 'change' });
  });

  test("carries nothing of other people's (F3)", async () => {
    using reader = await Reader.open(http.bob.token, '0');
    await reader.next();
    await deliver('alice only');
    const mine = await http.deliver(http.users.bob, 'Subject: mine\r\n\r\n');
    let event = await reader.next();
    while (event !== undefined && event.id !== String(mine.version)) event = await reader.next();
    expect(event?.data.changes).toMatchObject([{ type: 'added', message: { id: String(mine.id) } }]);
  });

  test('is limited in number for each account (C25)', async () => {
    const readers = [];
    for (let i = 0; i < 3; i++) readers.push(await Reader.open(http.alice.token));
    using refused = await Reader.open(http.alice.token);
    expect(refused.response.statusCode).toBe(429);
    expect(refused.response.headers['retry-after']).toBe('10');
    using other = await Reader.open(http.bob.token);
    expect(other.response.statusCode).toBe(200);
    readers[0]?.[Symbol.dispose]();
    await expect
      .poll(async () => {
        using again = await Reader.open(http.alice.token);
        return again.response.statusCode;
      })
      .toBe(200);
    for (const reader of readers) reader[Symbol.dispose]();
  });

  test('drops a reader that does not keep up, which then resumes without loss (C25)', async () => {
    const { host, port } = hostAndPort(address);
    const socket = connect({ host, port });
    socket.write(`GET /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${http.alice.token}\r\n\r\n`);
    const ended = new Promise((resolve) => socket.once('close', resolve));
    const start = await new Promise<string>((resolve) => socket.once('data', (d: Buffer) => resolve(d.toString())));
    const from = /id: (\d+)/.exec(start)?.[1] ?? '';
    socket.pause();
    // Kernel buffers take some megabytes before ours fills.
    const { id } = await deliver('a');
    using account = await http.accountOf(http.users.alice);
    const keywords = Array.from({ length: 50 }, (_, i) => `${'k'.repeat(90)}${i}`);
    let last = (await account.updateMessage([id], { mode: 'set', flags: Flag.flagged, keywords })).version;
    for (let i = 0; i < 3_000; i++)
      last = (await account.updateMessage([id], { mode: i % 2 ? 'add' : 'remove', flags: Flag.flagged, keywords: [] }))
        .version;
    socket.resume();
    await ended;
    using reader = await Reader.open(http.alice.token, from);
    let seen = Number((await reader.next())?.id);
    for (; seen < last; seen++) expect(Number((await reader.next())?.id)).toBe(seen + 1);
  });

  test.each(['x', '-1', '1.5', '99999999999999999999', '1e3'])('refuses to resume from %s', async (since) => {
    using reader = await Reader.open(http.alice.token, since);
    expect(reader.response.statusCode).toBe(400);
  });
});

describe('streams', () => {
  /** A stream that writes into a list. */
  function open(streams: EventStreams, session: SignedIn) {
    const written: string[] = [];
    const closed = new AbortController();
    const sink: EventSink = {
      backlog: 0,
      write: (chunk) => void written.push(chunk.toString()),
      drained: async () => undefined,
      end: () => closed.abort(),
      destroy: () => closed.abort(),
    };
    return { written, closed, done: streams.run(sink, session, undefined, closed.signal) };
  }

  test('hear from the shared timer, and end with their session', async () => {
    const live = new Set(['a', 'b']);
    using streams = new EventStreams({
      mailstore: http.mailstore,
      stillSignedIn: async ({ token }) => live.has(token),
      limits: HTTP_LIMITS,
      log: silentLog,
      metrics: http.metrics,
    });
    const a = open(streams, { user: http.users.alice, token: 'a', by: 'bearer' });
    const b = open(streams, { user: http.users.alice, token: 'b', by: 'bearer' });
    await expect.poll(() => a.written.length + b.written.length).toBe(2);
    expect(http.handles.open).toBe(1);
    live.delete('b');
    for (let i = 0; i < 3; i++) await streams.tick();
    expect(a.written.at(-1)).toBe(':\n\n');
    await b.done;
    expect(a.closed.signal.aborted).toBe(false);
    a.closed.abort();
    await a.done;
    await expect.poll(() => http.handles.open).toBe(0);
  });
});
