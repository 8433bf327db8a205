/** What indexing one account's mail takes: nobody else waits for a flood of words, and its owner's searches are answered meanwhile. */
import { expect, test } from 'vitest';
import { ALICE, mail, mailStoreLab, SYSTEM } from '../../../test/support/mail-store.ts';
import { until } from '../../../test/support/until.ts';
import { LocalBus } from '../../adapters/bus-local.ts';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import { parseQuery } from '../../mail/search/query.ts';
import type { AccountId, FolderId, MailAccount } from '../api.ts';
import { createMailStore } from '../store.ts';
import { SearchHere, type SearchWork } from './thread.ts';

const BOB = 'bob-1' as AccountId;
const INBOX = 1 as FolderId;
/** Messages of a segment, here. */
const FLUSH = 4;
/** Of the store itself. */
const TIMERS = 1;

/** As a thread for which each segment is two minutes' work, whatever is in it. */
class SlowWork extends SearchHere {
  built = 0;

  override build(...[segment, batches, take, options]: Parameters<SearchWork['build']>) {
    this.built++;
    return super.build(segment, batches, take, { ...options, spent: () => options?.spent?.(120_000) });
  }
}

function lab() {
  const { kv, blobs, clock } = mailStoreLab();
  const work = new SlowWork();
  const parts = { kv, blobs, clock, random: new SeededRandom(3), bus: new LocalBus() };
  const store = createMailStore({ ...parts, searchWork: work, tuning: { searchFlush: FLUSH, searchFirst: FLUSH } });
  const account = async (id: AccountId): Promise<MailAccount & Disposable> => {
    await store.createAccount(id);
    return store.open(SYSTEM, id);
  };
  return { clock, store, work, account };
}

async function flood(account: MailAccount, mails: number): Promise<void> {
  for (let i = 0; i < mails; i++) await account.addMessage(mail(`flood ${i}`, `common w${i}`), { folder: INBOX });
}

const search = (account: MailAccount, text: string) =>
  account.search({ query: parseQuery(text, 0), sort: 'date', limit: 100 });

test('a flood of words is indexed as the account has time for it, and that of others at once (C28)', async () => {
  const { clock, store, work, account } = lab();
  using alice = await account(ALICE);
  using bob = await account(BOB);
  await flood(alice, FLUSH);
  await until('the first of the flood is indexed', () => work.built === 1);
  await flood(alice, 4 * FLUSH);
  await until('the flood waits for time', () => clock.waiting > TIMERS);
  expect(work.built).toBe(1);
  await flood(bob, FLUSH);
  await until('the mail of others is indexed', () => work.built === 2);
  expect(await search(bob, 'common')).toMatchObject({ total: FLUSH, behind: 0 });
  // Whoever is flooded finds what came first, is told what is missing, and the rest follows with time.
  const { total, behind } = await search(alice, 'common');
  expect([total, behind]).toEqual([2 * FLUSH, 3 * FLUSH]);
  await until('the rest is indexed', async () => {
    await clock.advance(15_000);
    return work.built === 7;
  });
  expect(await search(alice, 'common')).toMatchObject({ total: 5 * FLUSH, behind: 0 });
  await store[Symbol.asyncDispose]();
});

test('an index that is made anew, and a service that ends, wait for no budget', async () => {
  const { clock, store, work, account } = lab();
  using alice = await account(ALICE);
  await flood(alice, FLUSH);
  await until('the first of the flood is indexed', () => work.built === 1);
  const rebuilt = await store.rebuildSearch(ALICE);
  expect(rebuilt.messages).toBe(FLUSH);
  await flood(alice, 2 * FLUSH);
  await until('the flood waits for time', () => clock.waiting > TIMERS);
  const built = work.built;
  await store[Symbol.asyncDispose]();
  expect(work.built).toBe(built);
});
