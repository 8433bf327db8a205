/** While the index is far behind, what came in the last days is found first. */
import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, SYSTEM } from '../../../test/support/mail-store.ts';
import { parseQuery } from '../../mail/search/query.ts';
import type { FolderId, MailAccount, MsgId } from '../api.ts';

const INBOX = 1 as FolderId;
const DAY = 86_400_000;
/** Nothing is indexed by itself; who searches has eight indexed. */
const TUNING = { searchFlush: 1 << 20, searchFirst: 8, searchThread: false };

const found = async (account: MailAccount, text: string, sort: 'date' | 'relevance' = 'date') => {
  const { hits, total, behind } = await account.search({ query: parseQuery(text, 0), sort, limit: 100 });
  expect(total).toBe(hits.length);
  return { ids: hits.map(({ id }) => id).sort((a, b) => a - b), behind };
};

test('who searches an index that is far behind finds the mail of the last days, and all of it when it is there', async () => {
  const lab = await aliceLab({ tuning: TUNING });
  const now = lab.clock.now();
  const add = async (text: string, internalDate = now): Promise<MsgId> =>
    (await lab.alice.addMessage(mail(text), { folder: INBOX, internalDate })).id;
  const all: MsgId[] = [];
  for (let i = 0; i < 20; i++) all.push(await add(`report ${i}`));
  // An old archive that was brought in last is not what came in the last days.
  for (let i = 0; i < 10; i++) all.push(await add(`report ${i} of old`, now - 17 * DAY));
  expect(await found(lab.alice, 'report')).toEqual({ ids: all.slice(12, 20), behind: 22 });
  all.push(await add('report that came meanwhile'));
  await lab.alice.deleteMessage([all[15]!]);
  all.splice(15, 1);
  const recent = [...all.slice(12, 19), all.at(-1)!];
  expect(await found(lab.alice, 'report')).toEqual({ ids: recent, behind: 22 });
  expect(await found(lab.alice, 'report', 'relevance')).toEqual({ ids: recent, behind: 22 });
  // IMAP decides nothing about what may not be indexed.
  const may = await lab.alice.mayHold('report', ['subject']);
  expect(all.filter((id) => may && !may(id))).toEqual([]);
  await lab.store.rebuildSearch(ALICE);
  expect(await found(lab.alice, 'report')).toEqual({ ids: all, behind: 0 });
});

test('mail goes on being indexed in its order after that, and nothing is found twice', async () => {
  const lab = await aliceLab({ tuning: TUNING });
  const all: MsgId[] = [];
  const add = async (): Promise<void> => {
    all.push((await lab.alice.addMessage(mail('report'), { folder: INBOX })).id);
  };
  for (let i = 0; i < 20; i++) await add();
  expect(await found(lab.alice, 'report')).toEqual({ ids: all.slice(12), behind: 12 });
  // Not so far behind any more: the oldest are indexed, then those that were searched in advance.
  await lab.alice.deleteMessage(all.splice(0, 5));
  expect(await found(lab.alice, 'report')).toEqual({ ids: all.slice(7), behind: 7 });
  await lab.alice.deleteMessage(all.splice(8));
  expect(await found(lab.alice, 'report')).toEqual({ ids: all, behind: 0 });
  for (let i = 0; i < 8; i++) await add();
  expect(await found(lab.alice, 'report')).toEqual({ ids: all, behind: 0 });
  using again = await lab.store.open(SYSTEM, ALICE);
  expect(await found(again, 'report')).toEqual({ ids: all, behind: 0 });
});
