import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createDeflateRaw } from 'node:zlib';
import { expect, test } from 'vitest';
import { until } from '../../test/support/until.ts';
import { Compression } from './compression.ts';

test('8 MB in a few kilobytes are inflated as far as they are read, and all of them when they are', async () => {
  const [here, there] = duplexPair();
  const { inflate } = new Compression(here as Socket, () => expect.unreachable());
  const deflate = createDeflateRaw();
  deflate.pipe(there, { end: false });
  deflate.end(Buffer.alloc(8 << 20, 'x'));
  await until('something inflated', () => inflate.readableLength > 0);
  for (let turn = 0; turn < 200; turn++) {
    await nextTurn();
    expect(inflate.readableLength).toBeLessThanOrEqual(32 << 10);
  }
  let bytes = 0;
  inflate.on('data', (piece: Buffer) => (bytes += piece.length));
  await until('all of it', () => bytes === 8 << 20);
});

test('what is written leaves at once, whole, and counts as unsent until it has left', async () => {
  const [here, there] = duplexPair();
  const compression = new Compression(here as Socket, () => expect.unreachable());
  const far = new Compression(there as Socket, () => expect.unreachable());
  const got: string[] = [];
  far.inflate.on('data', (piece: Buffer) => got.push(piece.toString()));
  for (const word of ['one', 'two']) {
    compression.deflate.write(word);
    expect(compression.unsent).toBeGreaterThan(0);
    await until('the word', () => got.at(-1) === word);
  }
  const ended = Promise.withResolvers<void>();
  compression.end(ended.resolve);
  await ended.promise;
});

test('no write is compressed with the words of another (E12)', async () => {
  const [here, there] = duplexPair();
  const compression = new Compression(here as Socket, () => expect.unreachable());
  const lengths: number[] = [];
  there.on('data', (piece: Buffer) => lengths.push(piece.length));
  const secret = 'a password that nobody ever guessed, of 60 characters in all';
  for (const n of [1, 2]) {
    compression.deflate.write(secret);
    await until('the write', () => lengths.length === n);
  }
  expect(lengths[1]).toBe(lengths[0]);
  compression.destroy();
});

test('what is not DEFLATE is told', async () => {
  const [here, there] = duplexPair();
  const failed = Promise.withResolvers<void>();
  const compression = new Compression(here as Socket, failed.resolve);
  there.write('NOOP\r\n');
  await failed.promise;
  compression.destroy();
});
