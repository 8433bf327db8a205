import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, SYSTEM } from '../../test/support/mail-store.ts';
import type { FolderId, MsgId } from './api.ts';
import { accountPartition, bodyKey, bucketOf } from './keys.ts';

const INBOX = 1 as FolderId;
const P = accountPartition(ALICE);
const prefix = Buffer.from('Return-Path: <a@b>\r\nDelivered-To: alice@example.test\r\n');

/** Alice with a message, its raw bytes, and a count of the reads of immutable rows. */
async function lab(body: string, front = prefix) {
  const { kv, another, store, alice } = await aliceLab();
  const raw = mail('x', body);
  const [staged] = await store.stage([{ account: ALICE, prefix: front }], raw);
  const { id, email } = await alice.publish(staged!, { folder: INBOX });
  const reads: number[] = [];
  const counted = new Proxy(kv, {
    get(target, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (name === 'getImmutable') reads.push((args[2] as unknown[]).length);
        return (value as (...all: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  const reader = await another(2, { kv: counted }).open(SYSTEM, ALICE);
  return { kv, alice, reader, reads, id, email, whole: Buffer.concat([front, raw]) };
}

test.each([
  ['in one row', 'Hello.\r\n', prefix],
  ['in one row, without trace lines', 'Hello.\r\n', Buffer.alloc(0)],
  ['in a row and a blob', `${'Hello. '.repeat(30_000)}\r\n`, prefix],
])('any bytes of a message %s', async (_name, text, front) => {
  const { reader, id, whole } = await lab(text, front);
  const body = await reader.body(id);
  const place = fc.oneof(fc.integer({ min: -3, max: 120 }), fc.integer({ min: 0, max: whole.length + 3 }));
  await fc.assert(
    fc.asyncProperty(place, place, async (start, end) => {
      const expected = whole.subarray(Math.max(0, start), Math.max(0, start, end));
      const found = await body.bytes(start, end);
      const streamed = Buffer.concat(await Array.fromAsync(body.stream(start, end)));
      if (!expected.equals(found) || !expected.equals(streamed)) throw new Error(`${start} to ${end}`);
    }),
    { numRuns: 200 },
  );
  for await (const piece of body.stream()) expect(piece.length).toBeLessThanOrEqual(65_536);
});

test('a mail of nothing but its trace lines is read (D5)', async () => {
  const { store, alice } = await aliceLab();
  const [staged] = await store.stage([{ account: ALICE, prefix }], new Uint8Array());
  const { id } = await alice.publish(staged!, { folder: INBOX });
  const body = await alice.body(id);
  expect(prefix.equals(await body.bytes())).toBe(true);
  expect(prefix.equals(Buffer.concat(await Array.fromAsync(body.stream())))).toBe(true);
});

test('a message in one row is read at once, and with its details known only its row', async () => {
  const { reader, reads, id, whole } = await lab('Hello.\r\n');
  const { body } = await reader.getMessage(id);
  expect(whole.equals(await body.bytes())).toBe(true);
  expect(whole.subarray(5, 90).equals(await body.bytes(5, 90))).toBe(true);
  expect(reads).toEqual([2]);

  const [details] = await Array.fromAsync(reader.detailsOf([id]));
  reads.length = 0;
  const known = await reader.body(id, details);
  expect(reads).toEqual([]);
  expect(whole.equals(await known.bytes())).toBe(true);
  expect(reads).toEqual([1]);
});

test('the details of another message are refused', async () => {
  const { alice, id } = await lab('Hello.\r\n');
  const other = await alice.addMessage(mail('other'), { folder: INBOX });
  await expect(alice.body(id, await alice.details(other.id))).rejects.toMatchObject({ code: 'bug' });
  await expect(alice.body(99 as MsgId, await alice.details(id))).rejects.toMatchObject({ code: 'message-missing' });
});

test('a damaged body is told when it is read; the details can still be had', async () => {
  const { kv, reader, id, email } = await lab('Hello.\r\n');
  kv.damage(P, bucketOf(email), bodyKey(email, 0));
  const { details, body } = await reader.getMessage(id);
  expect(details.envelope.subject).toBe('x');
  for (const read of [body, await reader.body(id, details)]) {
    await expect(read.bytes()).rejects.toMatchObject({ code: 'damaged' });
    await expect(Array.fromAsync(read.stream(0, 3))).rejects.toMatchObject({ code: 'damaged' });
  }
});

test('a message that is removed while it is read is missing, not damaged', async () => {
  const { kv, alice, reader, id, email } = await lab('Hello.\r\n');
  const [details] = await Array.fromAsync(reader.detailsOf([id]));
  const body = await reader.body(id, details);
  await alice.deleteMessage([id]);
  await kv.dropImmutable(P, bucketOf(email), [bodyKey(email, 0)]);
  await expect(body.bytes()).rejects.toMatchObject({ code: 'message-missing' });
});
