import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ScriptedTransfer } from '../../../test/support/scripted-transfer.ts';
import {
  ALICE,
  aliceSends,
  BOB,
  BY_ALICE,
  INBOX,
  type Sending,
  sendingWorld,
  subjects,
} from '../../../test/support/sending.ts';
import { problemsOf, SYSTEM } from '../../../test/support/mail-store.ts';
import { composeDsn, type Dsn } from '../../mail/dsn.ts';
import type { SubmissionId } from '../../mailstore/submission.ts';
import { noteComplaint } from './notes.ts';

const DAY = 86_400_000;
let world: Awaited<ReturnType<typeof sendingWorld>>;
let run: Sending;
let transfer: ScriptedTransfer;
beforeEach(async () => {
  world = await sendingWorld();
  transfer = new ScriptedTransfer(() => world.clock.now());
  run = await world.start(world.kv, transfer);
});
afterEach(async () => {
  expect(await problemsOf(run.mailstore)).toEqual([]);
  await run[Symbol.asyncDispose]();
});

const suppressed = async () =>
  (await run.suppressions.list(run.alice)).map(({ address, reason }) => `${address} ${reason}`);
const shown = async (id: SubmissionId) =>
  (await run.alice.outgoing.deliveries(id)).flatMap(({ recipients }) =>
    recipients.map(
      ({ address, state, status, complaint }) => `${address} ${state} ${status}${complaint ? ' spam' : ''}`,
    ),
  );

/** To a list of hers, so that it has a return path of its own; answers that path. */
async function newsletter(
  to: readonly string[],
  subject = 'news',
): Promise<{ id: SubmissionId; path: string; messageId: string }> {
  const raw = Buffer.from(
    `From: alice@example.test\r\nSubject: ${subject}\r\nList-Unsubscribe: <mailto:no@example.test>\r\n\r\nx\r\n`,
  );
  const recipients = await Promise.all(to.map((address) => run.submit.recipient(BY_ALICE, address, raw.length, '')));
  const origin = { protocol: 'ESMTPSA', hello: '', remote: '192.0.2.7', cipher: '' };
  const { id, messageId } = await run.submit.send({
    by: BY_ALICE,
    sender: 'alice@example.test',
    recipients,
    mail: { head: raw },
    origin,
  });
  await run.quiet();
  return { id, path: transfer.senders.at(-1) ?? '', messageId };
}

function report(recipients: Dsn['recipients'], messageId: string, more: Partial<Dsn> = {}): Buffer {
  return composeDsn({
    action: 'failed',
    reportingMta: 'mx.far.test',
    domain: 'far.test',
    to: 'whoever@example.test',
    messageId: '<report@mx.far.test>',
    date: world.clock.now(),
    arrived: world.clock.now(),
    recipients,
    original: {
      content: Buffer.from(`From: alice@example.test\r\nMessage-ID: ${messageId}\r\n\r\n`),
      whole: false,
      messageId,
    },
    ...more,
  });
}
const GONE = { status: '5.1.1', reply: '550 5.1.1 gone', host: 'mx.deep.test' };

describe('a report to the return path of its own', () => {
  test('shows on the mail, tells its sender, and suppresses', async () => {
    const { id, path, messageId } = await newsletter(['x@far.test', 'y@far.test']);
    expect(path).toMatch(/^bounces\+[a-z2-7]{56}@example\.test$/);
    expect(await shown(id)).toEqual(['x@far.test sent 2.0.0', 'y@far.test sent 2.0.0']);
    await run.comes('', path.toUpperCase(), report([{ address: 'X@far.test', ...GONE }], messageId));
    expect(await shown(id)).toEqual(['x@far.test bounced 5.1.1', 'y@far.test sent 2.0.0']);
    expect(await suppressed()).toEqual(['x@far.test hard-bounce']);
    expect(run.told).toMatchObject([
      { feedback: 'hard-bounce', source: 'report', certain: true, sender: 'alice@example.test' },
    ]);
    expect(await subjects(run.alice, INBOX), 'in our words, the report itself is settled').toEqual([
      'Undelivered mail returned to sender',
    ]);
    await run.comes(
      '',
      path,
      report([{ address: 'x@far.test', ...GONE }], messageId, { messageId: '<again@mx.far.test>' }),
    );
    expect(run.told, 'once').toHaveLength(1);
  });

  test('that names nobody is about the only recipient; a delay is told once, a delivery shows', async () => {
    const { id, path, messageId } = await newsletter(['alias@far.test']);
    const late = { status: '4.2.0', address: 'else@deep.test' };
    for (const n of [1, 2])
      await run.comes('', path, report([late], messageId, { action: 'delayed', messageId: `<${n}@mx.far.test>` }));
    expect(await shown(id)).toEqual(['alias@far.test sent 4.2.0']);
    expect(await subjects(run.alice, INBOX)).toEqual(['Your mail is delayed']);
    await run.comes(
      '',
      path,
      report([{ address: 'else@deep.test', status: '2.1.5' }], messageId, { action: 'delivered' }),
    );
    expect(await shown(id)).toEqual(['alias@far.test delivered 2.1.5']);
    expect(run.told).toEqual([]);
  });

  test('what is no report is mail to its owner', async () => {
    const { path } = await newsletter(['x@far.test']);
    await run.comes('x@far.test', path, 'From: x@far.test\r\nSubject: I am away\r\n\r\nback on Monday\r\n');
    expect(await subjects(run.alice, INBOX)).toEqual(['I am away']);
  });

  test('in free text is understood, too', async () => {
    const { id, path } = await newsletter(['x@far.test']);
    const text =
      "Hi. This is the qmail-send program at far.test.\r\nI'm afraid I wasn't able to deliver your message.\r\n\r\n<x@far.test>:\r\nSorry, no mailbox here by that name. (#5.1.1)\r\n";
    await run.comes('', path, `From: MAILER-DAEMON@far.test\r\nSubject: failure notice\r\n\r\n${text}`);
    expect(await shown(id)).toEqual(['x@far.test bounced 5.1.1']);
  });

  test('an address that nobody here has made is nobody (B10)', async () => {
    const { path } = await newsletter(['x@far.test']);
    const forged = path.replace(/.@/, (c) => (c === 'a@' ? 'b@' : 'a@'));
    await expect(run.comes('', forged, 'x: y\r\n\r\n')).rejects.toMatchObject({ code: 'unknown-recipient' });
    await world.clock.advance(61 * DAY);
    await expect(run.comes('', path, 'x: y\r\n\r\n')).rejects.toMatchObject({ code: 'unknown-recipient' });
  });
});

describe('a report to the sender himself', () => {
  test('is known by the Message-ID of a mail to that recipient; it stays in his INBOX', async () => {
    const { id, messageId } = await aliceSends(run, ['x@far.test']);
    await run.quiet();
    await run.comes('', 'alice@example.test', report([{ address: 'x@far.test', ...GONE }], messageId));
    expect(await shown(id)).toEqual(['x@far.test bounced 5.1.1']);
    expect(await suppressed(), 'nobody else has that mail').toEqual(['x@far.test hard-bounce']);
    expect(await subjects(run.alice, INBOX)).toEqual(['Undelivered mail returned to sender']);
  });

  test('of a mail to several shows, but decides nothing: one of them could have made it up about another', async () => {
    const { id, messageId } = await aliceSends(run, ['x@far.test', 'victim@far.test']);
    await run.quiet();
    await run.comes('', 'alice@example.test', report([{ address: 'victim@far.test', ...GONE }], messageId));
    expect((await shown(id))[1]).toBe('victim@far.test bounced 5.1.1');
    expect(run.told).toMatchObject([{ certain: false }]);
    expect(await suppressed()).toEqual([]);
  });

  test('forged ones change nothing: an unknown mail, a recipient it never had, an account that never sent it', async () => {
    const { id, messageId } = await aliceSends(run, ['x@far.test']);
    await run.quiet();
    await run.comes('', 'alice@example.test', report([{ address: 'x@far.test', ...GONE }], '<made-up@example.test>'));
    await run.comes('', 'alice@example.test', report([{ address: 'victim@far.test', ...GONE }], messageId));
    await run.comes('', 'bob@example.test', report([{ address: 'x@far.test', ...GONE }], messageId));
    expect(await shown(id)).toEqual(['x@far.test sent 2.0.0']);
    expect(run.told).toEqual([]);
    expect(await suppressed()).toEqual([]);
  });
});

describe('a complaint', () => {
  const arf = (type: string, fields: string, original: string): string =>
    [
      'From: fbl@far.test',
      'Subject: FW: news',
      'MIME-Version: 1.0',
      'Content-Type: multipart/report; report-type=feedback-report; boundary=b',
      '',
      '--b',
      'Content-Type: message/feedback-report',
      '',
      `Feedback-Type: ${type}\r\nUser-Agent: FBL/1\r\nVersion: 1${fields}`,
      '',
      '--b',
      'Content-Type: text/rfc822-headers',
      '',
      original,
      '',
      '--b--',
      '',
    ].join('\r\n');

  test('by the return path in it, to whoever reads abuse@; its sender never writes there again', async () => {
    const { id, path, messageId } = await newsletter(['x@far.test']);
    const raw = arf('abuse', `\r\nOriginal-Mail-From: <${path}>`, `Subject: news\r\nMessage-ID: ${messageId}`);
    await run.comes('fbl@far.test', 'bob@example.test', raw);
    expect(await shown(id)).toEqual(['x@far.test sent 2.0.0 spam']);
    expect(await suppressed()).toEqual(['x@far.test complaint']);
    expect(run.told).toMatchObject([{ feedback: 'complaint', source: 'report', account: ALICE }]);
    using bob = await run.mailstore.open(SYSTEM, BOB);
    expect(await subjects(bob, INBOX), 'who reads abuse@ sees it').toEqual(['FW: news']);
  });

  test('by author and Message-ID; other types, and mail that nobody here sent, are none', async () => {
    const { id, messageId } = await aliceSends(run, ['x@far.test']);
    await run.quiet();
    const original = `From: Alice <alice@example.test>\r\nMessage-ID: ${messageId}`;
    await run.comes('fbl@far.test', 'bob@example.test', arf('not-spam', '', original));
    await run.comes(
      'fbl@far.test',
      'bob@example.test',
      arf('abuse', '', original.replace(/<[^<>]*>$/, '<else@far.test>')),
    );
    expect(run.told).toEqual([]);
    await run.comes('fbl@far.test', 'bob@example.test', arf('abuse', '', original));
    expect(await shown(id)).toEqual(['x@far.test sent 2.0.0 spam']);
    expect(run.told).toMatchObject([{ feedback: 'complaint', certain: true }]);
  });

  test('of one of our users about another', async () => {
    const { id } = await aliceSends(run, ['bob@example.test']);
    await run.quiet();
    const proof = { submission: id, part: undefined, certain: false };
    expect(await noteComplaint(run.alice, proof, BOB, 'user', world.clock.now())).toBe(1);
    expect(await noteComplaint(run.alice, proof, BOB, 'user', world.clock.now())).toBe(1);
    run.dispatcher.wake(ALICE);
    await run.quiet();
    expect(run.told).toHaveLength(1);
    expect(await suppressed()).toEqual(['bob@example.test complaint']);
  });
});
