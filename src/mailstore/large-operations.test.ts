/** What is done to a whole folder at once, in a process that dies at one of its writes (A8). */
import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { Flag, type FolderId, type MailAccount, type MsgId } from './api.ts';

const INBOX = 1 as FolderId;
/** More than are gathered into one commit of several operations. */
const MESSAGES = 600;

/** A folder with so many messages beside INBOX. */
async function fullLab() {
  const lab = await aliceLab();
  const { alice } = lab;
  const { id } = await alice.addMessage(mail('one of many'), { folder: INBOX });
  const full = (await alice.createFolder('Full')).id;
  await alice.copy([id], full);
  while (alice.view(full).length < MESSAGES) {
    const ids = idsOf(alice, full);
    await alice.copy(ids.slice(0, MESSAGES - ids.length), full);
  }
  alice[Symbol.dispose]();
  return { ...lab, full };
}

function idsOf(account: MailAccount, folder: FolderId): MsgId[] {
  const { ids, length } = account.view(folder);
  return Array.from(ids.subarray(0, length)) as MsgId[];
}

const flagged = (account: MailAccount, folder: FolderId): number => {
  const view = account.view(folder);
  return idsOf(account, folder).filter((_, i) => (view.flagsAt(i) & Flag.flagged) !== 0).length;
};

test.each([
  {
    name: 'STORE',
    act: (account: MailAccount, folder: FolderId) =>
      account.updateMessage(idsOf(account, folder), { mode: 'add', flags: Flag.flagged, keywords: [] }),
    before: [MESSAGES, 0, 'Full'],
    after: [MESSAGES, MESSAGES, 'Full'],
  },
  {
    name: 'EXPUNGE',
    act: (account: MailAccount, folder: FolderId) => account.deleteMessage(idsOf(account, folder)),
    before: [MESSAGES, 0, 'Full'],
    after: [0, 0, 'Full'],
  },
  {
    name: 'RENAME',
    act: (account: MailAccount, folder: FolderId) => account.renameFolder(folder, 'Renamed'),
    before: [MESSAGES, 0, 'Full'],
    after: [MESSAGES, 0, 'Renamed'],
  },
])('$name of a whole folder is there or not, whichever write the process dies at', async ({ act, before, after }) => {
  const { clock, kv, another, store, full } = await fullLab();
  const state = async (seed: number) => {
    using account = await another(seed, { deaf: true }).open(SYSTEM, ALICE);
    const { path, uidValidity, uidNext } = account.folder(full)!;
    return { is: [account.view(full).length, flagged(account, full), path], uids: [uidValidity, uidNext] };
  };
  const { uids } = await state(2);
  let done = false;
  for (let at = 1; !done; at++)
    for (const applied of [false, true]) {
      const crashing = crashingKv(kv, { at, applied });
      const dying = another(10 * at + Number(applied), { kv: crashing.kv, deaf: true });
      const account = await dying.open(SYSTEM, ALICE);
      const acknowledged = await act(account, full).then(
        () => true,
        () => false,
      );
      account[Symbol.dispose]();
      await dying[Symbol.asyncDispose]();
      await clock.advance(1_000);
      const now = await state(10 * at + 2 + Number(applied));
      expect(now.uids).toEqual(uids);
      expect([before, after]).toContainEqual(now.is);
      if (acknowledged) expect(now.is).toEqual(after);
      done ||= String(now.is) === String(after);
      if (done) break;
    }
  expect(await problemsOf(store)).toEqual([]);
});
