import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Receiver } from './raw-source.ts';

let folder = '';
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'pabal-raw-'))));
afterEach(() => rm(folder, { recursive: true }));

/** A sender that says nothing more until it is told to. */
function slow(bytes: Uint8Array) {
  const { promise: told, resolve: end, reject: fail } = Promise.withResolvers<void>();
  const { promise: taken, resolve: asked } = Promise.withResolvers<void>();
  const raw = (async function* () {
    yield bytes;
    asked();
    await told;
    yield Buffer.from('end');
  })();
  return { raw, taken, end, fail };
}

test('messages that come in slowly share so much memory, and the others are spooled', async () => {
  const receiver = new Receiver(folder, 250_000);
  const senders = Array.from({ length: 4 }, (_, i) => slow(Buffer.alloc(100_000, i)));
  const received = [];
  for (const [i, { raw, taken }] of senders.entries()) {
    received.push(receiver.receive(raw, `m${i}`));
    await taken;
  }
  for (const { end } of senders) end();
  const [first, second, ...others] = await Promise.all(received);
  expect([first, second].map((one) => one instanceof Uint8Array && one.length)).toEqual([100_003, 100_003]);
  for (const [i, one] of others.entries()) {
    if (one instanceof Uint8Array) throw new Error('it is in memory');
    const bytes = Buffer.concat(await Array.fromAsync(one.read(0, one.size), (piece) => Buffer.from(piece)));
    expect(bytes).toEqual(Buffer.concat([Buffer.alloc(100_000, i + 2), Buffer.from('end')]));
    await one[Symbol.asyncDispose]();
  }
  expect(await readdir(folder)).toEqual([]);
});

test('what broke off, or has come in, makes room for others', async () => {
  const receiver = new Receiver(folder, 150_000);
  const broken = slow(Buffer.alloc(100_000));
  const never = receiver.receive(broken.raw, 'broken');
  await broken.taken;
  broken.fail(new Error('the connection was lost'));
  await expect(never).rejects.toThrow('lost');
  for (const name of ['one', 'two', 'three']) {
    const sender = slow(Buffer.alloc(100_000));
    sender.end();
    expect(await receiver.receive(sender.raw, name)).toBeInstanceOf(Uint8Array);
  }
});
