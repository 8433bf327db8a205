/** Mail that its sender wants back: what can be withdrawn, what is too late, and what happens when both sides act at once. */
import { describe, expect, test } from 'vitest';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { later, ScriptedTransfer, taken } from '../../test/support/scripted-transfer.ts';
import {
  aliceSends,
  BOB,
  CAROL,
  INBOX,
  type Sending,
  SENT,
  sendingWorld,
  subjects,
} from '../../test/support/sending.ts';
import { settle } from '../../test/support/settle.ts';
import { Flag, type MailAccount, type MsgId } from '../mailstore/api.ts';
import type { NewSubmission, SubmissionId } from '../mailstore/submission.ts';
import { putRecallSetting, recalledMail } from './recalled.ts';

async function outcomes({ alice }: Pick<Sending, 'alice'>, id: SubmissionId): Promise<string[]> {
  const deliveries = await alice.outgoing.deliveries(id);
  return deliveries.flatMap(({ recipients }) => recipients.map((one) => `${one.state} ${one.recall ?? 'asked'}`));
}

async function recall(run: Sending, id: SubmissionId) {
  const state = await run.submit.recall(run.alice, id);
  await run.quiet();
  return state;
}

const only = async (account: MailAccount): Promise<MsgId> => {
  await account.refresh();
  return account.getMessageIds({ folder: INBOX })[0] as MsgId;
};

const folderOf = (account: MailAccount, role: 'archive' | 'trash') => account.folderWithRole(role)?.id ?? INBOX;

describe('a recalled mail', () => {
  test('is taken out of mailboxes where nobody has seen it, with a note of whose it was; others keep theirs', async () => {
    const { start } = await sendingWorld();
    await using run = await start();
    using bob = await run.mailstore.open(SYSTEM, BOB);
    using carol = await run.mailstore.open(SYSTEM, CAROL);
    const mail = {
      head: Buffer.from('From: alice@example.test\r\nMessage-ID: <same@a.test>\r\nSubject: secret\r\n\r\nx'),
    };
    const sent = await aliceSends(run, ['bob@example.test', 'carol@example.test'], { mail });
    await run.comes(
      'eve@other.test',
      'bob@example.test',
      'From: eve@other.test\r\nMessage-ID: <same@a.test>\r\nSubject: other\r\n\r\n',
    ); // prettier-ignore
    await run.quiet();
    await carol.updateMessage([await only(carol)], { mode: 'add', flags: Flag.seen, keywords: [] });
    expect(await recall(run, sent.id)).toBe('asked');
    expect(await subjects(bob, INBOX)).toEqual(['other']);
    expect(await subjects(carol, INBOX)).toEqual(['secret']);
    expect(await subjects(run.alice, SENT)).toEqual(['secret']);
    expect(await outcomes(run, sent.id)).toEqual(['recalled withdrawn', 'delivered too-late']);
    expect(await recalledMail(bob)).toMatchObject([{ from: 'alice@example.test' }]);
    expect(JSON.stringify(await recalledMail(bob))).not.toContain('secret');
    expect(await recalledMail(carol)).toEqual([]);
    // Once more changes nothing.
    const version = bob.version;
    expect(await recall(run, sent.id)).toBe('asked');
    await bob.refresh();
    expect(bob.version).toBe(version);
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test('is not sent while it is held', async () => {
    const { start, clock } = await sendingWorld();
    await using run = await start();
    const held = await aliceSends(run, ['bob@example.test'], { sendAt: clock.now() + 60_000 });
    expect(await recall(run, held.id)).toBe('cancelled');
    expect(await run.alice.outgoing.get(held.id)).toMatchObject({ state: 'cancelled', recalled: clock.now() });
    expect(await recall(run, held.id)).toBe('cancelled');
    const cancelled = await aliceSends(run, ['bob@example.test'], { sendAt: clock.now() + 60_000 });
    await run.alice.outgoing.cancel(cancelled.id);
    expect(await recall(run, cancelled.id)).toBeUndefined();
    expect(await run.alice.outgoing.recall('0'.repeat(24) as SubmissionId)).toBeUndefined();
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test('does not leave while it waits; another server that has it keeps it', async () => {
    const { start, clock } = await sendingWorld();
    const transfer = new ScriptedTransfer(() => clock.now());
    transfer.servers.set('down.test', () => later);
    transfer.servers.set('up.test', () => taken);
    await using run = await start(undefined, transfer);
    const sent = await aliceSends(run, ['x@up.test', 'y@down.test']);
    await run.quiet();
    expect(await recall(run, sent.id)).toBe('asked');
    expect(await outcomes(run, sent.id)).toEqual(['sent too-late', 'recalled withdrawn']);
    expect(await run.queue.list('outbound')).toEqual([]);
    await clock.advance(86_400_000);
    await run.quiet();
    expect(transfer.received).toHaveLength(1);
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test('waits for the end of an attempt that is under way: its answer decides', async () => {
    const { start, clock } = await sendingWorld();
    const transfer = new ScriptedTransfer(() => clock.now());
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      transfer.servers.set('slow.test', async () => {
        resolve();
        await new Promise<void>((done) => (answer = done));
        return taken;
      });
    });
    await using run = await start(undefined, transfer);
    const sent = await aliceSends(run, ['x@slow.test']);
    await asked;
    await run.submit.recall(run.alice, sent.id);
    await run.dispatcher.idle();
    expect(await outcomes(run, sent.id)).toEqual(['queued asked']);
    answer();
    await run.quiet();
    await clock.advance(60_000);
    await run.quiet();
    expect(await outcomes(run, sent.id)).toEqual(['sent too-late']);
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test('is never filed when it comes to the intake later', async () => {
    const { start } = await sendingWorld();
    await using run = await start();
    for (let i = 0; i < 5; i++) {
      const sent = await aliceSends(run, ['bob@example.test'], { key: `k${i}` });
      // The dispatcher and the intake are at it meanwhile.
      await settle(i * 3);
      await recall(run, sent.id);
      expect(await outcomes(run, sent.id)).toEqual(['recalled withdrawn']);
    }
    using bob = await run.mailstore.open(SYSTEM, BOB);
    expect(await subjects(bob, INBOX)).toEqual([]);
    const [staged] = await run.mailstore.stage([{ account: BOB }], Buffer.from('Subject: x\r\n\r\n'));
    const to = { folder: INBOX, deliveryId: '20000-abc' };
    expect(await bob.withdraw('20000-abc')).toBe(true);
    if (staged) expect(await bob.publish(staged, to)).toMatchObject({ withdrawn: true, duplicate: true });
    // A rule that is about to send it on.
    const on: NewSubmission = {
      sender: '',
      messageId: '',
      subject: '',
      created: 0,
      size: 0,
      needs: { smtputf8: false, eightBit: false, binary: false },
      requireTls: false,
      origin: { protocol: 'local', hello: '', remote: '', cipher: '' },
      deliveries: [{ destination: 'far.test', recipients: [{ address: 'x@far.test', state: 'queued' }] }],
      passesOn: '20000-abc',
    };
    if (staged) await expect(bob.outgoing.submit(staged, on)).rejects.toMatchObject({ code: 'message-missing' });
    const [other] = await run.mailstore.stage([{ account: BOB }], Buffer.from('Subject: x\r\n\r\n'));
    if (other)
      expect(await bob.publish(other, { ...to, deliveryId: '20000-abc.7' })).toMatchObject({ withdrawn: true });
    expect(await subjects(bob, INBOX)).toEqual([]);
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test('is found wherever its receiver has moved or copied it; all of it goes, or nothing', async () => {
    const { start } = await sendingWorld();
    await using run = await start();
    using bob = await run.mailstore.open(SYSTEM, BOB);
    const cases: [what: string, act: (id: MsgId) => Promise<unknown>, result: string][] = [
      ['moved', (id) => bob.move([id], folderOf(bob, 'archive')), 'recalled withdrawn'],
      ['thrown away unread', (id) => bob.move([id], folderOf(bob, 'trash')), 'recalled withdrawn'],
      ['copied', (id) => bob.copy([id], folderOf(bob, 'archive')), 'recalled withdrawn'],
      [
        'marked',
        (id) => bob.updateMessage([id], { mode: 'add', flags: Flag.flagged, keywords: [] }),
        'recalled withdrawn',
      ], // prettier-ignore
      ['removed', (id) => bob.deleteMessage([id]), 'delivered too-late'],
      [
        'forwarded',
        (id) => bob.updateMessage([id], { mode: 'add', flags: 0, keywords: ['$Forwarded'] }),
        'delivered too-late',
      ], // prettier-ignore
      [
        'copied, and the copy read',
        async (id) => {
          const [copy] = await bob.copy([id], folderOf(bob, 'archive'));
          if (copy) await bob.updateMessage([copy.placed.id], { mode: 'add', flags: Flag.seen, keywords: [] });
        },
        'delivered too-late',
      ],
    ];
    for (const [what, act, result] of cases) {
      const sent = await aliceSends(run, ['bob@example.test'], { subject: what });
      await run.quiet();
      await bob.refresh();
      await act(bob.getMessageIds({ folder: INBOX }).at(-1) as MsgId);
      await recall(run, sent.id);
      expect(await outcomes(run, sent.id), what).toEqual([result]);
      await bob.refresh();
      const all = await Array.fromAsync(bob.detailsOf(bob.getMessageIds({})));
      const left = all.filter((details) => details?.envelope.subject === what);
      expect(left.length > 0, what).toBe(result !== 'recalled withdrawn' && what !== 'removed');
    }
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test('that a rule has filed in several folders is withdrawn from all; one that it sent on stays', async () => {
    const { start } = await sendingWorld();
    await using run = await start();
    using bob = await run.mailstore.open(SYSTEM, BOB);
    await run.scripts.put(
      bob,
      'main',
      'require ["fileinto","copy","editheader"]; addheader "X-A" "b"; fileinto :copy "Archive"; keep;',
    ); // prettier-ignore
    await run.scripts.activate(bob, 'main');
    const twice = await aliceSends(run, ['bob@example.test']);
    await run.quiet();
    await bob.refresh();
    expect(bob.getMessageIds({})).toHaveLength(2);
    await recall(run, twice.id);
    await bob.refresh();
    expect(bob.getMessageIds({})).toHaveLength(0);
    await run.scripts.put(bob, 'main', 'require ["copy"]; redirect :copy "carol@example.test";');
    const on = await aliceSends(run, ['bob@example.test'], { subject: 'sent on' });
    await run.quiet();
    await recall(run, on.id);
    expect(await outcomes(run, on.id)).toEqual(['delivered too-late']);
    expect(await subjects(bob, INBOX)).toEqual(['sent on']);
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test('stays with who allows no recall, and leaves no note where none is wanted', async () => {
    const { start, clock } = await sendingWorld();
    await using run = await start();
    using bob = await run.mailstore.open(SYSTEM, BOB);
    await putRecallSetting(bob, { allow: false, note: true });
    const kept = await aliceSends(run, ['bob@example.test']);
    await run.quiet();
    await recall(run, kept.id);
    expect(await outcomes(run, kept.id)).toEqual(['delivered too-late']);
    await putRecallSetting(bob, { allow: true, note: false });
    const gone = await aliceSends(run, ['bob@example.test']);
    await run.quiet();
    await recall(run, gone.id);
    expect(await outcomes(run, gone.id)).toEqual(['recalled withdrawn']);
    expect(await recalledMail(bob)).toEqual([]);
    // What was delivered is not remembered for ever.
    const old = await aliceSends(run, ['bob@example.test']);
    await run.quiet();
    await clock.advance(14 * 86_400_000);
    await recall(run, old.id);
    expect(await outcomes(run, old.id)).toEqual(['delivered too-late']);
  });
});

test('reading and recalling at once: one of them comes first, and both sides see the same (B16)', async () => {
  const world = await sendingWorld({
    nasty: { seed: 5, conflict: 0.3, late: 0 },
  }); // prettier-ignore
  await using run = await world.start();
  await using other = await world.start();
  const seen = { withdrawn: 0, read: 0 };
  for (let i = 0; i < 12; i++) {
    const sent = await aliceSends(run, ['bob@example.test'], { key: `k${i}` });
    await run.quiet();
    using bob = await other.mailstore.open(SYSTEM, BOB);
    await bob.refresh();
    const id = bob.getMessageIds({ folder: INBOX, unread: true }).at(-1) as MsgId;
    await Promise.all([
      settle(i % 4).then(() => bob.updateMessage([id], { mode: 'add', flags: Flag.seen, keywords: [] })),
      settle((i * 7) % 5).then(() => run.submit.recall(run.alice, sent.id)),
    ]);
    await run.quiet();
    await bob.refresh();
    const isThere = bob.meta(id) !== undefined;
    expect(await outcomes(run, sent.id)).toEqual([isThere ? 'delivered too-late' : 'recalled withdrawn']);
    if (isThere) expect(bob.meta(id)?.flags).toBe(Flag.seen);
    seen[isThere ? 'read' : 'withdrawn']++;
  }
  expect(seen.read + seen.withdrawn).toBe(12);
  expect(await problemsOf(run.mailstore)).toEqual([]);
});

test.each([false, true])(
  'a process that is killed at any write of a recall (applied: %s) ends with the mail withdrawn on both sides',
  async (applied) => {
    let crashes = 0;
    for (let at = 1; ; at++) {
      const world = await sendingWorld();
      const before = await world.start();
      const sent = await aliceSends(before, ['bob@example.test', 'x@far.test']);
      await before.quiet();
      await before[Symbol.asyncDispose]();
      const crashing = crashingKv(world.kv, { at, applied });
      const first = await world.start(crashing.kv).catch(() => undefined);
      if (first) await first.submit.recall(first.alice, sent.id).catch(() => undefined);
      await settle();
      if (crashing.dead) crashes++;
      await using run = await world.start();
      await run.quiet();
      // Who was told nothing asks again.
      await recall(run, sent.id);
      using bob = await run.mailstore.open(SYSTEM, BOB);
      expect(await subjects(bob, INBOX), `write ${at}`).toEqual([]);
      expect(await outcomes(run, sent.id), `write ${at}`).toEqual(['recalled withdrawn', 'recalled withdrawn']);
      expect(await recalledMail(bob), `write ${at}`).toHaveLength(1);
      expect(await run.queue.list('outbound'), `write ${at}`).toEqual([]);
      expect(await run.alice.outgoing.outbox()).toEqual([]);
      expect(await problemsOf(run.mailstore), `write ${at}`).toEqual([]);
      await first?.dispatcher[Symbol.asyncDispose]();
      if (!crashing.dead) break;
    }
    expect(crashes).toBeGreaterThan(4);
  },
);
