/** What follows from other rows is put right; mail is never dropped, and what cannot be repaired is told. */
import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import type { Batch, CommitId, Key } from '../ports/kv.ts';
import { Flag, type FolderId, type MailStore, type Placed } from './api.ts';
import {
  accountPartition,
  bodyKey,
  bucketOf,
  CHECKPOINTS,
  countersKey,
  deliveredKey,
  detailsKey,
  keywordsKey,
  onceKey,
  placementKey,
} from './keys.ts';
import {
  decodeCounters,
  decodeFacts,
  decodePlacement,
  encodeCounters,
  encodeFacts,
  encodePlaced,
  encodePlacement,
  encodeStrings,
} from './values.ts';

const INBOX = 1 as FolderId;
const P = accountPartition(ALICE);

async function repairs(store: MailStore): Promise<string[]> {
  const done: string[] = [];
  for await (const { account, repaired } of store.repair()) done.push(`${account}: ${repaired}`);
  return done;
}

async function lab() {
  const all = await aliceLab();
  const first = await all.alice.addMessage(mail('first'), { folder: INBOX, keywords: ['k'] });
  const second = await all.alice.addMessage(mail('second'), { folder: INBOX, flags: Flag.seen });
  const edit = async (batch: Batch) => {
    const { version } = await all.kv.head(P);
    await all.kv.commit(P, version, version + 1, batch, 'damage' as CommitId);
  };
  return { ...all, first, second, edit };
}

test('a sound store is left alone', async () => {
  const { store, kv } = await lab();
  const { version } = await kv.head(P);
  expect(await repairs(store)).toEqual([]);
  expect((await kv.head(P)).version).toBe(version);
});

test('counters, quota, keywords and next ids are counted anew, whoever has the account open', async () => {
  const { store, kv, alice, first, second, edit, another } = await lab();
  const facts = decodeFacts((await kv.head(P)).value!);
  const noted = decodeCounters((await kv.get(P, [countersKey(INBOX)]))[0]!);
  await edit({
    header: encodeFacts({ ...facts, used: 5, nextMessage: 2 }),
    put: [
      [countersKey(INBOX), encodeCounters({ ...noted, total: 9, unread: 7, bytes: 1 })],
      [countersKey(77 as FolderId), encodeCounters(noted)],
      [keywordsKey(INBOX), encodeStrings([])],
    ],
  });
  const done = (await repairs(store)).join('\n');
  for (const words of [
    'quota: bytes used: 5 was noted',
    'the next id of a message: 2 was noted, it is 3',
    'total 9 was noted, 2 is counted',
    'keywords k were not noted',
    'counters of folder 77',
  ])
    expect(done).toContain(words);
  expect(await repairs(store)).toEqual([]);
  const size = alice.meta(first.id)!.size + alice.meta(second.id)!.size;
  const { uidValidity, total, unread } = alice.folder(INBOX)!;
  expect({ total, unread, used: alice.quota().used }).toEqual({ total: 2, unread: 1, used: size });
  expect(uidValidity).toBe(first.uidValidity);
  const third = await alice.addMessage(mail('third'), { folder: INBOX });
  expect([third.id, third.uid]).toEqual([3, 3]);
  expect(await problemsOf(another(9))).toEqual([]);
});

test('a folder whose UIDNEXT is lost gives out UIDs under a new UIDVALIDITY', async () => {
  for (const how of ['missing', 'damaged', 'too low'] as const) {
    const { store, kv, alice, first, edit, another } = await lab();
    const noted = decodeCounters((await kv.get(P, [countersKey(INBOX)]))[0]!);
    if (how === 'missing') await edit({ remove: [countersKey(INBOX)] });
    else if (how === 'damaged') kv.damage(P, undefined, countersKey(INBOX));
    else await edit({ put: [[countersKey(INBOX), encodeCounters({ ...noted, uidNext: 2 })]] });
    expect((await repairs(store)).join('\n'), how).toContain('folder 1:');
    expect(alice.folder(INBOX), how).toMatchObject({ total: 2, unread: 1, uidNext: 3 });
    expect(alice.folder(INBOX)!.uidValidity, how).toBeGreaterThan(first.uidValidity);
    expect(await problemsOf(another(9)), how).toEqual([]);
  }
});

test('rows that remember what never was are forgotten, so that the mail can come; true ones stay', async () => {
  const { store, alice, clock, edit } = await lab();
  const day = Math.floor(clock.now() / 86_400_000);
  const deliver = (name: string) => alice.addMessage(mail(name), { folder: INBOX, deliveryId: `${day}-${name}` });
  const real = await deliver('real');
  const never: Placed = { ...real, id: 900 as never, version: 900 };
  await edit({
    put: [
      [deliveredKey(day, 'never'), encodePlaced(never)],
      [onceKey(day, 'call'), Buffer.from('{"resu')],
    ],
  });
  await alice.refresh();
  expect(await deliver('never')).toMatchObject({ duplicate: true });
  const done = (await repairs(store)).join('\n');
  expect(done).toContain('a delivery is remembered that never was (message 900)');
  expect(done).toContain('the result of a call cannot be read');
  expect(await deliver('never')).toMatchObject({ duplicate: false });
  expect(await deliver('real')).toMatchObject({ duplicate: true, id: real.id });
  expect(await alice.once('call', async () => 1)).toBe(1);
});

test('a checkpoint that is damaged or stale is dropped', async () => {
  for (const how of ['manifest', 'chunk', 'stale'] as const) {
    const { alice, kv, store, another } = await aliceLab({ tuning: { checkpointChanges: 4 } });
    for (let i = 0; i < 5; i++) await alice.addMessage(mail('x'), { folder: INBOX });
    alice[Symbol.dispose]();
    await store[Symbol.asyncDispose]();
    const keys: Key[] = [];
    for await (const page of kv.scanImmutable(P, CHECKPOINTS, {})) keys.push(...page.map(({ key }) => key));
    if (how === 'stale') {
      const { version } = await kv.head(P);
      const [value] = await kv.get(P, [placementKey(1 as never)]);
      const lie = encodePlacement({ ...decodePlacement(value!), flags: Flag.flagged });
      await kv.commit(P, version, version + 1, { put: [[placementKey(1 as never), lie]] }, 'damage' as CommitId);
    } else {
      // All of one kind: the newest, and the one before.
      for (const key of keys) if ((key[0] === 0) === (how === 'manifest')) kv.damage(P, CHECKPOINTS, key);
    }
    expect(await problemsOf(another(2)), how).not.toEqual([]);
    expect((await repairs(another(3))).join('\n'), how).toContain('checkpoint');
    expect(await problemsOf(another(4)), how).toEqual([]);
    using again = await another(5).open(SYSTEM, ALICE);
    expect(again.folder(INBOX)?.total, how).toBe(5);
  }
});

test('missing content and damaged truth are told, with folder and UID, and nothing is dropped', async () => {
  const { store, kv, alice, first, second, another } = await lab();
  await kv.dropImmutable(P, bucketOf(first.email), [bodyKey(first.email, 0)]);
  await kv.dropImmutable(P, bucketOf(second.email), [detailsKey(second.email)]);
  expect(await repairs(store)).toEqual([]);
  const problems = (await problemsOf(another(8))).join('\n');
  expect(problems).toContain(`alice-1: message 1 (INBOX, UID 1, email ${first.email})`);
  expect(problems).toContain(`message 2 (INBOX, UID 2, email ${second.email}): its details are missing`);
  expect(alice.folder(INBOX)?.total).toBe(2);
  kv.damage(P, undefined, placementKey(first.id));
  const { version } = await kv.head(P);
  expect(await repairs(store)).toEqual([]);
  expect((await kv.head(P)).version).toBe(version);
  expect((await problemsOf(another(9))).join('\n')).toContain('checksum');
});

test('a message in a folder that does not exist is no matter of counting', async () => {
  const { store, kv, first, edit } = await lab();
  const meta = decodePlacement((await kv.get(P, [placementKey(first.id)]))[0]!);
  await edit({ put: [[placementKey(first.id), encodePlacement({ ...meta, folder: 99 as FolderId })]] });
  const { version } = await kv.head(P);
  expect(await repairs(store)).toEqual([]);
  expect((await kv.head(P)).version).toBe(version);
});
