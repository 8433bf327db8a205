import { expect, test } from 'vitest';
import type { RawMail } from '../../intake/arrival.ts';
import { HEAD_LIMIT } from '../../intake/arrival.ts';
import { IncomingMail } from './incoming.ts';

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
      const incoming = new IncomingMail(10_000_000, drain);
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
    const incoming = new IncomingMail(10_000_000, shape);
    incoming.append(sample(size), 0, size);
    expect(await incoming.finish()).toEqual([head, size > head]);
  }
});

test('a message over the limit is refused at its end, and what follows costs nothing', async () => {
  for (const limit of [100, 2 << 20]) {
    const incoming = new IncomingMail(limit, drain);
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
  const incoming = new IncomingMail(1 << 30, async () => {
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
  const incoming = new IncomingMail(1 << 30, (mail) => drain(mail).catch(seen.resolve));
  incoming.append(sample(3 << 20), 0, 3 << 20);
  incoming.abort(new Error('connection lost'));
  expect(await seen.promise).toMatchObject({ message: 'connection lost' });
});
