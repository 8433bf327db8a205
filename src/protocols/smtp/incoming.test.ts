import { expect, test } from 'vitest';
import type { RawMail } from '../../intake/arrival.ts';
import { HEAD_LIMIT } from '../../intake/arrival.ts';
import { IncomingMail, IncomingMemory } from './incoming.ts';

function plenty(): IncomingMemory {
  return new IncomingMemory(1 << 30);
}

async function drain(mail: RawMail): Promise<Buffer> {
  const pieces = [mail.head];
  if (mail.rest) for await (const piece of mail.rest) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

function sample(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 255));
}

test.each([0, 1, 8191, 8192, 8193, 100_000, HEAD_LIMIT - 1, HEAD_LIMIT, HEAD_LIMIT + 1, 5_000_000])(
  'a message of %d bytes comes out as it went in, whatever the pieces',
  async (size) => {
    const bytes = sample(size);
    for (const step of [1 << 20, 65_536, 999]) {
      const incoming = new IncomingMail(10_000_000, plenty(), drain);
      for (let i = 0; i < size; i += step) {
        incoming.append(bytes, i, Math.min(size, i + step));
        await incoming.ready();
      }
      expect((await incoming.finish()).equals(bytes)).toBe(true);
    }
  },
);

test('a small message is handed over in one buffer, a large one begins with the head', async () => {
  const shape = async (mail: RawMail): Promise<unknown> => {
    const streamed = mail.rest !== undefined;
    await drain(mail);
    return [mail.head.length, streamed];
  };
  for (const [size, head] of [
    [HEAD_LIMIT, HEAD_LIMIT],
    [HEAD_LIMIT + 1, HEAD_LIMIT],
    [500, 500],
  ] as const) {
    const incoming = new IncomingMail(10_000_000, plenty(), shape);
    incoming.append(sample(size), 0, size);
    expect(await incoming.finish()).toEqual([head, size > head]);
  }
});

test('a message over the limit is refused at its end, and what follows costs nothing', async () => {
  for (const limit of [100, 2 << 20]) {
    const incoming = new IncomingMail(limit, plenty(), drain);
    const bytes = sample(1 << 20);
    for (let i = 0; i < 30; i++) {
      incoming.append(bytes, 0, bytes.length);
      await incoming.ready();
    }
    await expect(incoming.finish()).rejects.toMatchObject({ code: 'too-large' });
    expect(incoming.size).toBe(30 << 20);
  }
});

test('the sender waits while nobody takes, and goes on when taking fails', async () => {
  const gate = Promise.withResolvers<void>();
  const incoming = new IncomingMail(1 << 30, plenty(), async () => {
    await gate.promise;
    throw new Error('disk full');
  });
  const bytes = sample(2 << 20);
  incoming.append(bytes, 0, bytes.length);
  const ready = incoming.ready();
  expect(ready).toBeInstanceOf(Promise);
  gate.resolve();
  await ready;
  for (let i = 0; i < 100; i++) incoming.append(bytes, 0, bytes.length);
  expect(incoming.ready()).toBeUndefined();
  await expect(incoming.finish()).rejects.toThrow('disk full');
});

test('whoever takes a message that is given up hears why', async () => {
  const seen = Promise.withResolvers<unknown>();
  const incoming = new IncomingMail(1 << 30, plenty(), (mail) => drain(mail).catch(seen.resolve));
  incoming.append(sample(3 << 20), 0, 3 << 20);
  incoming.abort(new Error('connection lost'));
  expect(await seen.promise).toMatchObject({ message: 'connection lost' });
});

test('messages that come in at once share so much memory; small ones always have room', async () => {
  const memory = new IncomingMemory(2 << 20);
  const begin = (size: number): IncomingMail<Buffer> => {
    const incoming = new IncomingMail(10_000_000, memory, drain);
    incoming.append(sample(size), 0, size);
    return incoming;
  };
  // Is on its way to whoever takes it, and its sender says no more.
  const slow = begin(HEAD_LIMIT + 1);
  await expect(begin(HEAD_LIMIT).finish()).rejects.toMatchObject({ code: 'busy', kind: 'temporary' });
  const small = sample(30_000);
  expect((await begin(small.length).finish()).equals(small)).toBe(true);
  await slow.finish();
  // Each gives back what it had, however it ends.
  for (const end of ['complete', 'broken off', 'broken off early', 'too large'] as const) {
    const one = begin(end === 'too large' ? 11_000_000 : end === 'broken off early' ? 500_000 : HEAD_LIMIT + 1);
    if (end === 'complete') await one.finish();
    else one.abort(new Error(end));
  }
  await expect.poll(() => memory.take(2 << 20)).toBe(true);
});
