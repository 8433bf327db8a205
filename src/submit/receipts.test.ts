/** Receipts from asking to knowing: the sender, the reader, and those who would forge one. */
import { describe, expect, test } from 'vitest';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { ALICE, aliceSends, BOB, INBOX, type Sending, sendingWorld } from '../../test/support/sending.ts';
import { settle } from '../../test/support/settle.ts';
import { putLanguage } from '../intake/language.ts';
import { putPerson } from '../intake/people.ts';
import { Flag, type MailAccount, type MsgId } from '../mailstore/api.ts';
import { RECEIPT_SENT, type SubmissionId } from '../mailstore/submission.ts';
import { putReceiptAnswer } from './receipts.ts';

const wants = (more = '', body = 'text\r\n') => ({
  head: Buffer.from(
    `From: alice@example.test\r\nTo: bob@example.test\r\nDisposition-Notification-To: alice@example.test\r\nSubject: 견적서\r\nMessage-ID: <m${more.length}@example.test>\r\n${more}\r\n${body}`,
  ),
});

async function inboxOf(account: MailAccount): Promise<readonly MsgId[]> {
  await account.refresh();
  return account.getMessageIds({ folder: INBOX });
}

async function receiptsOf(alice: MailAccount, id: SubmissionId) {
  const deliveries = await alice.outgoing.deliveries(id);
  return deliveries.flatMap(({ recipients }) => recipients.map(({ receipt }) => receipt));
}

const forged = (fields: string, from = 'bob@one.test') =>
  `From: ${from}\r\nTo: alice@example.test\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=b\r\n\r\n--b\r\n\r\nread\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n${fields}\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n--b--\r\n`;

async function world() {
  const { start, clock } = await sendingWorld();
  const run = await start();
  const bob = await run.mailstore.open(SYSTEM, BOB);
  return { run, bob, clock };
}

/** Alice's mail in bob's INBOX. */
async function asked({ run, bob }: { run: Sending; bob: MailAccount }, more = '') {
  const sent = await aliceSends(run, ['bob@example.test'], { mail: wants(more) });
  await run.quiet();
  const id = (await inboxOf(bob)).at(-1) as MsgId;
  return { sent, id };
}

describe('a mail that asks for a receipt', () => {
  test('says so to its reader, whose answer goes once and is shown on the mail that was sent (B17)', async () => {
    const here = await world();
    await using run = here.run;
    const { bob } = here;
    const { sent, id } = await asked(here);
    expect((await run.alice.outgoing.get(sent.id))?.receipt).toBe(true);
    expect(await run.receipts.open(bob, await bob.getMessage(id))).toEqual({
      to: ['alice@example.test'],
      mustAsk: false,
    });
    expect(await receiptsOf(run.alice, sent.id)).toEqual([undefined]);
    // A copy, and two who press the button at once.
    const archive = bob.folderWithRole('archive')?.id ?? INBOX;
    const [copy] = await bob.copy([id], archive);
    const answers = await Promise.allSettled(
      [id, copy?.placed.id ?? id, id].map((one) => run.receipts.send(bob, one, 'displayed')),
    ); // prettier-ignore
    expect(answers.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
    await run.quiet();
    expect(await inboxOf(run.alice)).toHaveLength(1);
    await bob.refresh();
    for (const one of [id, copy?.placed.id ?? id]) expect(bob.meta(one)?.keywords).toEqual([RECEIPT_SENT]);
    await expect(run.receipts.send(bob, id, 'displayed')).rejects.toMatchObject({ code: 'conflict' });
    expect(await run.receipts.open(bob, await bob.getMessage(id))).toBeUndefined();
    expect(await receiptsOf(run.alice, sent.id)).toMatchObject([
      { disposition: 'displayed', proven: true, automatic: false },
    ]);
    // The receipt itself asks for nothing, and has no return path.
    const [came] = await inboxOf(run.alice);
    const receipt = await run.alice.getMessage(came as MsgId);
    expect(Buffer.from(await receipt.body.bytes(0, 200)).toString()).toMatch(/^Return-Path: <>\r\n/);
    expect(await run.receipts.open(run.alice, receipt)).toBeUndefined();
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test.each([false, true])(
    'is answered once, whenever the process dies over the answer (applied: %s, B17)',
    async (applied) => {
      let crashes = 0;
      for (let at = 1; ; at++) {
        const world = await sendingWorld();
        const before = await world.start();
        using bob = await before.mailstore.open(SYSTEM, BOB);
        const { id } = await asked({ run: before, bob });
        await before[Symbol.asyncDispose]();
        const crashing = crashingKv(world.kv, { at, applied });
        const killed = await world.start(crashing.kv).catch(() => undefined);
        const there = await killed?.mailstore.open(SYSTEM, BOB).catch(() => undefined);
        if (killed && there) await killed.receipts.send(there, id, 'displayed').catch(() => undefined);
        await settle();
        if (crashing.dead) crashes++;
        await using run = await world.start();
        await run.quiet();
        using again = await run.mailstore.open(SYSTEM, BOB);
        // Who was told nothing presses the button again.
        await run.receipts.send(again, id, 'displayed').catch(() => undefined);
        await run.quiet();
        expect(await inboxOf(run.alice), `write ${at}`).toHaveLength(1);
        await killed?.dispatcher[Symbol.asyncDispose]();
        if (!crashing.dead) break;
      }
      expect(crashes).toBeGreaterThan(2);
    },
  );

  test('is declined once and for all, and nobody hears of it', async () => {
    const here = await world();
    await using run = here.run;
    const { bob } = here;
    const { sent, id } = await asked(here);
    await run.receipts.decline(bob, id);
    await expect(run.receipts.send(bob, id, 'displayed')).rejects.toMatchObject({ code: 'conflict' });
    await run.quiet();
    expect(await inboxOf(run.alice)).toEqual([]);
    expect(await receiptsOf(run.alice, sent.id)).toEqual([undefined]);
  });

  test('is answered by itself as its reader has set it: never without that, and to known people only (B17)', async () => {
    const here = await world();
    await using run = here.run;
    const { bob } = here;
    const opened = async (more: string): Promise<boolean> => run.receipts.opened(bob, (await asked(here, more)).id);
    expect(await opened('A: 1\r\n')).toBe(false);
    await putReceiptAnswer(bob, 'never');
    expect(await opened('A: 12\r\n')).toBe(false);
    const [last] = (await inboxOf(bob)).slice(-1);
    expect(await run.receipts.open(bob, await bob.getMessage(last as MsgId))).toBeUndefined();
    await putReceiptAnswer(bob, 'known');
    expect(await opened('A: 123\r\n')).toBe(false);
    await putPerson(bob, { address: 'alice@example.test' });
    await putLanguage(bob, 'ko');
    expect(await opened('A: 1234\r\n')).toBe(true);
    await putReceiptAnswer(bob, 'always');
    expect(await opened('A: 12345\r\n')).toBe(true);
    await run.quiet();
    const came = await inboxOf(run.alice);
    expect(came).toHaveLength(2);
    const text = Buffer.from(await (await run.alice.body(came[0] as MsgId)).bytes()).toString();
    expect(text).toContain('MDN-sent-automatically; displayed');
    expect([text.includes('열었습니다'), text.includes('opened')]).toEqual([true, false]);
  });

  test.each([
    ['of a list', 'List-Id: <x.example.test>\r\n'],
    ['that is bulk mail', 'Precedence: bulk\r\n'],
    ['that is a report', 'Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n'],
    ['that must be understood', 'Disposition-Notification-Options: a=required,b\r\n'],
  ])('%s is answered by nobody', async (_what, more) => {
    const here = await world();
    await using run = here.run;
    const { id } = await asked(here, more);
    await putReceiptAnswer(here.bob, 'always');
    expect(await run.receipts.opened(here.bob, id)).toBe(false);
    await expect(run.receipts.send(here.bob, id, 'displayed')).rejects.toMatchObject({ code: 'conflict' });
  });

  test('from elsewhere than where the receipt goes is a matter for its reader; without return path, in Junk and among drafts nobody is asked', async () => {
    const here = await world();
    await using run = here.run;
    const { bob } = here;
    await putReceiptAnswer(bob, 'always');
    const raw = wants().head.toString().replace('From: alice@example.test', 'From: eve@other.test');
    await run.comes('eve@other.test', 'bob@example.test', raw);
    const [id] = (await inboxOf(bob)) as [MsgId];
    expect(await run.receipts.opened(bob, id)).toBe(false);
    expect(await run.receipts.open(bob, await bob.getMessage(id))).toMatchObject({ mustAsk: true });
    const junk = bob.folderWithRole('junk')?.id ?? INBOX;
    await bob.move([id], junk);
    expect(await run.receipts.open(bob, await bob.getMessage(id))).toBeUndefined();
    await run.comes('', 'bob@example.test', raw);
    const [other] = (await inboxOf(bob)) as [MsgId];
    expect(await run.receipts.open(bob, await bob.getMessage(other))).toBeUndefined();
    const draft = await bob.addMessage(Buffer.from(raw), { folder: INBOX, flags: Flag.draft });
    expect(await run.receipts.open(bob, await bob.getMessage(draft.id))).toBeUndefined();
    // What one wrote oneself.
    const own = await run.alice.addMessage(wants().head, { folder: INBOX });
    expect(await run.receipts.open(run.alice, await run.alice.getMessage(own.id))).toBeUndefined();
  });
});

describe('a receipt that comes', () => {
  test('is noted for a mail that asked and went there; unproven from a stranger, and never for anybody else', async () => {
    const here = await world();
    await using run = here.run;
    const mail = { head: Buffer.from(wants().head.toString().replace('bob@example.test', 'bob@one.test')) };
    const sent = await aliceSends(run, ['bob@one.test', 'carol@example.test'], { mail });
    const silent = await aliceSends(run, ['bob@one.test']);
    await run.quiet();
    const about = (id: string, who: string) => `Original-Message-ID: ${id}\r\nFinal-Recipient: rfc822; ${who}`;
    const noted = async () => (await receiptsOf(run.alice, sent.id)).filter((one) => one !== undefined);
    await run.comes('', 'alice@example.test', forged(about('<other@x.test>', 'bob@one.test')));
    await run.comes('', 'alice@example.test', forged(about(sent.messageId, 'mallory@one.test'), 'mallory@one.test'));
    await run.comes('', 'alice@example.test', forged(about(silent.messageId, 'bob@one.test')));
    expect(await noted()).toEqual([]);
    expect(await receiptsOf(run.alice, silent.id)).toEqual([undefined]);
    // Nobody has checked who sent it.
    await run.comes('', 'alice@example.test', forged(about(sent.messageId, 'Bob@One.test')));
    expect(await noted()).toMatchObject([{ disposition: 'displayed', proven: false }]);
    // They are mail to her all the same.
    expect(await inboxOf(run.alice)).toHaveLength(4);
    expect(run.alice.id).toBe(ALICE);
  });
});
