import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, mailStoreLab, problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { type AccountId, Flag, type FolderId, type MsgId, type Uid } from './api.ts';

const INBOX = 1 as FolderId;

test('a new account has its standard folders, subscribed, and an empty index', async () => {
  const { store, alice } = await aliceLab();
  expect(alice.folders().map((f) => [f.id, f.path, f.role, f.subscribed])).toEqual([
    [1, 'INBOX', 'inbox', true],
    [2, 'Sent', 'sent', true],
    [3, 'Drafts', 'drafts', true],
    [4, 'Junk', 'junk', true],
    [5, 'Trash', 'trash', true],
    [6, 'Archive', 'archive', true],
  ]);
  await expect(store.createAccount(ALICE)).rejects.toMatchObject({ code: 'account-exists' });
  await expect(store.open(SYSTEM, 'nobody' as AccountId)).rejects.toMatchObject({ code: 'account-missing' });
  expect(await problemsOf(store)).toEqual([]);
});

test('a message comes back byte for byte, with what was parsed from it', async () => {
  const { alice } = await aliceLab();
  const raw = mail('Grüße', 'Hallo\r\nWelt\r\n', ['Message-ID: <1@example.test>']);
  const placed = await alice.addMessage(raw, { folder: INBOX, flags: Flag.flagged, keywords: ['$Work'] });
  expect(placed).toMatchObject({ id: 1, folder: 1, uid: 1, duplicate: false, version: 2 });
  const { meta, details, body } = await alice.getMessage(placed.id);
  expect(meta).toMatchObject({ uid: 1, flags: Flag.flagged, keywords: ['$Work'], modseq: 2, size: raw.length });
  expect(Buffer.from(await body.bytes()).equals(raw)).toBe(true);
  expect(Buffer.from(await body.bytes(10, 20)).equals(raw.subarray(10, 20))).toBe(true);
  expect(details.envelope.from[0]?.address).toBe('bob@example.test');
  expect(details.preview).toBe('Hallo Welt');
  expect(alice.folder(INBOX)).toMatchObject({ total: 1, unread: 1, bytes: raw.length, uidNext: 2, highestModseq: 2 });
  expect(alice.quota()).toEqual({ used: raw.length, limit: undefined });
});

test('staged for several accounts, each has its own trace lines and offsets', async () => {
  const { store, alice } = await aliceLab();
  const bob = 'bob-1' as AccountId;
  await store.createAccount(bob);
  const raw = mail('x', 'body\r\n');
  const prefix = Buffer.from('Return-Path: <a@b>\r\n');
  const [forAlice, forBob] = await store.stage([{ account: ALICE, prefix }, { account: bob }], raw);
  await store.written([forAlice!, forBob!]);
  const a = await alice.publish(forAlice!, { folder: INBOX });
  using bobs = await store.open(SYSTEM, bob);
  const b = await bobs.publish(JSON.parse(JSON.stringify(forBob)), { folder: INBOX });
  const ours = await alice.getMessage(a.id);
  expect(Buffer.from(await ours.body.bytes()).toString()).toBe(`Return-Path: <a@b>\r\n${raw.toString()}`);
  const { structure } = ours.details;
  expect(structure.headerStart).toBe(0);
  expect(Buffer.from(await ours.body.bytes(structure.bodyStart, structure.bodyEnd)).toString()).toBe('body\r\n');
  expect(Buffer.from(await (await bobs.body(b.id)).bytes()).equals(raw)).toBe(true);
  expect(await problemsOf(store)).toEqual([]);
});

test('flags: set, add, remove, unchanged ones keep their modseq, UNCHANGEDSINCE is honoured', async () => {
  const { alice } = await aliceLab();
  const { id } = await alice.addMessage(mail('a'), { folder: INBOX });
  const other = await alice.addMessage(mail('b'), { folder: INBOX });
  await alice.updateMessage([id], { mode: 'add', flags: Flag.seen, keywords: ['b', 'A'] });
  expect(alice.meta(id)).toMatchObject({ flags: Flag.seen, keywords: ['A', 'b'], modseq: 4 });
  expect(alice.folder(INBOX)).toMatchObject({ unread: 1, highestModseq: 4 });
  expect(await alice.updateMessage([id], { mode: 'add', flags: Flag.seen, keywords: ['a'] })).toEqual({
    version: 4,
    applied: [],
    modified: [],
  });
  const change = { mode: 'set', flags: Flag.deleted, keywords: [] } as const;
  expect(await alice.updateMessage([id, other.id], change, { unchangedSince: 3 })).toEqual({
    version: 5,
    applied: [5],
    modified: [id],
  });
  expect(alice.meta(id)).toMatchObject({ modseq: 4 });
  await alice.updateMessage([id], { mode: 'remove', flags: Flag.seen, keywords: ['B'] });
  expect(alice.meta(id)).toMatchObject({ flags: 0, keywords: ['A'] });
  expect(alice.keywords(INBOX)).toEqual(['A', 'b']);
  await expect(alice.updateMessage([id], { mode: 'add', flags: 0, keywords: ['two words'] })).rejects.toMatchObject({
    code: 'syntax',
  });
});

test('copy shares the content, move keeps the id, the last removal forgets the data', async () => {
  const { store, kv, alice } = await aliceLab();
  const raw = mail('x');
  const { id, email } = await alice.addMessage(raw, { folder: INBOX });
  const [copied] = await alice.copy([id], 2 as FolderId);
  expect(copied!.placed).toMatchObject({ folder: 2, uid: 1, email });
  const [moved] = await alice.move([id], 6 as FolderId);
  expect(moved).toMatchObject({ fromUid: 1, placed: { id, uid: 1, folder: 6 } });
  expect(alice.quota().used).toBe(2 * raw.length);
  await alice.deleteMessage([id]);
  expect(Buffer.from(await (await alice.body(copied!.placed.id)).bytes()).equals(raw)).toBe(true);
  expect(await alice.deleteMessage([copied!.placed.id, id])).toMatchObject({ removed: 1 });
  alice[Symbol.dispose]();
  await store[Symbol.asyncDispose]();
  const rows: string[] = [];
  for await (const page of kv.scanImmutable('u/alice-1' as never, undefined, {}))
    rows.push(...page.map((r) => r.bucket));
  expect(rows).toEqual([]);
});

test('a removal that names where a message lay spares one that was moved, whoever comes first', async () => {
  const { store, another, alice } = await aliceLab();
  // Nothing wakes this one: its index is behind until its commit collides.
  using stale = await another(2, { deaf: true }).open(SYSTEM, ALICE);
  const ids: MsgId[] = [];
  for (let i = 0; i < 6; i++) ids.push((await alice.addMessage(mail(`${i}`), { folder: INBOX })).id);
  const [away, gone, inGroup, back, plain, deleted] = ids as [MsgId, MsgId, MsgId, MsgId, MsgId, MsgId];
  await stale.refresh();
  const as = (id: MsgId) => ({ as: [stale.meta(id)!] });
  await alice.move([away], 6 as FolderId);
  expect(await stale.deleteMessage([away], as(away))).toMatchObject({ removed: 0 });
  expect(alice.meta(away)?.folder).toBe(6);
  expect(await stale.deleteMessage([gone], as(gone))).toMatchObject({ removed: 1 });
  expect(await alice.move([gone], 6 as FolderId)).toEqual([]);
  // Both in one commit.
  const [moved, removed] = await Promise.all([
    alice.move([inGroup], 6 as FolderId),
    alice.deleteMessage([inGroup, inGroup], { as: [alice.meta(inGroup)!, alice.meta(inGroup)!] }),
  ]);
  expect([moved.length, removed.removed]).toEqual([1, 0]);
  // Somebody put it back: that is another message of the folder.
  await alice.move([back], 6 as FolderId);
  await alice.move([back], INBOX);
  expect(await stale.deleteMessage([back], { as: [{ folder: INBOX, uid: 4 as Uid }] })).toMatchObject({ removed: 0 });
  // Flags are looked at in the commit, too.
  await alice.updateMessage([deleted, plain], { mode: 'add', flags: Flag.deleted, keywords: [] });
  await stale.refresh();
  await alice.updateMessage([plain], { mode: 'remove', flags: Flag.deleted, keywords: [] });
  expect(await stale.deleteMessage([plain, deleted], { flags: Flag.deleted })).toMatchObject({ removed: 1 });
  await alice.refresh();
  expect(ids.filter((id) => alice.meta(id))).toEqual([away, inGroup, back, plain]);
  expect(await problemsOf(store)).toEqual([]);
});

test('records about a mail come with it, in one operation, and not again with a delivery that was there', async () => {
  const { store, alice } = await aliceLab();
  const deliver = async (value: string) => {
    const [staged] = await store.stage([{ account: ALICE }], mail('x'));
    return alice.publish(staged!, { folder: INBOX, deliveryId: '1-abc', records: [{ kind: 'note', value }] });
  };
  const before = alice.version;
  const { email } = await deliver('first');
  expect(alice.version).toBe(before + 1);
  await deliver('second');
  expect(await alice.records('note')).toEqual([{ id: email, value: 'first' }]);
  expect(await problemsOf(store)).toEqual([]);
});

test('a delivery that comes again answers the first placement, also after midnight', async () => {
  const { store, clock, alice } = await aliceLab({ now: Date.UTC(2026, 2, 1, 23, 59) });
  const day = (): number => Math.floor(clock.now() / 86_400_000);
  const deliver = async () => {
    const [staged] = await store.stage([{ account: ALICE }], mail('x'));
    return alice.publish(staged!, { folder: INBOX, deliveryId: `${day()}-abc` });
  };
  const first = await deliver();
  await alice.deleteMessage([first.id]);
  await clock.advance(120_000);
  expect(await deliver()).toEqual({ ...first, duplicate: true });
  await clock.advance(2 * 86_400_000);
  expect(await deliver()).toMatchObject({ duplicate: false });
  await expect(alice.addMessage(mail('x'), { folder: INBOX, deliveryId: 'abc' })).rejects.toMatchObject({
    kind: 'bug',
  });
});

test('over quota nothing is added; making room helps at once (B21)', async () => {
  const raw = mail('x');
  const { store, alice } = await aliceLab({ quota: raw.length * 2 });
  const { id } = await alice.addMessage(raw, { folder: INBOX });
  await alice.addMessage(raw, { folder: INBOX });
  expect(await store.roomFor(ALICE, 1)).toBe(false);
  await expect(alice.addMessage(raw, { folder: INBOX })).rejects.toMatchObject({ code: 'over-quota' });
  await expect(alice.copy([id], 2 as FolderId)).rejects.toMatchObject({ code: 'over-quota' });
  await alice.move([id], 2 as FolderId);
  await alice.deleteMessage([id]);
  expect(await store.roomFor(ALICE, raw.length)).toBe(true);
  await store.setQuota(ALICE, undefined);
  expect(alice.quota()).toEqual({ used: raw.length, limit: undefined });
});

test('answers join the thread of what they answer, another subject begins a new one', async () => {
  const { alice } = await aliceLab();
  const add = async (subject: string, ...fields: string[]) =>
    (await alice.addMessage(mail(subject, 'x', fields), { folder: INBOX })).thread;
  const first = await add('Plan', 'Message-ID: <1@x>');
  expect(await add('Re: Plan', 'Message-ID: <2@x>', 'In-Reply-To: <1@x>')).toBe(first);
  expect(await add('RE: plan', 'Message-ID: <3@x>', 'References: <1@x> <2@x>')).toBe(first);
  expect(await add('Something else', 'Message-ID: <4@x>', 'References: <1@x>')).not.toBe(first);
  const orphan = await add('Re: Lost', 'Message-ID: <6@x>', 'References: <0@x> <5@x>');
  expect(await add('Re: Lost', 'Message-ID: <7@x>', 'References: <0@x> <5b@x>')).toBe(orphan);
  expect(await add('Lost', 'Message-ID: <5@x>')).toBe(orphan);
  expect(await add('Lost')).not.toBe(orphan);
});

test('another node sees each change after a refresh, and is woken by the bus', async () => {
  const lab = await aliceLab();
  const other = lab.another(2);
  using theirs = await other.open(SYSTEM, ALICE);
  const seen: number[] = [];
  using _watch = theirs.watch(({ version }) => seen.push(version));
  const { id } = await lab.alice.addMessage(mail('x'), { folder: INBOX });
  await new Promise((resolve) => setImmediate(resolve));
  expect(theirs.meta(id)).toEqual(lab.alice.meta(id));
  await theirs.updateMessage([id], { mode: 'add', flags: Flag.seen, keywords: [] });
  await lab.alice.refresh();
  expect(lab.alice.meta(id)?.flags).toBe(Flag.seen);
  expect(seen).toEqual([2, 3]);
});

test('what a lost wake-up hid is told within ten seconds', async () => {
  const lab = await aliceLab();
  const deaf = lab.another(2, { deaf: true });
  using theirs = await deaf.open(SYSTEM, ALICE);
  const seen: number[] = [];
  using _watch = theirs.watch(({ version }) => seen.push(version));
  await lab.alice.addMessage(mail('x'), { folder: INBOX });
  expect(seen).toEqual([]);
  await lab.clock.advance(10_000);
  await lab.clock.advance(0);
  expect(seen).toEqual([2]);
});

test('operations of one moment share a commit, each with its version', async () => {
  const { kv, alice } = await aliceLab();
  let commits = 0;
  const commit = kv.commit.bind(kv);
  kv.commit = (...args) => {
    commits++;
    return commit(...args);
  };
  const placed = await Promise.all(
    Array.from({ length: 20 }, (_, i) => alice.addMessage(mail(`${i}`), { folder: INBOX })),
  );
  expect(placed.map((p) => [p.uid, p.version])).toEqual(placed.map((_, i) => [i + 1, i + 2]));
  expect(commits).toBeLessThan(5);
  const versions: number[] = [];
  for await (const { version, changes } of alice.changesSince(1)!) {
    versions.push(version);
    expect(changes).toHaveLength(1);
  }
  expect(versions).toEqual(placed.map((p) => p.version));
});

test('a view stays as it was while the folder goes on', async () => {
  const { alice } = await aliceLab();
  const ids: MsgId[] = [];
  for (let i = 0; i < 5; i++) ids.push((await alice.addMessage(mail(`${i}`), { folder: INBOX })).id);
  const view = alice.view(INBOX);
  await alice.deleteMessage([ids[1]!, ids[3]!]);
  await alice.addMessage(mail('6'), { folder: INBOX });
  await alice.updateMessage([ids[0]!], { mode: 'add', flags: Flag.seen, keywords: ['k'] });
  expect([...view.uids.subarray(0, view.length)]).toEqual([1, 2, 3, 4, 5]);
  expect(Array.from({ length: 5 }, (_, i) => view.flagsAt(i))).toEqual([Flag.seen, -1, 0, -1, 0]);
  expect(view.keywordsAt(0)).toEqual(['k']);
  const now = alice.view(INBOX);
  expect([...now.uids.subarray(0, now.length)]).toEqual([1, 3, 5, 6]);
  expect(now.indexOf(5 as never)).toBe(2);
  expect(now.indexOf(4 as never)).toBe(-1);
  expect([...now.changedSince(7)]).toEqual([0, 3]);
  expect(await alice.vanishedSince(INBOX, 1)).toEqual(Uint32Array.of(2, 4));
});

test('records, once, subscriptions', async () => {
  const { alice } = await aliceLab();
  await alice.putRecord('rule', 'b', { x: 1 });
  await alice.putRecord('rule', 'a', [2]);
  await alice.putRecord('ruler', 'a', 3);
  expect(await alice.records('rule')).toEqual([
    { id: 'a', value: [2] },
    { id: 'b', value: { x: 1 } },
  ]);
  await alice.putRecord('rule', 'b', undefined);
  expect(await alice.record('rule', 'b')).toBeUndefined();
  let runs = 0;
  const act = async () => ++runs;
  expect(await Promise.all([alice.once('k', act), alice.once('k', act)])).toEqual([1, 1]);
  expect(await alice.once('k', act)).toBe(1);
  await alice.subscribe('Not/there', true);
  expect(alice.subscriptions()).toContain('Not/there');
  await alice.subscribe('inbox', false);
  expect(alice.folderAt('Inbox')?.subscribed).toBe(false);
});

test('only the owner and the system open an account', async () => {
  const { store } = await aliceLab();
  const bob = { kind: 'user', account: 'bob' as AccountId, address: 'bob@x', admin: true } as const;
  await expect(store.open(bob, ALICE)).rejects.toMatchObject({ code: 'not-allowed' });
});

test('a removed account is gone, with all its rows (L5)', async () => {
  const { store, kv, alice } = await aliceLab();
  await alice.addMessage(mail('x'), { folder: INBOX });
  await store.removeAccount(ALICE);
  await expect(alice.refresh()).rejects.toMatchObject({ code: 'account-missing' });
  await expect(store.open(SYSTEM, ALICE)).rejects.toMatchObject({ code: 'account-missing' });
  await expect(store.createAccount(ALICE)).rejects.toMatchObject({ code: 'account-exists' });
  const left: unknown[] = [];
  for await (const page of kv.scan('u/alice-1' as never, {})) left.push(...page);
  for await (const page of kv.scanImmutable('u/alice-1' as never, undefined, {})) left.push(...page);
  expect(left).toEqual([]);
  expect(await problemsOf(store)).toEqual([]);
  const accounts = await Array.fromAsync(store.accounts());
  expect(accounts).toEqual([]);
});

test('accounts are told apart', async () => {
  const { store } = mailStoreLab();
  await store.createAccount('a' as AccountId);
  await store.createAccount('b' as AccountId);
  expect(await Array.fromAsync(store.accounts())).toEqual(['a', 'b']);
});

test('ids by folder, state and thread, in any order, page by page', async () => {
  const { alice } = await aliceLab();
  const ids: MsgId[] = [];
  for (const [i, date] of [3, 1, 2, 2, 5].entries())
    ids.push((await alice.addMessage(mail(`${i}`, 'x'.repeat(i)), { folder: INBOX, internalDate: date * 1000 })).id);
  const [a, b, c, d, e] = ids as [MsgId, MsgId, MsgId, MsgId, MsgId];
  await alice.updateMessage([a, c], { mode: 'add', flags: Flag.seen, keywords: [] });
  await alice.updateMessage([c, e], { mode: 'add', flags: Flag.flagged, keywords: [] });
  await alice.move([b], 2 as FolderId);
  const query = { folder: INBOX, sort: 'internalDate', descending: true } as const;
  expect(alice.getMessageIds(query)).toEqual([e, a, d, c]);
  expect(alice.getMessageIds({ ...query, limit: 2 })).toEqual([e, a]);
  expect(alice.getMessageIds({ ...query, limit: 2, after: a })).toEqual([d, c]);
  expect(alice.getMessageIds({ folder: INBOX, unread: true })).toEqual([d, e]);
  expect(alice.getMessageIds({ unread: false, flagged: true })).toEqual([c]);
  expect(alice.getMessageIds({ flagged: false })).toEqual([a, b, d]);
  expect(alice.getMessageIds({ sort: 'size', descending: true })).toEqual([e, d, c, b, a]);
  expect(alice.getMessageIds({ threads: [alice.meta(b)!.thread] })).toEqual([b]);
  expect(alice.getMessageIds({ descending: true, after: 99 as MsgId, limit: 1 })).toEqual([e]);
  await alice.deleteMessage([d]);
  expect(alice.getMessageIds({ after: d })).toEqual([e]);
});

test('indexes that nobody has open are kept as far as there is memory for them', async () => {
  const lab = mailStoreLab({ tuning: { cacheBytes: 30_000 } });
  const ids = Array.from({ length: 12 }, (_, i) => `user-${i}` as AccountId);
  for (const id of ids) await lab.store.createAccount(id);
  let loads = 0;
  const scan = lab.kv.scan.bind(lab.kv);
  lab.kv.scan = (...args) => {
    loads++;
    return scan(...args);
  };
  const open = async (id: AccountId) => {
    using _handle = await lab.store.open(SYSTEM, id);
  };
  for (const id of ids) await open(id);
  const cold = loads;
  await open(ids.at(-1)!);
  expect(loads).toBe(cold);
  await open(ids[0]!);
  expect(loads).toBeGreaterThan(cold);
});

test('copying more than a commit holds is refused, whole; moving it is done in parts', async () => {
  const { store, kv, alice } = await aliceLab();
  await alice.addMessage(mail('x'), { folder: INBOX });
  const all = () => {
    const view = alice.view(INBOX);
    return Array.from(view.ids.subarray(0, view.length)) as MsgId[];
  };
  while (all().length < 10_010) await alice.copy(all().slice(0, 10_010 - all().length), INBOX);
  const { limits } = kv;
  Object.assign(kv, { limits: { ...limits, ops: 10_000 } });
  await expect(alice.copy(all(), 2 as FolderId)).rejects.toMatchObject({ code: 'limit' });
  Object.assign(kv, { limits });
  expect(alice.folder(2 as FolderId)?.total).toBe(0);
  const moved = await alice.move(all(), 2 as FolderId);
  expect(moved.map(({ placed }) => placed.uid)).toEqual(moved.map((_, i) => i + 1));
  await alice.deleteFolder(2 as FolderId);
  expect(alice.quota().used).toBe(0);
  alice[Symbol.dispose]();
  await store[Symbol.asyncDispose]();
});
