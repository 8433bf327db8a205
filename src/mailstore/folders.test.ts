import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { Flag, type FolderId, type MsgId } from './api.ts';
import { FOLDER_LIMITS } from './folder-names.ts';

const INBOX = 1 as FolderId;

test('missing parents are made, paths follow a rename, subscriptions go along', async () => {
  const { store, alice } = await aliceLab();
  const c = await alice.createFolder('A/B/C', { description: 'third' });
  expect(c).toMatchObject({ path: 'A/B/C', description: 'third', total: 0 });
  await alice.subscribe('A/B/C', true);
  const b = alice.folderAt('A/B')!;
  const renamed = await alice.renameFolder(b.id, 'Archive/2026/B');
  expect(renamed).toMatchObject({ id: b.id, path: 'Archive/2026/B', uidValidity: b.uidValidity });
  expect(alice.folder(c.id)).toMatchObject({ path: 'Archive/2026/B/C', subscribed: true });
  expect(alice.folderAt('A/B')).toBeUndefined();
  expect(alice.subscriptions()).toEqual(expect.arrayContaining(['A/B/C', 'Archive/2026/B/C']));
  await expect(alice.renameFolder(b.id, 'Archive/2026/B/x')).rejects.toMatchObject({ code: 'folder-name' });
  await expect(alice.renameFolder(b.id, 'Sent')).rejects.toMatchObject({ code: 'folder-exists' });
  expect(await alice.renameFolder(b.id, 'Archive/2026/B')).toMatchObject({ id: b.id });
  expect(await problemsOf(store)).toEqual([]);
});

test('a folder is deleted with its messages, never INBOX, never one with folders in it', async () => {
  const { store, alice } = await aliceLab();
  const parent = await alice.createFolder('P');
  const child = await alice.createFolder('P/c');
  const { id } = await alice.addMessage(mail('x'), { folder: child.id });
  await expect(alice.deleteFolder(parent.id)).rejects.toMatchObject({ code: 'folder-has-children' });
  await expect(alice.deleteFolder(INBOX)).rejects.toMatchObject({ code: 'folder-protected' });
  await alice.subscribe('P/c', true);
  await alice.deleteFolder(child.id);
  expect(alice.meta(id)).toBeUndefined();
  expect(alice.quota().used).toBe(0);
  // RFC 9051 §6.3.5: the name may stay subscribed.
  expect(alice.subscriptions()).toContain('P/c');
  await expect(alice.deleteFolder(child.id)).rejects.toMatchObject({ code: 'folder-missing' });
  expect(await problemsOf(store)).toEqual([]);
});

test('a folder made again within the same second has a higher UIDVALIDITY (E3)', async () => {
  const { alice } = await aliceLab();
  let last = 0;
  for (let i = 0; i < 1000; i++) {
    const { id, uidValidity } = await alice.createFolder('again');
    expect(uidValidity).toBeGreaterThan(last);
    last = uidValidity;
    await alice.deleteFolder(id);
  }
});

test('no folder has a name that leads to what others share', async () => {
  const { alice } = await aliceLab();
  const wrong = { code: 'folder-name' };
  await expect(alice.createFolder('~bob@example.test/Work')).rejects.toMatchObject(wrong);
  const { id } = await alice.createFolder('~tilde');
  await expect(alice.renameFolder(id, '~bob@example.test')).rejects.toMatchObject(wrong);
});

test('UIDNEXT never falls, whatever is expunged', async () => {
  const lab = await aliceLab();
  for (let i = 0; i < 3; i++) await lab.alice.addMessage(mail('x'), { folder: INBOX });
  await lab.alice.deleteMessage([1, 2, 3] as MsgId[]);
  using fresh = await lab.another(2).open(SYSTEM, ALICE);
  expect(fresh.folder(INBOX)).toMatchObject({ uidNext: 4, total: 0, highestModseq: 5 });
  expect((await fresh.addMessage(mail('y'), { folder: INBOX })).uid).toBe(4);
});

test('renaming INBOX moves its messages and leaves it', async () => {
  const { alice } = await aliceLab();
  const { id } = await alice.addMessage(mail('x'), { folder: INBOX, flags: Flag.seen });
  const renamed = await alice.renameFolder(INBOX, 'old/mail');
  expect(renamed).toMatchObject({ path: 'old/mail', total: 1, unread: 0 });
  expect(alice.folder(INBOX)).toMatchObject({ path: 'INBOX', total: 0 });
  expect(alice.meta(id)?.folder).toBe(renamed.id);
});

test.each([
  ['empty', ''],
  ['only a separator', '/'],
  ['an empty level', 'a//b'],
  ['a separator at the end', 'a/'],
  ['NUL', 'a\0b'],
  ['a control character', 'a\u0007'],
  ['a C1 control character', 'a\u0085'],
  ['a line separator', 'a\u2028b'],
  ['a lone surrogate', '\ud800'],
  ['10,000 characters', 'x'.repeat(10_000)],
  ['258 bytes', '한'.repeat(86)],
  ['1,000 levels', Array.from({ length: 1000 }, () => 'x').join('/')],
])('no folder name: %s', async (_, path) => {
  const { alice } = await aliceLab();
  await expect(alice.createFolder(path)).rejects.toMatchObject({ code: 'folder-name', kind: 'user' });
  await expect(alice.subscribe(path, true)).rejects.toMatchObject({ code: 'folder-name' });
  expect(alice.folderAt(path)).toBeUndefined();
});

test.each([
  '../../etc',
  'a/../b',
  '.',
  'trailing dot.',
  'trailing space ',
  '__proto__',
  'constructor',
  '\u202egpj',
  '%*"\\',
])('%j is an ordinary name', async (path) => {
  const { alice } = await aliceLab();
  expect(await alice.createFolder(path)).toMatchObject({ path });
  expect(alice.folderAt(path)?.path).toBe(path);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('INBOX in any case, and twins in other normal forms, are one folder', async () => {
  const { alice } = await aliceLab();
  expect(alice.folderAt('inBox')?.id).toBe(INBOX);
  expect((await alice.createFolder('inbox/x')).path).toBe('INBOX/x');
  const nfd = 'Pru\u0308fung';
  expect((await alice.createFolder(nfd)).path).toBe('Pr\u00fcfung');
  await expect(alice.createFolder('Pr\u00fcfung')).rejects.toMatchObject({ code: 'folder-exists' });
  expect(alice.folderAt(nfd)).toBeDefined();
});

test('a role is given once', async () => {
  const { alice } = await aliceLab();
  expect((await alice.createFolder('Important', { role: 'important' })).role).toBe('important');
  expect(alice.folderWithRole('important')?.path).toBe('Important');
  await expect(alice.createFolder('x', { role: 'sent' })).rejects.toMatchObject({ code: 'conflict' });
});

test('too many folders, too deep after a rename, too long a description', async () => {
  const { alice } = await aliceLab();
  const deep = Array.from({ length: FOLDER_LIMITS.levels - 1 }, (_, i) => `l${i}`).join('/');
  await alice.createFolder(deep);
  await expect(alice.renameFolder(alice.folderAt('l0')!.id, 'a/b/c')).rejects.toMatchObject({ code: 'folder-name' });
  const description = 'x'.repeat(FOLDER_LIMITS.description + 1);
  await expect(alice.describeFolder(INBOX, description)).rejects.toMatchObject({ code: 'limit' });
  expect((await alice.describeFolder(INBOX, 'mine')).description).toBe('mine');
});
