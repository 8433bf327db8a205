import { describe, expect, test } from 'vitest';
import { aliceLab, mail, problemsOf } from '../../test/support/mail-store.ts';
import { Flag, type FolderId, type MailAccount, type NewMessage } from './api.ts';

const INBOX = 1 as FolderId;
const DRAFTS = 3 as FolderId;

async function* all(messages: readonly NewMessage[]): AsyncGenerator<NewMessage> {
  yield* messages;
}

const message = (n: number, to: Partial<NewMessage['to']> = {}, fields: readonly string[] = []): NewMessage => ({
  raw: mail(fields.length > 0 ? 'Re: 1' : `${n}`, `body ${n}\r\n`, [`Message-ID: <${n}@example.test>`, ...fields]),
  to: { folder: INBOX, ...to },
});

const subjects = async (account: MailAccount, folder: FolderId): Promise<string[]> => {
  const view = account.view(folder);
  const ids = account.getMessageIds({ folder });
  expect(ids).toHaveLength(view.length);
  const found = await Promise.all(ids.map((id) => account.details(id)));
  return found.map(({ envelope }) => envelope.subject);
};

describe('several messages in one commit', () => {
  test('have one version, UIDs in their order, and are of one thread when they answer one another', async () => {
    const { alice, store } = await aliceLab();
    const before = alice.version;
    const placed = await alice.addMessages(
      all([
        message(1, { flags: Flag.seen, keywords: ['one'] }),
        message(2, { keywords: ['One', 'two'] }, ['In-Reply-To: <1@example.test>']),
        message(3, { folder: DRAFTS }, ['References: <1@example.test> <2@example.test>']),
        message(4, { keywords: ['TWO'] }),
      ]),
    );
    expect(placed.map(({ uid, folder, version }) => [folder, uid, version - before])).toEqual([
      [1, 1, 1],
      [1, 2, 1],
      [3, 1, 1],
      [1, 3, 1],
    ]);
    expect(new Set(placed.slice(0, 3).map(({ thread }) => thread)).size).toBe(1);
    expect(placed[3]?.thread).not.toBe(placed[0]?.thread);
    expect(alice.keywords(INBOX)).toEqual(['one', 'two']);
    expect(placed.map(({ id }) => alice.meta(id)?.keywords)).toEqual([['one'], ['one', 'two'], [], ['two']]);
    expect(alice.folder(INBOX)).toMatchObject({ total: 3, unread: 2, uidNext: 4 });
    const later = await alice.addMessage(message(5, {}, ['In-Reply-To: <2@example.test>']).raw, { folder: INBOX });
    expect(later).toMatchObject({ uid: 4, thread: placed[0]?.thread });
    expect(await problemsOf(store)).toEqual([]);
  });

  test('all or none: neither where there is no room nor where one cannot be read', async () => {
    const { alice, store } = await aliceLab({ quota: 400 });
    const three = [message(1), message(2), message(3)];
    await expect(alice.addMessages(all(three))).rejects.toMatchObject({ code: 'over-quota' });
    async function* broken(): AsyncGenerator<NewMessage> {
      yield message(1);
      throw new RangeError('cut off');
    }
    await expect(alice.addMessages(broken())).rejects.toThrow('cut off');
    await expect(alice.addMessages(all([message(1), message(2, { folder: 99 as FolderId })]))).rejects.toMatchObject({
      code: 'folder-missing',
    });
    expect(await alice.addMessages(all([]))).toEqual([]);
    expect(alice.folder(INBOX)).toMatchObject({ total: 0, uidNext: 1 });
    expect(await problemsOf(store)).toEqual([]);
  });

  test('the one that is superseded goes in the same commit, or nothing comes', async () => {
    const { alice, store } = await aliceLab();
    const [old] = await alice.addMessages(all([message(1, { folder: DRAFTS, flags: Flag.flagged })]));
    const at = { id: old!.id, folder: DRAFTS, uid: old!.uid };
    const [fresh] = await alice.addMessages(all([message(2, { folder: DRAFTS })]), at);
    expect(fresh?.version).toBe(old!.version + 1);
    expect(alice.meta(fresh!.id)).toMatchObject({ flags: 0, uid: 2 });
    expect(await subjects(alice, DRAFTS)).toEqual(['2']);
    await expect(alice.addMessages(all([message(3)]), at)).rejects.toMatchObject({ code: 'message-missing' });
    const moved = { id: fresh!.id, folder: INBOX, uid: fresh!.uid };
    await expect(alice.addMessages(all([message(3)]), moved)).rejects.toMatchObject({ code: 'message-missing' });
    expect(alice.folder(INBOX)?.total).toBe(0);
    expect(await problemsOf(store)).toEqual([]);
  });

  test('on a nasty store each is there once', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { alice, store } = await aliceLab({
        nasty: { seed, conflict: 0.2, unknownApplied: 0.2, unknownLost: 0.2 },
      });
      let [last] = await alice.addMessages(all([message(1), message(2), message(3)]));
      for (let n = 4; n < 8; n++) [last] = await alice.addMessages(all([message(n)]), { ...last!, folder: INBOX });
      expect(await subjects(alice, INBOX)).toEqual(['2', '3', '7']);
      expect(await problemsOf(store)).toEqual([]);
    }
  });
});
