/** What belongs together is the same in whatever order it came, and stays so when messages are moved and deleted. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALICE, aliceLab, mail, problemsOf } from '../../test/support/mail-store.ts';
import { baseSubject } from '../mail/thread.ts';
import type { FolderId, MailAccount, MsgId } from './api.ts';

const INBOX = 1 as FolderId;
const ARCHIVE = 6 as FolderId;

interface Arriving {
  readonly id: string;
  readonly parents: readonly string[];
  readonly subject: string;
}

/** All at once: what a message names, and what it is named by, under one subject. */
function batch(messages: readonly Arriving[]): string[] {
  const groups: { keys: Set<string>; members: string[] }[] = [];
  messages.forEach(({ id, parents, subject }, n) => {
    const keys = new Set([id, ...parents].map((one) => `${one} ${baseSubject(subject).text}`));
    const name = `${n}`;
    const touched = groups.filter((group) => [...keys].some((key) => group.keys.has(key)));
    const whole = { keys, members: [name] };
    for (const group of touched) {
      for (const key of group.keys) whole.keys.add(key);
      whole.members.push(...group.members);
      groups.splice(groups.indexOf(group), 1);
    }
    groups.push(whole);
  });
  return groups.map(({ members }) => members.sort().join(' ')).sort();
}

const ids = fc.constantFrom(...Array.from('abcdefghij', (letter) => `<${letter}@x>`));
const arriving = fc.record({
  id: ids,
  parents: fc.uniqueArray(ids, { maxLength: 4 }),
  subject: fc.constantFrom('Plan', 'Re: plan', 'Other'),
});

async function conversationsOf(account: MailAccount, names: ReadonlyMap<MsgId, string>): Promise<string[]> {
  const found = new Map<string, string[]>();
  for (const [id, name] of names) {
    const meta = account.meta(id);
    if (!meta) continue;
    const key = (await account.threadsOf(meta.thread)).join(' ');
    found.set(key, [...(found.get(key) ?? []), name]);
  }
  return [...found.values()].map((members) => members.sort().join(' ')).sort();
}

const add = (account: MailAccount, { id, parents, subject }: Arriving) =>
  account.addMessage(
    mail(subject, 'x', [`Message-ID: ${id}`, ...(parents.length > 0 ? [`References: ${parents.join(' ')}`] : [])]),
    {
      folder: INBOX,
    },
  );

test('conversations are those of the batch, whatever the order of arrival', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arriving, { maxLength: 14 }), fc.infiniteStream(fc.nat()), async (messages, order) => {
      const { alice } = await aliceLab();
      const names = new Map<MsgId, string>();
      const threads = new Map<MsgId, string>();
      const left = messages.map((message, n) => ({ message, name: `${n}` }));
      while (left.length > 0) {
        const [next] = left.splice(order.next().value! % left.length, 1);
        const placed = await add(alice, next!.message);
        names.set(placed.id, next!.name);
        threads.set(placed.id, placed.thread);
      }
      expect(await conversationsOf(alice, names)).toEqual(batch(messages));
      for (const [id, thread] of threads) expect(alice.meta(id)!.thread).toBe(thread);
      const listed = (await alice.conversations(INBOX, { limit: 100 })).map(({ total }) => `${total}`);
      expect(listed.sort()).toEqual(
        batch(messages)
          .map((members) => `${members.split(' ').length}`)
          .sort(),
      );
    }),
    { numRuns: 25 },
  );
});

test('moves and deletes leave the rest together, and what nobody needs is swept', async () => {
  const { alice, store } = await aliceLab();
  const child = await add(alice, { id: '<c@x>', parents: ['<b@x>'], subject: 'Re: plan' });
  const root = await add(alice, { id: '<a@x>', parents: [], subject: 'Plan' });
  expect(await alice.threadsOf(root.thread)).toEqual([root.thread]);
  const between = await add(alice, { id: '<b@x>', parents: ['<a@x>'], subject: 'Re: plan' });
  const both = [child.thread, root.thread].sort();
  expect(await alice.threadsOf(root.thread)).toEqual(both);
  await alice.move([root.id], ARCHIVE);
  await alice.deleteMessage([between.id]);
  await store.sweep();
  expect(await alice.threadsOf(child.thread)).toEqual(both);
  expect(await alice.conversations(INBOX, { limit: 5 })).toEqual([
    { id: both[0], total: 2, unread: 2, newest: child.id, here: [child.id], latest: [root.id, child.id] },
  ]);
  await add(alice, { id: '<d@x>', parents: ['<a@x>', '<b@x>', '<c@x>'], subject: 'Re: plan' });
  expect(await alice.threadsOf(child.thread)).toEqual(both);
  await alice.deleteMessage([...alice.getMessageIds({ threads: [root.thread] })]);
  await store.sweep();
  expect(await alice.threadsOf(child.thread)).toEqual([child.thread]);
  expect(await problemsOf(store, ALICE)).toEqual([]);
});
