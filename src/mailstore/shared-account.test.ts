import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, problemsOf } from '../../test/support/mail-store.ts';
import { type AccountId, Flag, type FolderId, type MailAccount, type MsgId, type VersionChanges } from './api.ts';

const INBOX = 1 as FolderId;
const BOB = 'bob-1' as AccountId;
const alicesself = { kind: 'user', account: ALICE, address: 'alice@example.test', admin: false } as const;
const bobsself = { kind: 'user', account: BOB, address: 'bob@example.test', admin: false } as const;

/** Alice shares `Work` with Bob. */
async function lab(rights: string) {
  const { store, alice, kv } = await aliceLab();
  await store.createAccount(BOB);
  const work = await alice.createFolder('Work');
  await store.setRights(alicesself, { owner: ALICE, folder: work.id }, BOB, { mode: 'set', rights });
  const bob = await store.openShared(bobsself, ALICE);
  const give = (mode: 'set' | 'add' | 'remove', changed: string) =>
    store.setRights(alicesself, { owner: ALICE, folder: work.id }, BOB, { mode, rights: changed });
  const placed = await alice.addMessage(mail('one'), { folder: work.id, keywords: ['a'] });
  const secret = await alice.addMessage(mail('secret'), { folder: INBOX });
  return { store, alice, bob, kv, work: work.id, give, id: placed.id, secret: secret.id };
}

const refused = { code: 'not-allowed' };

test('only what is shared is there, and nothing without the right l', async () => {
  const { store, bob, work, give, secret } = await lab('rl');
  expect(bob.folders().map(({ path, rights, role }) => [path, rights, role])).toEqual([['Work', 'lr', undefined]]);
  expect([bob.folderAt('INBOX'), bob.folder(INBOX), bob.folderAt('nowhere')]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(() => bob.view(INBOX)).toThrow(expect.objectContaining({ code: 'folder-missing' }));
  expect(bob.meta(secret)).toBeUndefined();
  for (const read of [bob.details(secret), bob.getMessage(secret), bob.body(secret)])
    await expect(read).rejects.toMatchObject({ code: 'message-missing' });
  await give('remove', 'l');
  expect([bob.folders(), bob.folder(work)]).toEqual([[], undefined]);
  expect(() => bob.view(work)).toThrow(expect.objectContaining({ code: 'folder-missing' }));
  await expect(store.open(bobsself, ALICE)).rejects.toMatchObject(refused);
  expect(await problemsOf(store)).toEqual([]);
});

test('the way to it is among the records of who may go it', async () => {
  const { store } = await lab('lr');
  using own = await store.open(bobsself, BOB);
  expect((await own.records('shared-from')).map(({ id }) => id)).toEqual([ALICE]);
});

type Attempt = (bob: MailAccount, work: FolderId, id: MsgId) => Promise<unknown>;
const set =
  (flags: number, keywords: string[] = []): Attempt =>
  (bob, _work, id) =>
    bob.updateMessage([id], { mode: 'add', flags, keywords });

test.each<[name: string, needs: string, attempt: Attempt]>([
  ['\\Seen', 's', set(Flag.seen)],
  ['\\Deleted', 't', set(Flag.deleted)],
  ['\\Flagged', 'w', set(Flag.flagged)],
  ['a keyword', 'w', set(0, ['b'])],
  ['removal', 'e', (bob, _work, id) => bob.deleteMessage([id])],
  ['adding', 'i', (bob, work) => bob.addMessage(mail('two'), { folder: work })],
  ['copying', 'i', (bob, work, id) => bob.copy([id], work)],
  ['moving', 'ite', (bob, work, id) => bob.move([id], work)],
  ['a folder below', 'k', (bob) => bob.createFolder('Work/Below')],
  ['deleting the folder', 'x', (bob, work) => bob.deleteFolder(work)],
  ['describing the folder', 'x', (bob, work) => bob.describeFolder(work, 'x')],
])('%s needs %s', async (_name, needs, attempt) => {
  for (const missing of needs) {
    const { bob, work, id, alice, give } = await lab('lrswipkxtea');
    await give('remove', missing);
    const before = alice.version;
    await expect(attempt(bob, work, id)).rejects.toMatchObject(refused);
    expect(alice.version).toBe(before);
  }
  const { store, bob, work, id, alice } = await lab(`lr${needs}`);
  const before = alice.version;
  await attempt(bob, work, id);
  expect(alice.version).toBe(before + 1);
  expect(await problemsOf(store)).toEqual([]);
});

test('a right that is taken while an operation waits is missing in its commit', async () => {
  const { bob, give, id, alice, work } = await lab('lrse');
  const [, removed] = await Promise.allSettled([give('set', 'lr'), bob.deleteMessage([id])]);
  expect([removed.status, alice.folder(work)?.total]).toEqual(
    removed.status === 'rejected' ? ['rejected', 1] : ['fulfilled', 0],
  );
  const other = await alice.addMessage(mail('two'), { folder: work });
  await expect(bob.deleteMessage([other.id])).rejects.toMatchObject(refused);
});

test('flags that may not be set stay as they are', async () => {
  const { bob, alice, work, id } = await lab('lrsi');
  await alice.updateMessage([id], { mode: 'add', flags: Flag.flagged, keywords: [] });
  await bob.updateMessage([id], { mode: 'set', flags: Flag.seen | Flag.deleted, keywords: ['b'] });
  expect(alice.meta(id)).toMatchObject({ flags: Flag.seen | Flag.flagged, keywords: ['a'] });
  const { id: added } = await bob.addMessage(mail('x'), { folder: work, flags: 31, keywords: ['b'] });
  expect(alice.meta(added)).toMatchObject({ flags: Flag.seen, keywords: [] });
});

test('who may make a folder below has the rights of the one above in it, and none elsewhere', async () => {
  const { bob, alice } = await lab('lrik');
  await alice.createFolder('Private');
  const below = await bob.createFolder('Work/Below/Deeper');
  expect([below.path, below.rights]).toEqual(['Work/Below/Deeper', 'lrik']);
  for (const path of ['New', 'Private/New', 'nowhere/New'])
    await expect(bob.createFolder(path)).rejects.toMatchObject(refused);
  expect(alice.folderAt('Private/New')).toBeUndefined();
});

test('a folder is renamed with x, to where k is; INBOX is the owner’s', async () => {
  const { store, bob, alice, work, give } = await lab('lrx');
  await store.setRights(alicesself, { owner: ALICE, folder: INBOX }, BOB, { mode: 'set', rights: 'lrswipkxtea' });
  await expect(bob.renameFolder(work, 'Other')).rejects.toMatchObject(refused);
  expect((await bob.renameFolder(work, 'INBOX/Other')).path).toBe('INBOX/Other');
  await give('remove', 'x');
  await expect(bob.renameFolder(work, 'INBOX/Again')).rejects.toMatchObject(refused);
  await expect(bob.renameFolder(INBOX, 'INBOX/Again')).rejects.toMatchObject(refused);
  expect(alice.folder(work)?.path).toBe('INBOX/Other');
});

test('rights are given with a, and the list of rights is shown with it', async () => {
  const { store, bob, work } = await lab('lr');
  const carol = 'carol-1' as AccountId;
  await store.createAccount(carol);
  const give = () => store.setRights(bobsself, { owner: ALICE, folder: work }, carol, { mode: 'set', rights: 'lr' });
  await expect(give()).rejects.toMatchObject(refused);
  await expect(
    store.setRights(bobsself, { owner: ALICE, folder: INBOX }, carol, { mode: 'set', rights: 'lr' }),
  ).rejects.toMatchObject({
    code: 'folder-missing',
  });
  expect(bob.folder(work)?.grants).toEqual([]);
  await store.setRights(alicesself, { owner: ALICE, folder: work }, BOB, { mode: 'add', rights: 'a' });
  await give();
  expect(bob.folder(work)?.grants).toHaveLength(2);
  await expect(
    store.setRights(alicesself, { owner: ALICE, folder: work }, ALICE, { mode: 'set', rights: '' }),
  ).rejects.toMatchObject(refused);
});

test('watchers hear of readable folders only, and no more once that is over', async () => {
  const { bob, alice, work, id, give } = await lab('lr');
  const heard: VersionChanges['changes'][number][] = [];
  using _watch = bob.watch(({ changes }) => void heard.push(...changes));
  await alice.addMessage(mail('x'), { folder: INBOX });
  await alice.move([id], INBOX);
  expect(heard).toEqual([expect.objectContaining({ type: 'removed', folder: work, id })]);
  await alice.move([id], work);
  expect(heard.at(-1)).toMatchObject({ type: 'added', message: { folder: work, id } });
  await give('set', '');
  expect(heard.splice(0).at(-1)).toEqual({ type: 'folder', id: work, what: 'changed' });
  await alice.addMessage(mail('y'), { folder: work });
  expect(heard).toEqual([]);
});

test('rights outlive the index: by checkpoint, log and scan alike', async () => {
  const { store, alice, work } = await lab('lrs');
  expect(await problemsOf(store)).toEqual([]);
  expect(alice.folder(work)?.grants).toEqual([{ who: BOB, rights: 'lrs' }]);
});
