import { describe, expect, test } from 'vitest';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import {
  ALICE,
  aliceSends,
  BOB,
  BY_ALICE,
  CAROL,
  INBOX,
  SENT,
  sendingWorld,
  subjects,
} from '../../test/support/sending.ts';
import { settle } from '../../test/support/settle.ts';
import { FARTHEST_SEND_AT } from './submit.ts';

describe('what a user sends', () => {
  test('reaches our own people, the outbound queue by destination, and its copy is in Sent as read', async () => {
    const { start } = await sendingWorld();
    await using run = await start();
    const { alice, mailstore, queue } = run;
    const sent = await aliceSends(run, ['bob@example.test', 'x@one.test', 'y@Two.test', 'z@one.test']);
    expect(sent).toMatchObject({ state: 'released', duplicate: false });
    await run.quiet();
    using bob = await mailstore.open(SYSTEM, BOB);
    expect(await subjects(bob, INBOX)).toEqual(['hi']);
    expect(await subjects(alice, SENT)).toEqual(['hi']);
    expect(alice.meta(alice.getMessageIds({ folder: SENT })[0]!)?.flags).toBe(1);
    const raw = Buffer.from(await (await bob.body(bob.getMessageIds({ folder: INBOX })[0]!)).bytes()).toString();
    expect(raw).toMatch(
      /^Return-Path: <alice@example.test>\r\nReceived: from client.test \(\[192.0.2.7\]\)\r\n\tby mx/,
    );
    expect(raw).toContain(`\r\nDate: Sun, 01 Mar 2026 09:00:00 +0000\r\nMessage-ID: ${sent.messageId}\r\nFrom: alice@`);
    const entries = await queue.list('outbound');
    expect(entries.map(({ payload }) => (payload as { destination: string }).destination)).toEqual([
      'one.test',
      'two.test',
    ]);
    const deliveries = await alice.outgoing.deliveries(sent.id);
    expect(deliveries.map((d) => d.recipients.map((r) => `${r.address} ${r.state}`))).toEqual([
      ['bob@example.test delivered'],
      ['x@one.test queued', 'z@one.test queued'],
      ['y@two.test queued'],
    ]);
    // Until they have an answer, or wait in the queue for good.
    expect((await alice.outgoing.outbox()).map(({ effect }) => effect)).toEqual([
      { kind: 'deliver', part: 1, destination: 'one.test' },
      { kind: 'deliver', part: 2, destination: 'two.test' },
    ]);
    expect(await problemsOf(mailstore)).toEqual([]);
  });

  test('is one mail for each key, also at once; and for each Message-ID, content and envelope', async () => {
    const { start, clock } = await sendingWorld();
    await using run = await start();
    const both = await Promise.all([1, 2].map(() => aliceSends(run, ['bob@example.test'], { key: 'k1' })));
    expect(both[0]?.id).toBe(both[1]?.id);
    expect(new Set(both.map(({ duplicate }) => duplicate))).toEqual(new Set([false, true]));
    await clock.advance(20 * 3_600_000);
    expect(await aliceSends(run, ['bob@example.test'], { key: 'k1' })).toMatchObject({
      id: both[0]?.id,
      duplicate: true,
    });
    expect(await aliceSends(run, ['bob@example.test'], { key: 'k2' })).toMatchObject({ duplicate: false });
    await run.quiet();
    using bob = await run.mailstore.open(SYSTEM, BOB);
    expect(await subjects(bob, INBOX)).toEqual(['hi', 'hi']);
    const mail = { head: Buffer.from('From: alice@example.test\r\nMessage-ID: <1@a.test>\r\n\r\nx') };
    const again = [1, 2].map(() => aliceSends(run, ['bob@example.test'], { mail }));
    expect(new Set((await Promise.all(again)).map(({ id }) => id)).size).toBe(1);
    expect((await aliceSends(run, ['carol@example.test'], { mail })).duplicate).toBe(false);
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test('keeps its content as long as somebody waits for it, and no longer', async () => {
    const { start, clock, blobs } = await sendingWorld();
    await using run = await start();
    const { mailstore, alice } = run;
    const body = `${'0123456789'.repeat(20_000)}\r\n`;
    const local = await aliceSends(run, ['bob@example.test'], { body });
    const remote = await aliceSends(run, ['x@one.test'], { body });
    await run.quiet();
    // The user deletes the copy, and sweeps come by: what is to be sent stays.
    await alice.deleteMessage(alice.getMessageIds({ folder: SENT }));
    clock.setWall(clock.now() + 40 * 86_400_000);
    for (let i = 0; i < 3; i++) {
      await mailstore.sweep();
      clock.setWall(clock.now() + 3_600_000);
    }
    const left = (): Promise<string> =>
      alice.outgoing.content(local.id).then(
        () => 'there',
        ({ code }: { code: string }) => code,
      );
    await expect.poll(left).toBe('message-missing');
    const content = await alice.outgoing.content(remote.id);
    expect((await content.bytes()).length).toBe(content.size);
    expect(await alice.outgoing.get(local.id)).toBeUndefined();
    expect(blobs.contents.size).toBeGreaterThan(0);
    expect(await problemsOf(mailstore)).toEqual([]);
  });

  test('goes to whoever left since as a report of failure, in words and for machines (D-20)', async () => {
    const { start, directory } = await sendingWorld();
    await using run = await start();
    const recipients = await Promise.all(
      ['bob', 'carol'].map((name) => run.submit.recipient(BY_ALICE, `${name}@example.test`, 0, '')),
    );
    directory.gone.add('carol@example.test');
    const sent = await aliceSends(run, [], { recipients, dsn: { envid: 'e+2Bx' } });
    await run.quiet();
    const [delivery] = await run.alice.outgoing.deliveries(sent.id);
    expect(delivery?.recipients).toMatchObject([{ state: 'delivered' }, { state: 'bounced', status: '5.1.1' }]);
    expect(await subjects(run.alice, INBOX)).toEqual(['Undelivered mail returned to sender']);
    const raw = Buffer.from(
      await (await run.alice.body(run.alice.getMessageIds({ folder: INBOX })[0]!)).bytes(),
    ).toString();
    expect(raw).toMatch(/^Return-Path: <>\r\n/);
    expect(raw).toContain('Original-Envelope-Id: e+x\r\n');
    expect(raw).toContain('Final-Recipient: rfc822; carol@example.test\r\nAction: failed\r\nStatus: 5.1.1\r\n');
    expect(raw).toContain('text/rfc822-headers');
    expect(await problemsOf(run.mailstore)).toEqual([]);
  });

  test.each([
    ['a header in UTF-8', 'Subject: 안녕\r\n', 'x', { smtputf8: true, eightBit: true, binary: false }],
    ['a body beyond ASCII', '', '안녕', { smtputf8: false, eightBit: true, binary: false }],
    ['plain text', '', 'x', { smtputf8: false, eightBit: false, binary: false }],
    ['a NUL', '', '\0', { smtputf8: false, eightBit: false, binary: true }],
    ['a bare LF', '', 'a\nb', { smtputf8: false, eightBit: false, binary: true }],
  ])('says what %s needs on its way', async (_what, fields, body, needs) => {
    const { start } = await sendingWorld();
    await using run = await start();
    const mail = { head: Buffer.from(`From: alice@example.test\r\n${fields}\r\n${body}`) };
    const { id } = await aliceSends(run, ['x@one.test'], { mail, binary: true });
    expect((await run.alice.outgoing.get(id))?.needs).toEqual(needs);
  });

  test('is refused, and leaves nothing: another author, a loop, a header too long, too far ahead, no room for the copy', async () => {
    const { start, clock } = await sendingWorld();
    await using run = await start();
    const refused = (head: string, more = {}) =>
      aliceSends(run, ['bob@example.test'], { mail: { head: Buffer.from(head) }, ...more });
    await expect(refused('From: bob@example.test\r\n\r\nx')).rejects.toMatchObject({ code: 'not-allowed' });
    await expect(refused('Received: x\r\n'.repeat(50))).rejects.toMatchObject({ code: 'mail-loop' });
    await expect(refused(`X: ${'y'.repeat(1 << 20)}\r\n\r\nx`)).rejects.toMatchObject({ code: 'too-large' });
    const sendAt = clock.now() + FARTHEST_SEND_AT + 1;
    await expect(refused('Subject: x\r\n\r\nx', { sendAt })).rejects.toMatchObject({ code: 'limit' });
    await run.mailstore.setQuota(ALICE, 10);
    await expect(refused('Subject: x\r\n\r\nx')).rejects.toMatchObject({ code: 'over-quota' });
    await expect(run.submit.checkSender(BY_ALICE, 'bob@example.test')).rejects.toMatchObject({ code: 'not-allowed' });
    expect(await run.alice.outgoing.list()).toEqual([]);
    expect((await run.queue.counts()).intake.waiting).toBe(0);
  });

  test('is limited in mails and in recipients an hour for each account (A-26)', async () => {
    const { start, clock } = await sendingWorld();
    await using run = await start();
    for (let i = 0; i < 500; i++) await run.submit.recipient(BY_ALICE, 'bob@example.test', 0, '192.0.2.7');
    const recipients = [{ address: 'bob@example.test', account: BOB, destination: '' }];
    for (let i = 0; i < 100; i++) await aliceSends(run, [], { recipients });
    await expect(aliceSends(run, [], { recipients })).rejects.toMatchObject({ code: 'limit', kind: 'temporary' });
    await clock.advance(3_600_000);
    await aliceSends(run, [], { recipients });
    for (let i = 0; i < 1000; i++) await run.submit.recipient(BY_ALICE, 'bob@example.test', 0, '192.0.2.7');
    await expect(run.submit.recipient(BY_ALICE, 'bob@example.test', 0, '192.0.2.7')).rejects.toMatchObject({
      code: 'limit',
    });
  });

  test('thousands of recipients share transactions of a hundred', async () => {
    const { start } = await sendingWorld();
    await using run = await start();
    const to = Array.from({ length: 250 }, (_, i) => `u${i}@one.test`);
    const { id } = await aliceSends(run, to);
    expect((await run.alice.outgoing.deliveries(id)).map((d) => d.recipients.length)).toEqual([100, 100, 50]);
  });
});

describe('a crash at any write', () => {
  const to = ['bob@example.test', 'carol@example.test', 'x@one.test', 'y@two.test'];

  test.each([{ applied: false }, { applied: true }])(
    '$applied: all or nothing, each once, nothing acknowledged is lost',
    async ({ applied }) => {
      let crashes = 0;
      for (let at = 1; ; at++) {
        const world = await sendingWorld();
        const crashing = crashingKv(world.kv, { at, applied });
        const first = await world.start(crashing.kv).catch(() => undefined);
        const acknowledged = first && (await aliceSends(first, to, { key: 'k' }).catch(() => undefined));
        await settle();
        if (crashing.dead) crashes++;
        // The first run is not ended: a killed process ends nothing. Its store takes no more writes.
        await using run = await world.start();
        await run.dispatcher.idle();
        await settle();
        const list = await run.alice.outgoing.list();
        if (acknowledged)
          expect(
            list.map(({ id }) => id),
            `write ${at}`,
          ).toEqual([acknowledged.id]);
        // A client that was told nothing sends again.
        else await aliceSends(run, to, { key: 'k' });
        await settle();
        expect(await run.alice.outgoing.list()).toHaveLength(1);
        for (const account of [BOB, CAROL]) {
          using opened = await run.mailstore.open(SYSTEM, account);
          expect(await subjects(opened, INBOX), `write ${at}`).toEqual(['hi']);
        }
        expect(await subjects(run.alice, SENT), `write ${at}`).toEqual(['hi']);
        expect(
          (await run.queue.list('outbound')).map(({ tags }) => tags[1]),
          `write ${at}`,
        ).toEqual(['one.test', 'two.test']);
        expect(await run.alice.outgoing.outbox()).toHaveLength(2);
        expect(await problemsOf(run.mailstore), `write ${at}`).toEqual([]);
        await first?.dispatcher[Symbol.asyncDispose]();
        if (!crashing.dead) break;
      }
      expect(crashes).toBeGreaterThan(10);
    },
  );
});

test('what fails the checks is told to who sent it, and an operator finds it in the error queue', async () => {
  const world = await sendingWorld();
  await using run = await world.start();
  const raw = Buffer.from('From: bob@example.test\r\nSubject: not mine\r\n\r\nx\r\n');
  const attempt = () => aliceSends(run, ['x@far.test'], { mail: { head: raw } });
  await expect(attempt()).rejects.toMatchObject({ code: 'not-allowed' });
  const [entry] = await run.queue.list('error', { tag: ALICE });
  expect(entry).toMatchObject({
    reason: 'alice@example.test may not send as bob@example.test',
    payload: { refused: 'not-allowed', sender: 'alice@example.test', recipients: ['x@far.test'], remote: '192.0.2.7' },
  });
  for (let i = 0; i < 60; i++) await expect(attempt()).rejects.toMatchObject({ code: 'not-allowed' });
  expect((await run.queue.counts()).error.waiting, 'no program buries the others').toBe(50);
});
