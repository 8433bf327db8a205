import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { MailError } from '../mail/error.ts';
import { silentLog } from '../telemetry/log.ts';
import { connectControl } from './client.ts';
import { localControl } from './local.ts';
import { type Control, operation } from './operation.ts';
import { serveControl } from './server.ts';
import type { Service } from './service.ts';

const count = operation<{ to: number }, { sum: number }, number>(
  'count',
  z.strictObject({ to: z.int() }),
  async (_service, { to }, io) => {
    for (let i = 1; i <= to; i++) {
      io.item(i);
      await io.taken();
    }
    return { sum: (to * (to + 1)) / 2 };
  },
);
const size = operation('size', z.strictObject({}), async (_service, _args, io) => {
  let bytes = 0;
  for await (const piece of io.body) bytes += piece.length;
  return { bytes };
});
const refuse = operation('refuse', z.strictObject({ why: z.string() }), async (_service, { why }) => {
  if (why === 'user') throw new MailError('account-missing', 'user', 'nobody: \ud55c\uae00');
  throw new TypeError('broken');
});
let stopped: unknown;
const wait = operation<Record<string, never>, never, string>('wait', z.strictObject({}), (_service, _args, io) => {
  io.item('begun');
  return new Promise((_resolve, reject) => {
    io.signal.addEventListener('abort', () => reject((stopped = io.signal.reason) as Error));
  });
});

let folder: string;
let path: string;
let server: AsyncDisposable;
let remote: Control;
const audit = { add: async () => undefined };
const service = { audit, [Symbol.asyncDispose]: async () => undefined } as unknown as Service & AsyncDisposable;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pabal-control-'));
  path = join(folder, 'control.sock');
  // What a killed process leaves.
  await writeFile(path, '');
  server = await serveControl(path, service, [count, size, refuse, wait], silentLog);
  const control = await connectControl(path);
  if (control === undefined) throw new Error('nobody answers');
  remote = control;
});
afterAll(async () => {
  await remote[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  expect(await connectControl(path)).toBeUndefined();
  await rm(folder, { recursive: true });
});

for (const [name, control] of [
  ['here', () => localControl(service)],
  ['over the socket', () => remote],
] as const) {
  it(`an operation ${name} gives its items in order, then its result`, async () => {
    const items: number[] = [];
    const result = await control().call(count, { to: 5000 }, { onItem: (item) => void items.push(item) });
    expect(result).toEqual({ sum: 12_502_500 });
    expect(items).toHaveLength(5000);
    expect(items.every((item, i) => item === i + 1)).toBe(true);
  });

  it(`an operation ${name} takes a body`, async () => {
    expect(await control().call(size, {}, { body: Buffer.alloc(3 << 20) })).toEqual({ bytes: 3 << 20 });
    expect(await control().call(size, {})).toEqual({ bytes: 0 });
  });

  it(`an operation ${name} fails with its own error`, async () => {
    await expect(control().call(refuse, { why: 'user' })).rejects.toMatchObject({
      code: 'account-missing',
      kind: 'user',
      message: 'nobody: \ud55c\uae00',
    });
    await expect(control().call(refuse, { why: 'bug' })).rejects.toThrow('broken');
  });
}

it('arguments of the wrong form are refused', async () => {
  await expect(remote.call(count, { to: 'many' as never })).rejects.toMatchObject({ kind: 'syntax' });
});

it('an operation that the service does not know says so', async () => {
  const unknown = operation('unknown', z.strictObject({}), async () => ({}));
  await expect(remote.call(unknown, {})).rejects.toThrow('does not know unknown: is it another version?');
});

it('an operation hears that its caller is gone', async () => {
  const abort = new AbortController();
  const call = remote.call(wait, {}, { signal: abort.signal, onItem: () => abort.abort(new Error('enough')) });
  await expect(call).rejects.toThrow();
  while (stopped === undefined) await new Promise((resolve) => setImmediate(resolve));
  expect(stopped).toBeInstanceOf(Error);
});

it('the socket is for its owner alone', async () => {
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const socket = connect(path);
  socket.end('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  let answer = '';
  for await (const piece of socket) answer += String(piece);
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);
});
