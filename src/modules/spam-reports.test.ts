import { afterEach, beforeEach, expect, test } from 'vitest';
import { ALICE, aliceSends, BOB, INBOX, type Sending, sendingWorld } from '../../test/support/sending.ts';
import { settle } from '../../test/support/settle.ts';
import { SYSTEM } from '../../test/support/mail-store.ts';
import { UserComplaints } from '../delivery/feedback/by-user.ts';
import { Classifier } from '../intake/classify.ts';
import { Flag, type FolderId, type MailAccount, type MsgId } from '../mailstore/api.ts';
import { SeededRandom } from '../adapters/random-seeded.ts';
import { silentLog } from '../telemetry/log.ts';
import type { Rule } from '../mail/rules/rule.ts';
import { eventsOf, readable } from './module.ts';
import { spamReports } from './spam-reports.ts';

let world: Awaited<ReturnType<typeof sendingWorld>>;
let run: Sending;
let bob: MailAccount & Disposable;
let junk: FolderId;
let since: number;
beforeEach(async () => {
  world = await sendingWorld();
  run = await world.start();
  await aliceSends(run, ['bob@example.test'], { subject: 'buy' });
  await run.quiet();
  bob = await run.mailstore.open(SYSTEM, BOB);
  junk = bob.folderWithRole('junk')!.id;
  since = await bob.refresh();
});
afterEach(async () => {
  bob[Symbol.dispose]();
  await run[Symbol.asyncDispose]();
});

const mail = (): MsgId => bob.getMessageIds({ folder: INBOX })[0]!;

/** What the module makes of everything that happened since. */
async function heard(): Promise<string[]> {
  const { mailstore: store, dispatcher } = run;
  const complaints = new UserComplaints({ store, directory: world.directory, dispatcher, clock: world.clock });
  const module = spamReports((account, message) => complaints.about(account, message));
  await bob.refresh();
  for await (const change of bob.changesSince(since) ?? []) {
    const events = eventsOf(BOB, change, module.events);
    const context = { account: readable(bob), change: undefined, version: change.version, log: silentLog };
    if (events.length > 0) await module.handle(events, context, new AbortController().signal);
  }
  await run.quiet();
  return run.told.map(({ feedback, account }) => `${feedback} ${account}`);
}

test('what its owner moves to Junk is a complaint about whoever here sent it, once', async () => {
  await bob.move([mail()], junk);
  expect(await heard()).toEqual([`complaint ${ALICE}`]);
  expect(await heard(), 'the same again').toEqual([`complaint ${ALICE}`]);
});

test('a copy to Junk counts once the mail is expunged where it was, as mail programs without MOVE do it', async () => {
  const id = mail();
  await world.clock.advance(61_000);
  await bob.copy([id], junk);
  expect(await heard(), 'a copy alone says nothing').toEqual([]);
  await bob.updateMessage([id], { mode: 'add', flags: Flag.deleted, keywords: [] });
  await bob.deleteMessage([id]);
  expect(await heard()).toEqual([`complaint ${ALICE}`]);
});

test('what its delivery filed into Junk and elsewhere is none when the other one goes', async () => {
  await run.scripts.put(bob, 'both', `require ["fileinto", "copy"];\nfileinto :copy "${bob.folder(junk)!.path}";\n`);
  await run.scripts.activate(bob, 'both');
  await aliceSends(run, ['bob@example.test'], { subject: 'both' });
  await run.quiet();
  await bob.refresh();
  expect(bob.getMessageIds({ folder: junk })).toHaveLength(1);
  await bob.deleteMessage(bob.getMessageIds({ folder: INBOX }));
  expect(await heard()).toEqual([]);
});

test('what is moved elsewhere, or out of Junk, is none', async () => {
  const id = mail();
  await bob.move([id], bob.folderWithRole('trash')!.id);
  expect(await heard()).toEqual([]);
});

test('what rules moved there is none', async () => {
  const { mailstore: store } = run;
  const rule: Rule = {
    id: 'r',
    name: 'r',
    enabled: true,
    match: 'all',
    conditions: [{ field: 'subject', comparison: 'contains', value: 'buy' }],
    actions: [{ do: 'move', folder: { id: junk, path: bob.folder(junk)!.path } }],
    stop: false,
  };
  const rules = { list: () => Promise.resolve([rule]) };
  await using classifier = new Classifier({
    store,
    kv: world.kv,
    rules,
    clock: world.clock,
    random: new SeededRandom(1),
    log: silentLog,
  });
  await classifier.start(bob, { folder: null, rules: null, preview: false });
  await classifier.idle();
  await settle();
  await bob.refresh();
  expect(bob.getMessageIds({ folder: junk })).toHaveLength(1);
  expect(await heard()).toEqual([]);
});
