import { expect, test } from 'vitest';
import { ALICE, aliceLab, digest, keyOf, mail, problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { settle } from '../../test/support/settle.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import type { AccountId, FolderId, MailStore, MsgId } from './api.ts';
import { blobShard, CONDEMNED, condemnedKey } from './keys.ts';
import { CONDEMNED_FOR } from './sweep.ts';

const INBOX = 1 as FolderId;
const DAY = 86_400_000;

function base64(bytes: Uint8Array, width = 76, eol = '\r\n'): string {
  const text = Buffer.from(bytes).toString('base64');
  return (text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).join(eol);
}

function withAttachment(subject: string, encoded: string): Buffer {
  const body = ['--b', 'Content-Type: text/plain', '', 'see below', '--b']
    .concat([
      'Content-Type: application/pdf; name=a.pdf',
      'Content-Transfer-Encoding: base64',
      '',
      encoded,
      '--b--',
      '',
    ])
    .join('\r\n');
  return mail(subject, body, ['MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b']);
}

const pdf = Buffer.from(new SeededRandom(7).bytes(100_001));

async function bodyOf(store: MailStore, account: AccountId, id: MsgId): Promise<Buffer> {
  using handle = await store.open(SYSTEM, account);
  return Buffer.from(await (await handle.body(id)).bytes());
}

test('a large attachment is stored once, decoded, and comes back byte for byte', async () => {
  const { store, blobs, alice } = await aliceLab();
  const first = withAttachment('one', base64(pdf));
  const second = withAttachment('two', base64(pdf, 60, '\n'));
  const a = await alice.addMessage(first, { folder: INBOX });
  const b = await alice.addMessage(second, { folder: INBOX });
  expect([...blobs.contents.keys()]).toEqual([keyOf(pdf)]);
  expect((await bodyOf(store, ALICE, a.id)).equals(first)).toBe(true);
  expect((await bodyOf(store, ALICE, b.id)).equals(second)).toBe(true);
  const body = await alice.body(a.id);
  for (const [start, end] of [
    [0, 700],
    [500, 1000],
    [70_000, 70_001],
    [1000, first.length],
    [first.length - 3, first.length],
  ] as const)
    expect(Buffer.from(await body.bytes(start, end)).equals(first.subarray(start, end))).toBe(true);
  const pieces = await Array.fromAsync(body.stream());
  expect(Buffer.concat(pieces).equals(first)).toBe(true);
  expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(65_536);
  expect(await problemsOf(store)).toEqual([]);
});

test('base64 that would not be written again the same way is kept as received', async () => {
  const { store, blobs, alice } = await aliceLab();
  const odd = base64(pdf).replace('\r\n', '\r\n \r\n');
  const raw = withAttachment('odd', odd);
  const { id } = await alice.addMessage(raw, { folder: INBOX });
  expect((await bodyOf(store, ALICE, id)).equals(raw)).toBe(true);
  expect([...blobs.contents.keys()]).not.toContain(keyOf(pdf));
  expect(blobs.contents.size).toBe(1);
});

test('many recipients share one blob of the whole; each keeps its own trace lines', async () => {
  const { store, blobs } = await aliceLab();
  const accounts = Array.from({ length: 6 }, (_, i) => `user-${i}` as AccountId);
  for (const account of accounts) await store.createAccount(account);
  const raw = withAttachment('all', base64(pdf));
  const prefix = (account: AccountId) => Buffer.from(`Delivered-To: ${account}\r\n`);
  const staged = await store.stage(
    accounts.map((account) => ({ account, prefix: prefix(account) })),
    raw,
  );
  for (const s of staged) {
    using handle = await store.open(SYSTEM, s.account);
    const { id } = await handle.publish(s, { folder: INBOX });
    expect((await bodyOf(store, s.account, id)).toString('latin1')).toBe(
      `Delivered-To: ${s.account}\r\n${raw.toString('latin1')}`,
    );
  }
  expect(blobs.contents.size).toBe(2);
  expect(await problemsOf(store)).toEqual([]);
});

test('a blob goes when its last message has gone, in two sweeps, and not before (A2)', async () => {
  const { store, blobs, clock, alice } = await aliceLab();
  const { id } = await alice.addMessage(withAttachment('x', base64(pdf)), { folder: INBOX });
  const [copy] = await alice.copy([id], 2 as FolderId);
  await alice.deleteMessage([id]);
  const sweepTwice = async () => {
    const first = await store.sweep();
    await clock.advance(CONDEMNED_FOR);
    const second = await store.sweep();
    return { blobs: first.blobs + second.blobs, bytes: first.bytes + second.bytes };
  };
  expect(await sweepTwice()).toEqual({ blobs: 0, bytes: 0 });
  await alice.deleteMessage([copy!.placed.id]);
  await settle();
  expect(await store.sweep()).toMatchObject({ blobs: 0 });
  expect(blobs.contents.size).toBe(1);
  await clock.advance(CONDEMNED_FOR);
  expect(await store.sweep()).toMatchObject({ blobs: 1, bytes: pdf.length });
  expect(blobs.contents.size).toBe(0);
});

test('a content that comes again while its blob is condemned is stored under the next generation', async () => {
  const { store, blobs, kv, clock, alice } = await aliceLab();
  const raw = withAttachment('x', base64(pdf));
  await alice.deleteMessage([(await alice.addMessage(raw, { folder: INBOX })).id]);
  await settle();
  await store.sweep();
  const sha256 = digest(pdf);
  const condemned = await kv.getImmutable(blobShard(sha256), CONDEMNED, [condemnedKey(sha256, 0)]);
  expect(condemned[0]).toBeDefined();
  const { id } = await alice.addMessage(raw, { folder: INBOX });
  expect([...blobs.contents.keys()]).toEqual([keyOf(pdf, 0), keyOf(pdf, 1)]);
  await clock.advance(CONDEMNED_FOR);
  expect(await store.sweep()).toMatchObject({ blobs: 1 });
  expect([...blobs.contents.keys()]).toEqual([keyOf(pdf, 1)]);
  expect((await bodyOf(store, ALICE, id)).equals(raw)).toBe(true);
  // Once it was collected, the first generation may be used again.
  expect(await problemsOf(store)).toEqual([]);
});

test('staged content that is never published is forgotten, with its blobs; published content is not', async () => {
  const { store, kv, blobs, clock, alice } = await aliceLab();
  const raw = withAttachment('x', base64(pdf));
  const [late] = await store.stage([{ account: ALICE }], raw);
  const [other] = await store.stage([{ account: ALICE }], mail('other'));
  const kept = await alice.publish(other!, { folder: INBOX });
  expect(await store.sweep()).toMatchObject({ staged: 0 });
  await clock.advance(30 * DAY + 1);
  await expect(alice.publish(late!, { folder: INBOX })).rejects.toMatchObject({ code: 'message-missing' });
  await clock.advance(DAY);
  expect(await store.sweep()).toMatchObject({ staged: 1 });
  await clock.advance(CONDEMNED_FOR);
  expect(await store.sweep()).toMatchObject({ staged: 0, blobs: 1 });
  expect(blobs.contents.size).toBe(0);
  expect((await bodyOf(store, ALICE, kept.id)).length).toBe(mail('other').length);
  const buckets: string[] = [];
  for await (const page of kv.scanImmutable('u/alice-1' as never, undefined, {}))
    buckets.push(...page.map((r) => r.bucket));
  expect(buckets.filter((bucket) => bucket.startsWith('w'))).toHaveLength(2);
});

test('one mail to hundreds of people is one blob; it goes with the last of them, and not before (B18)', async () => {
  const { store, blobs, clock } = await aliceLab();
  const accounts = Array.from({ length: 300 }, (_, i) => `user-${i}` as AccountId);
  for (const account of accounts) await store.createAccount(account);
  const raw = withAttachment('all', base64(pdf));
  const staged = await store.stage(
    accounts.map((account) => ({ account })),
    raw,
  );
  // The attachment, and the rest of the mail.
  const keys = [...blobs.contents.keys()];
  expect(keys).toHaveLength(2);
  const last = await store.open(SYSTEM, accounts.at(-1)!);
  for (const one of staged) {
    using account = await store.open(SYSTEM, one.account);
    const { id } = await account.publish(one, { folder: INBOX });
    if (one.account !== last.id) await account.deleteMessage([id]);
  }
  const sweepTwice = async (): Promise<void> => {
    await settle();
    await store.sweep();
    await clock.advance(CONDEMNED_FOR);
    await store.sweep();
  };
  await sweepTwice();
  expect([...blobs.contents.keys()]).toEqual(keys);
  const [id] = last.getMessageIds({ folder: INBOX });
  expect((await bodyOf(store, last.id, id!)).equals(raw)).toBe(true);
  await last.deleteMessage([id!]);
  await sweepTwice();
  expect(blobs.contents.size).toBe(0);
});

test('one blob, a thousand references: 999 removals keep it (B18)', async () => {
  const { store, blobs, alice } = await aliceLab();
  const { id } = await alice.addMessage(withAttachment('x', base64(pdf)), { folder: INBOX });
  for (let i = 0; i < 999; i++) await alice.copy([id], 6 as FolderId);
  const view = alice.view(6 as FolderId);
  await alice.deleteMessage([id, ...(Array.from(view.ids.subarray(1, view.length)) as MsgId[])]);
  await settle();
  expect((await bodyOf(store, ALICE, view.ids[0] as MsgId)).includes('see below')).toBe(true);
  expect(blobs.contents.size).toBe(1);
  expect(await problemsOf(store)).toEqual([]);
});

test('a message of 4 MB that comes in pieces is spooled, stored once and comes back byte for byte', async () => {
  const { store, blobs, alice } = await aliceLab();
  const content = Buffer.from(new SeededRandom(9).bytes(1 << 20));
  const big = Buffer.concat(Array.from({ length: 3 }, () => content));
  const raw = withAttachment('big', base64(big));
  const pieces = async function* () {
    for (let at = 0; at < raw.length; at += 10_007) yield raw.subarray(at, at + 10_007);
  };
  const [staged] = await store.stage([{ account: ALICE, prefix: Buffer.from('X: y\r\n') }], pieces());
  const { id } = await alice.publish(staged!, { folder: INBOX });
  expect([...blobs.contents.keys()]).toEqual([keyOf(big)]);
  const body = await bodyOf(store, ALICE, id);
  expect(body.equals(Buffer.concat([Buffer.from('X: y\r\n'), raw]))).toBe(true);
  const whole = await alice.addMessage(raw, { folder: INBOX });
  expect((await bodyOf(store, ALICE, whole.id)).equals(raw)).toBe(true);
  expect(blobs.contents.size).toBe(1);
});

test('what somebody else has already is written and counted as if nobody had it (B19)', async () => {
  const { store, blobs, alice } = await aliceLab();
  const bob = 'bob-1' as AccountId;
  await store.createAccount(bob);
  using other = await store.open(SYSTEM, bob);
  const puts: number[] = [];
  const put = blobs.put.bind(blobs);
  blobs.put = async (key, content) => {
    const pieces = content instanceof Uint8Array ? [content] : await Array.fromAsync(content);
    puts.push(Buffer.concat(pieces).length);
    await put(key, Buffer.concat(pieces));
  };
  const raw = withAttachment('x', base64(pdf));
  const answers = [];
  for (const account of [alice, other]) {
    const { uid, version } = await account.addMessage(raw, { folder: INBOX });
    answers.push({ uid, version, ...account.quota() });
  }
  expect(puts).toEqual([pdf.length, pdf.length]);
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[1]).toMatchObject({ used: raw.length });
  expect(blobs.contents.size).toBe(1);
});

test('many parts that are each too small for a blob share one, once they are large together', async () => {
  const { store, blobs, alice } = await aliceLab();
  const part = `--b\r\nContent-Type: text/plain\r\n\r\n${'0123456789'.repeat(6000)}\r\n`;
  const raw = mail('many', `${part.repeat(6)}--b--\r\n`, ['Content-Type: multipart/mixed; boundary=b']);
  const { id } = await alice.addMessage(raw, { folder: INBOX });
  expect([...blobs.contents.keys()]).toEqual([keyOf(raw)]);
  expect((await bodyOf(store, ALICE, id)).equals(raw)).toBe(true);
});

test('a message whose stream breaks off leaves nothing', async () => {
  const { store, kv, blobs } = await aliceLab();
  const broken = async function* () {
    for (let i = 0; i < 20; i++) yield Buffer.alloc(100_000, 'x');
    throw new Error('connection lost');
  };
  await expect(store.stage([{ account: ALICE }], broken())).rejects.toThrow('connection lost');
  expect(blobs.contents.size).toBe(0);
  const rows: unknown[] = [];
  for await (const page of kv.scanImmutable('u/alice-1' as never, undefined, {})) rows.push(...page);
  expect(rows).toEqual([]);
});
