import { expect, test } from 'vitest';
import { aliceLab, SYSTEM } from '../../test/support/mail-store.ts';
import { dropNewMailFolder, newMailFolder, useNewMailFolder } from '../intake/new-mail.ts';
import { putLanguage } from '../intake/language.ts';
import { defaultFolder } from '../intake/stages/parts.ts';
import { Flag } from '../mailstore/api.ts';
import { silentLog } from '../telemetry/log.ts';
import { newMail } from './new-mail.ts';
import { eventsOf, readable } from './module.ts';

test('new mail has a folder of its own where its owner wants that, and leaves it when it is read', async () => {
  const lab = await aliceLab();
  using alice = await lab.store.open(SYSTEM, lab.alice.id);
  const module = newMail();
  const inbox = alice.folderWithRole('inbox')!;
  expect(await module.wants?.(readable(alice))).toBe(false);
  expect((await defaultFolder(alice, {})).id).toBe(inbox.id);
  await expect(useNewMailFolder(alice, 'Trash')).rejects.toMatchObject({ code: 'folder-protected' });
  await putLanguage(alice, 'ko');
  const folder = await useNewMailFolder(alice);
  expect([folder.path, (await newMailFolder(alice))?.id]).toEqual(['새 메일', folder.id]);
  expect(await module.wants?.(readable(alice))).toBe(true);
  expect((await defaultFolder(alice, {})).id).toBe(folder.id);
  expect((await defaultFolder(alice, { junk: 'spam' })).role).toBe('junk');
  const { id } = await alice.addMessage(Buffer.from('Subject: a\r\n\r\n'), { folder: folder.id });
  const { id: other } = await alice.addMessage(Buffer.from('Subject: b\r\n\r\n'), { folder: folder.id });
  const hear = async (before: number) => {
    for await (const changes of alice.changesSince(before) ?? [])
      await module.handle(
        eventsOf(alice.id, changes, module.events),
        { account: readable(alice), change: alice, version: changes.version, log: silentLog },
        AbortSignal.timeout(60_000),
      );
  };
  const before = alice.version;
  await alice.updateMessage([other], { mode: 'add', flags: Flag.flagged, keywords: [] });
  await alice.updateMessage([id], { mode: 'add', flags: Flag.seen, keywords: [] });
  await hear(before);
  expect([alice.meta(id)?.folder, alice.meta(other)?.folder]).toEqual([inbox.id, folder.id]);
  // Heard again, after its owner has put it elsewhere: it stays there.
  await alice.move([id], folder.id);
  await hear(before);
  expect(alice.meta(id)?.folder).toBe(folder.id);
  await dropNewMailFolder(alice);
  expect(await newMailFolder(alice)).toBeUndefined();
  expect(alice.getMessageIds({ folder: folder.id })).toEqual([]);
  expect(alice.getMessageIds({ folder: inbox.id })).toHaveLength(2);
  // A folder that is gone is no place for mail.
  await useNewMailFolder(alice);
  await alice.deleteFolder(folder.id);
  expect((await defaultFolder(alice, {})).id).toBe(inbox.id);
});
