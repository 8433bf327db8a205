/** Damage of every kind is found, and never served. */
import { expect, test } from 'vitest';
import { ALICE, aliceLab, keyOf, mail, problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import type { Batch, CommitId, Key, Partition } from '../ports/kv.ts';
import { Flag, type FolderId } from './api.ts';
import {
  accountPartition,
  blobShard,
  bodyKey,
  bucketOf,
  CHECKPOINTS,
  countersKey,
  detailsKey,
  folderKey,
  LINKS,
  linkKey,
  logKey,
  placementKey,
} from './keys.ts';
import { decodeFacts, decodePlacement, encodeCounters, encodeFacts, encodePlacement } from './values.ts';

const INBOX = 1 as FolderId;
const P = accountPartition(ALICE);
const large = Buffer.from(new SeededRandom(3).bytes(80_000))
  .toString('hex')
  .match(/.{1,70}/g)!
  .join('\r\n');

async function damagedLab() {
  const lab = await aliceLab();
  const small = await lab.alice.addMessage(mail('small'), { folder: INBOX });
  const big = await lab.alice.addMessage(mail('big', large), { folder: INBOX, flags: Flag.seen, keywords: ['k'] });
  expect(await problemsOf(lab.store)).toEqual([]);
  const edit = async (batch: Batch, p: Partition = P) => {
    const { version } = await lab.kv.head(p);
    await lab.kv.commit(p, version, version + 1, batch, 'damage' as CommitId);
  };
  const row = async (key: Key) => (await lab.kv.get(P, [key]))[0]!;
  const problems = async () => problemsOf(lab.another(9));
  return { ...lab, small, big, edit, row, problems };
}

test('a placement that lies', async () => {
  const { edit, row, small, problems } = await damagedLab();
  const key = placementKey(small.id);
  const meta = decodePlacement(await row(key));
  await edit({ put: [[key, encodePlacement({ ...meta, uid: 2 as never, size: 1, flags: 1, keywords: ['zz'] })]] });
  const found = (await problems()).join('\n');
  for (const words of ['UID 2 is in folder 1 twice', 'quota', 'unread', 'bytes', 'keyword zz', 'its details say'])
    expect(found).toContain(words);
});

test('an account of which rows are missing is not shown as if they had been removed, until it is repaired', async () => {
  const { edit, small, another, problems } = await damagedLab();
  await edit({ remove: [placementKey(small.id)] });
  await expect(another(5).open(SYSTEM, ALICE)).rejects.toMatchObject({ code: 'damaged' });
  expect((await problems()).join('\n')).toContain('quota: ');
  const store = another(6);
  expect(await Array.fromAsync(store.repair())).not.toEqual([]);
  using account = await store.open(SYSTEM, ALICE);
  expect(account.getMessageIds({ folder: INBOX })).toHaveLength(1);
  expect(await problems()).toEqual([]);
});

test('a placement that is gone, or in no folder', async () => {
  const { edit, row, small, big, problems } = await damagedLab();
  const meta = decodePlacement(await row(placementKey(big.id)));
  await edit({
    remove: [placementKey(small.id)],
    put: [[placementKey(big.id), encodePlacement({ ...meta, folder: 99 as FolderId })]],
  });
  const found = (await problems()).join('\n');
  expect(found).toContain('folder 99');
  expect(found).toContain('total 2 is noted, 0 is counted');
});

test('counters, header and folders that lie', async () => {
  const { edit, kv, problems } = await damagedLab();
  const facts = decodeFacts((await kv.head(P)).value!);
  await edit({
    header: encodeFacts({ ...facts, used: 5, nextMessage: 2 }),
    put: [[countersKey(INBOX), encodeCounters({ uidNext: 1, highestModseq: 99, total: 2, unread: 1, bytes: 1 })]],
    remove: [folderKey(3 as FolderId)],
  });
  const found = (await problems()).join('\n');
  for (const words of ['quota: 5', 'ids only go to 1', 'UIDNEXT 1', 'HIGHESTMODSEQ 99', 'counters of no folder: 3'])
    expect(found).toContain(words);
});

test('a log with a gap', async () => {
  const { edit, problems } = await damagedLab();
  await edit({ remove: [logKey(2, 0)] });
  expect((await problems()).join('\n')).toContain('log: row 3 follows 2');
});

test('a log without its end', async () => {
  const { edit, problems } = await damagedLab();
  await edit({ remove: [logKey(3, 0)] });
  expect((await problems()).join('\n')).toContain('log: ends with 2, the header says 3');
});

test('a flipped bit in any row', async () => {
  for (const key of [placementKey(1 as never), folderKey(INBOX), countersKey(INBOX), logKey(2, 0)]) {
    const { kv, problems } = await damagedLab();
    expect(kv.damage(P, undefined, key)).toBe(true);
    expect((await problems()).join('\n')).toContain('checksum');
  }
});

test('details and bodies: flipped, missing', async () => {
  for (const kind of ['details', 'body'] as const) {
    const { kv, store, alice, small, problems } = await damagedLab();
    const key = kind === 'details' ? detailsKey(small.email) : bodyKey(small.email, 0);
    expect(kv.damage(P, bucketOf(small.email), key)).toBe(true);
    expect((await problems()).join('\n')).toContain('checksum');
    await expect(alice.getMessage(small.id).then(({ body }) => body.bytes())).rejects.toMatchObject({
      code: 'damaged',
    });
    await kv.dropImmutable(P, bucketOf(small.email), [key]);
    expect((await problems()).join('\n')).toContain('missing');
    await expect(alice.getMessage(small.id).then(({ body }) => body.bytes())).rejects.toMatchObject({
      code: 'damaged',
    });
    await store[Symbol.asyncDispose]();
  }
});

test('blobs: changed, missing, without a link', async () => {
  const { kv, blobs, alice, big, problems } = await damagedLab();
  const [key, content] = [...blobs.contents][0]!;
  const link = linkKey(key.slice(2), 0, ALICE, big.email);
  await kv.dropImmutable(blobShard(key.slice(2)), LINKS, [link]);
  expect((await problems()).join('\n')).toContain('no link');
  await kv.putImmutable(blobShard(key.slice(2)), LINKS, [[link, Buffer.alloc(0)]]);
  expect(await problems()).toEqual([]);
  const bytes = Buffer.from(content.bytes);
  bytes[100]! ^= 1;
  blobs.contents.set(key, { ...content, bytes });
  expect(keyOf(bytes)).not.toBe(key);
  expect((await problems()).join('\n')).toContain(key);
  await expect(alice.body(big.id).then((body) => body.bytes())).rejects.toMatchObject({ code: 'damaged' });
  blobs.contents.delete(key);
  expect((await problems()).join('\n')).toContain(`${key} is missing`);
});

test('a checkpoint that shows something else; a damaged one is not used (A10)', async () => {
  const lab = await aliceLab({ tuning: { checkpointChanges: 4 } });
  for (let i = 0; i < 5; i++) await lab.alice.addMessage(mail('x'), { folder: INBOX });
  lab.alice[Symbol.dispose]();
  await lab.store[Symbol.asyncDispose]();
  const keys: Key[] = [];
  for await (const page of lab.kv.scanImmutable(P, CHECKPOINTS, {})) keys.push(...page.map(({ key }) => key));
  expect(keys.length).toBeGreaterThan(1);
  const { version } = await lab.kv.head(P);
  const [value] = await lab.kv.get(P, [placementKey(1 as never)]);
  const lie = encodePlacement({ ...decodePlacement(value!), flags: Flag.flagged });
  await lab.kv.commit(P, version, version + 1, { put: [[placementKey(1 as never), lie]] }, 'damage' as CommitId);
  expect((await problemsOf(lab.another(2))).join('\n')).toContain('checkpoint');
  for (const key of keys) lab.kv.damage(P, CHECKPOINTS, key);
  using alice = await lab.another(3).open(SYSTEM, ALICE);
  expect(alice.meta(1 as never)?.flags).toBe(Flag.flagged);
});
