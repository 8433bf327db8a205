/** One thread indexes for all accounts of a node: what one of them brings must not keep the others from searching. */
import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, SYSTEM } from '../../../test/support/mail-store.ts';
import type { AccountId, FolderId, MailAccount } from '../api.ts';
import { type MessageName, readMessages } from './input.ts';
import { SearchThread } from './thread.ts';

const BOB = 'bob-1' as AccountId;
const INBOX = 1 as FolderId;
/** Mails of the flood, and words of each that no other has. */
const MAILS = 3;
const WORDS = 3_000;

async function added(account: MailAccount, raw: Buffer): Promise<MessageName> {
  const { id, email } = await account.addMessage(raw, { folder: INBOX });
  return { id, email };
}

test('a flood of new words for one account is indexed a piece at a time, and who searches comes between (C28)', async () => {
  const lab = await aliceLab();
  await lab.store.createAccount(BOB);
  using bob = await lab.store.open(SYSTEM, BOB);
  const flood: MessageName[] = [];
  for (let i = 0; i < MAILS; i++) {
    const words = Array.from({ length: WORDS }, (_, j) => `w${i}x${j}${j % 10 === 9 ? '\r\n' : ''}`);
    flood.push(await added(lab.alice, mail(`flood ${i}`, words.join(' '))));
  }
  const one = await added(bob, mail('rendezvous'));
  await using thread = new SearchThread();
  const take = (): Promise<void> => Promise.resolve();
  // The piece of Alice is under way for as long as we like: all of it read but its end.
  const read = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  async function* unfinished() {
    yield* readMessages(lab, ALICE, flood);
    read.resolve();
    await end.promise;
  }
  const first = thread.build('alice-1', unfinished(), take);
  const second = thread.build('alice-2', readMessages(lab, ALICE, flood.slice(0, 1)), take);
  let ended = 0;
  for (const work of [first, second]) void work.then(() => ended++);
  await read.promise;
  expect(await thread.build('bob-1', readMessages(lab, BOB, [one]), take, { urgent: true })).toMatchObject({ docs: 1 });
  // Of what nobody waits for, one piece at a time is in memory.
  expect(ended).toBe(0);
  end.resolve();
  expect((await first).words).toBeGreaterThanOrEqual(MAILS * WORDS);
  expect(await second).toMatchObject({ docs: 1 });
});
