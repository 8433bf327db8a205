import { connect as tcp } from 'node:net';
import type { Socket } from 'node:net';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tls } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { buffersAfterCollection } from '../../test/support/heap.ts';
import type { Clock } from '../ports/clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { parseListen } from './address.ts';
import { ADMISSION_LIMITS } from './admission.ts';
import { selfSignedCertificate } from './certificate.ts';
import type { Connection } from './connection.ts';
import { ConnectionError } from './error.ts';
import { Network } from './network.ts';
import type { LineProtocol, ListenOptions } from './network.ts';
import { TlsIdentity } from './tls.ts';

class FakeClock implements Clock {
  time = 1;
  now = (): number => this.time;
  monotonic = (): number => this.time;
  sleep = (): Promise<void> => Promise.reject(new Error('nobody sleeps here'));
  after = (): Disposable => ({ [Symbol.dispose]: () => undefined });
}

const clock = new FakeClock();
let folder: string;
let identity: TlsIdentity;
const networks: Network[] = [];
/** Bytes that `eat` has read in the test at hand. */
let eaten = 0;
const sockets: Socket[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pabal-net-'));
  identity = new TlsIdentity(await selfSignedCertificate(folder, ['mail.example.test']));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(async () => {
  eaten = 0;
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const network of networks.splice(0)) await network.close(0);
});

/** Answers each line with itself; `quit` ends, `boom` throws, `tls` upgrades, `eat N` reads N bytes, `mixed N` writes text and N bytes, `pour` writes without end. */
async function echo(connection: Connection): Promise<void> {
  connection.write('hello\r\n');
  for (;;) {
    const next = connection.readLine();
    const line = (next instanceof Promise ? await next : next).toString();
    const [word, argument] = line.split(' ');
    if (word === 'quit') return connection.write('bye\r\n');
    else if (word === 'boom') throw new Error('boom');
    else if (word === 'tls') await connection.startTls(identity, 'go\r\n');
    else if (word === 'who') connection.write(`${connection.remoteAddress} ${connection.secure}\r\n`);
    else if (word === 'eat') {
      connection.beginTransfer();
      const size = Number(argument);
      for (let left = size; left > 0; ) {
        const { length } = await connection.readPiece(left);
        left -= length;
        eaten += length;
      }
      connection.endTransfer();
      connection.write(`ate ${size}\r\n`);
    } else if (word === 'pour') {
      for (;;) {
        connection.write('x'.repeat(30_000));
        await connection.flushed();
        if (connection.gone) throw new ConnectionError('closed');
      }
    } else if (word === 'mixed') {
      connection.write('<é');
      connection.write(Buffer.alloc(Number(line.slice(6)), 'x'));
      connection.write('ü>\r\n');
    } else if (word === 'flood') {
      while (!connection.gone) connection.write('x'.repeat(30_000));
    } else connection.write(`${line}\r\n`);
  }
}

const protocol: LineProtocol = {
  name: 'echo',
  options: { lineLimit: 100, strictLines: true, commandTimeoutMs: 60_000 },
  serve: echo,
  farewell: (why) => `sorry ${why}\r\n`,
};

async function start(options: Partial<ListenOptions> = {}, limits = ADMISSION_LIMITS) {
  const metrics = new Metrics();
  const network = new Network({ log: silentLog, metrics, clock, limits });
  networks.push(network);
  const endpoint = await network.listen({ protocol, addresses: parseListen('127.0.0.1:0'), ...options });
  return { network, metrics, port: Number(endpoint.addresses[0]?.split(':')[1]) };
}

/** Until so many connections were accepted. */
function opened(metrics: Metrics, count: number): Promise<void> {
  return expect.poll(() => metrics.exposition()).toMatch(new RegExp(`pabal_connections_total\\{[^}]*\\} ${count}\n`));
}

/** A client that collects what it is sent. */
function client(port: number, wrap?: Socket) {
  const socket = wrap ?? tcp({ port, host: '127.0.0.1' });
  sockets.push(socket);
  let got = '';
  let ended = false;
  let wake = (): void => undefined;
  const take = (chunk: Buffer): void => ((got += chunk.toString()), wake());
  socket.on('data', take);
  socket.on('error', () => wake());
  socket.on('close', () => ((ended = true), wake()));
  const until = async (done: () => boolean): Promise<void> => {
    while (!done()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return {
    socket,
    send: (text: string | Uint8Array) => socket.write(text),
    /** Waits for this text and answers all that came up to it. */
    async sees(text: string): Promise<string> {
      await until(() => got.includes(text) || ended);
      const at = got.indexOf(text);
      if (at === -1) throw new Error(`closed without ${JSON.stringify(text)}: ${JSON.stringify(got)}`);
      const seen = got.slice(0, at + text.length);
      got = got.slice(at + text.length);
      return seen;
    },
    async closed(): Promise<string> {
      await until(() => ended);
      return got;
    },
    stopReading: () => (socket.off('data', take), socket.pause()),
  };
}

test('lines sent together are answered together, and the last words arrive', async () => {
  const { port } = await start();
  const c = client(port);
  c.send('a\r\nb\r\nquit\r\n');
  expect(await c.closed()).toBe('hello\r\na\r\nb\r\nbye\r\n');
});

test.each([0, 5, 16_000, 20_000, 100_000])(
  'text and %i bytes written in one turn arrive in their order',
  async (size) => {
    const { port } = await start();
    const c = client(port);
    const chunks: Buffer[] = [];
    c.socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
    c.send(`mixed ${size}\r\nmixed ${size}\r\nquit\r\n`);
    await c.closed();
    const once = `<é${'x'.repeat(size)}ü>\r\n`;
    expect(Buffer.concat(chunks).toString()).toBe(`hello\r\n${once}${once}bye\r\n`);
  },
);

test('a peer that closes its half after its commands still gets the answers', async () => {
  const { port } = await start();
  const c = client(port);
  c.socket.end('a\r\nb\r\n');
  expect(await c.closed()).toBe('hello\r\na\r\nb\r\n');
});

test('an exception ends only its own session, with a farewell (C30)', async () => {
  const { port, metrics } = await start();
  const other = client(port);
  const c = client(port);
  c.send('boom\r\n');
  expect(await c.closed()).toBe('hello\r\nsorry bug\r\n');
  other.send('still here\r\n');
  await other.sees('still here');
  expect(await metrics.exposition()).toContain('pabal_connections_failed_total{protocol="echo",reason="bug"} 1');
});

test('an endless line and a bare newline end with a farewell and no growth (C9)', async () => {
  const { port } = await start();
  const long = client(port);
  await long.sees('hello');
  const before = buffersAfterCollection();
  const mega = Buffer.alloc(1 << 20, 'x');
  for (let i = 0; i < 64 && !long.socket.destroyed; i++)
    await new Promise<void>((resolve) => long.socket.write(mega, () => resolve()));
  clock.time += 10_000;
  for (const network of networks) network.deadlines.check();
  expect(await long.closed()).toContain('sorry line-too-long');
  expect(buffersAfterCollection() - before).toBeLessThan(8 << 20);
  const bare = client(port);
  bare.send('a\nb\r\n');
  expect(await bare.sees('newline\r\n')).toBe('hello\r\nsorry bare-newline\r\n');
});

test('the deadline is per command, not per read', async () => {
  const { port, network } = await start();
  const c = client(port);
  await c.sees('hello\r\n');
  c.send('dripping');
  for (let i = 0; i < 5; i++) {
    clock.time += 13_000;
    network.deadlines.check();
    c.send('.');
  }
  expect(await c.sees('timeout\r\n')).toBe('sorry timeout\r\n');
});

test('a transfer below the minimum rate is cut off, one above it is not', async () => {
  const { port, network } = await start();
  const slow = client(port);
  const fair = client(port);
  for (const c of [slow, fair]) {
    c.send('eat 100000\r\na\r\n'.replace('a\r\n', ''));
    await c.sees('hello\r\n');
  }
  for (let i = 1; i <= 10; i++) {
    if (!slow.socket.destroyed) slow.send(Buffer.alloc(100));
    fair.send(Buffer.alloc(10_000));
    await expect.poll(() => eaten).toBeGreaterThanOrEqual(i * 10_000);
    clock.time += 10_000;
    network.deadlines.check();
  }
  expect(await slow.sees('\r\n')).toBe('sorry timeout\r\n');
  expect(await fair.sees('\r\n')).toBe('ate 100000\r\n');
});

test('a peer that does not read costs a bounded buffer, and is cut off (C3)', async () => {
  const { port, network, metrics } = await start();
  const c = client(port);
  c.send('pour\r\n');
  await c.sees('xxx');
  c.stopReading();
  const hard = client(port);
  hard.send('flood\r\n');
  await hard.closed();
  const open = async (): Promise<string | undefined> => {
    clock.time += 100_000;
    network.deadlines.check();
    return /pabal_connections\{.*/.exec(await metrics.exposition())?.[0];
  };
  await expect.poll(open).toBe('pabal_connections{protocol="echo"} 0');
  c.socket.resume();
  await c.closed();
});

test('STARTTLS forgets what came in plaintext, and goes on under TLS (D6)', async () => {
  const { port } = await start();
  const c = client(port);
  await c.sees('hello\r\n');
  c.send('tls\r\ninjected\r\n');
  await c.sees('go\r\n');
  c.socket.removeAllListeners('data');
  const secure = client(port, tls({ socket: c.socket, ca: [...(await pem())], servername: 'localhost' }));
  secure.send('who\r\n');
  expect(await secure.sees('\r\n')).toBe('127.0.0.1 true\r\n');
  secure.send('quit\r\n');
  expect(await secure.closed()).toBe('bye\r\n');
});

test('plaintext in the middle of the handshake closes the connection (D6)', async () => {
  const { port } = await start();
  const c = client(port);
  c.send('tls\r\n');
  await c.sees('go\r\n');
  c.send('injected\r\n');
  expect(await c.closed()).not.toContain('injected');
});

test('a handshake that is not completed is cut off after ten seconds', async () => {
  const { port, network, metrics } = await start({ implicitTls: identity });
  const c = client(port);
  await opened(metrics, 1);
  clock.time += 9_000;
  network.deadlines.check();
  expect(c.socket.destroyed).toBe(false);
  clock.time += 2_000;
  network.deadlines.check();
  expect(await c.closed()).toBe('');
});

test('a client that leaves during the handshake is gone at once, and a silent one does not hold up the end', async () => {
  const { port, network, metrics } = await start({ implicitTls: identity });
  const leaving = client(port);
  await new Promise((resolve) => leaving.socket.once('connect', resolve));
  leaving.socket.destroy();
  await expect.poll(() => metrics.exposition()).toMatch(/pabal_connections_failed_total\{[^}]*reason="tls"[^}]*\} 1/);
  const silent = client(port);
  await new Promise((resolve) => silent.socket.once('connect', resolve));
  await opened(metrics, 2);
  await network.close(60_000);
});

test('implicit TLS, at least 1.2, with the certificate as it is now', async () => {
  const { port } = await start({ implicitTls: identity });
  const ca = [...(await pem())];
  const c = client(port, tls({ port, host: '127.0.0.1', ca, servername: 'mail.example.test' }));
  await c.sees('hello\r\n');
  const old = client(port, tls({ port, host: '127.0.0.1', ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }));
  expect(await old.closed()).toBe('');
  expect(() => identity.replace({ cert: 'x', key: 'y' })).toThrow();
  const again = client(port, tls({ port, host: '127.0.0.1', ca, servername: 'localhost' }));
  await again.sees('hello\r\n');
});

test('only a trusted proxy may name its client (D16)', async () => {
  const { port } = await start({ proxies: ['127.0.0.1'] });
  const c = client(port);
  for (const byte of 'PROXY TCP4 192.0.2.9 192.0.2.1 1000 25\r\nwho\r\n') c.send(byte);
  await c.sees('192.0.2.9 false');
  const wrong = client(port);
  wrong.send('who\r\nwho\r\n');
  expect(await wrong.closed()).toBe('');
  const open = await start({ proxies: ['10.0.0.0/8'] });
  const stranger = client(open.port);
  stranger.send('PROXY TCP4 192.0.2.9 192.0.2.1 1000 25\r\nwho\r\n');
  expect(await stranger.sees('false\r\n')).toContain('127.0.0.1 false');
});

test('a trusted proxy in front of implicit TLS', async () => {
  const { port } = await start({ proxies: ['127.0.0.0/8'], implicitTls: identity });
  const plain = tcp({ port, host: '127.0.0.1' });
  plain.write('PROXY TCP4 192.0.2.9 192.0.2.1 1000 25\r\n');
  const c = client(port, tls({ socket: plain, ca: await pem(), servername: 'localhost' }));
  c.send('who\r\n');
  expect(await c.sees('true\r\n')).toBe('hello\r\n192.0.2.9 true\r\n');
});

test('a client cannot make TLS begin again and again (C26)', async () => {
  const { port } = await start({ implicitTls: identity });
  const socket = tls({ port, host: '127.0.0.1', ca: await pem(), servername: 'localhost', maxVersion: 'TLSv1.2' });
  const c = client(port, socket);
  await c.sees('hello\r\n');
  // The server answers with an alert, which this client's callback does not tell of: there is only nothing more to say.
  let again = false;
  socket.renegotiate({}, (error) => (again = error === null));
  c.send('who\r\n');
  expect(await c.closed()).toBe('');
  expect(again).toBe(false);
});

test('too many connections are told so; there is room again when one leaves (C4)', async () => {
  const { port, metrics } = await start({}, { ...ADMISSION_LIMITS, perAddress: 1, limitLoopback: true });
  const first = client(port);
  await first.sees('hello');
  expect(await client(port).closed()).toBe('sorry too-many-connections\r\n');
  first.send('quit\r\n');
  await first.closed();
  await expect.poll(() => metrics.exposition()).toContain('pabal_connections{protocol="echo"} 0');
  await client(port).sees('hello');
});

test('while connections are scarce, strangers who do nothing are sent away early (C1)', async () => {
  const impatient = { ...protocol, options: { ...protocol.options, stressTimeoutMs: 10_000 } };
  const { port, network } = await start({ protocol: impatient }, { ...ADMISSION_LIMITS, total: 5 });
  const first = [client(port), client(port), client(port), client(port)];
  for (const c of first) await c.sees('hello\r\n');
  clock.time += 11_000;
  network.deadlines.check();
  first[0]?.send('still here\r\n');
  await first[0]?.sees('still here\r\n');
  const fifth = client(port);
  await fifth.sees('hello\r\n');
  clock.time += 1;
  network.deadlines.check();
  for (const c of first.slice(1)) expect(await c.sees('\r\n')).toBe('sorry timeout\r\n');
  fifth.send('me too\r\n');
  await fifth.sees('me too\r\n');
});

test('stopping tells those who wait, lets those at work finish, and leaves no listener', async () => {
  const { port, network } = await start();
  const idle = client(port);
  const busy = client(port);
  await idle.sees('hello\r\n');
  await busy.sees('hello\r\n');
  busy.send('eat 10\r\n12345');
  await expect.poll(() => eaten).toBe(5);
  const stopped = network.close(5_000);
  expect(await idle.sees('\r\n')).toBe('sorry shutting-down\r\n');
  busy.send('67890');
  expect(await busy.closed()).toBe('ate 10\r\nsorry shutting-down\r\n');
  idle.socket.destroy();
  await stopped;
  await client(port).closed();
});

test('the made certificate is kept, and replaced when a name is missing or it is damaged', async () => {
  const first = await selfSignedCertificate(folder, ['mail.example.test']);
  expect(await selfSignedCertificate(folder, ['mail.example.test'])).toEqual(first);
  const other = await selfSignedCertificate(folder, ['mx.example.test']);
  expect(other.cert).not.toBe(first.cert);
  await writeFile(join(folder, 'self-signed.pem'), 'garbage');
  expect((await selfSignedCertificate(folder, ['mx.example.test'])).cert).not.toBe(other.cert);
  await writeFile(join(folder, 'self-signed.pem'), first.cert + first.key);
  expect(await selfSignedCertificate(folder, ['mail.example.test'])).toEqual(first);
});

async function pem(): Promise<string[]> {
  return [(await readFile(join(folder, 'self-signed.pem'), 'utf8')).split('-----BEGIN PRIVATE')[0] ?? ''];
}
