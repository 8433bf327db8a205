/** Originals of conventional senders, kept by a gateway for people who want notifications. */
import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { crashingKv } from '../../test/support/crashing-kv.ts';
import { problemsOf, SYSTEM } from '../../test/support/mail-store.ts';
import { refused, ScriptedTransfer, taken } from '../../test/support/scripted-transfer.ts';
import { BOB, INBOX, type Sending, type SendingOptions, sendingWorld, subjects } from '../../test/support/sending.ts';
import { ScramClient } from '../../test/support/scram-client.ts';
import { settle } from '../../test/support/settle.ts';
import { readNotification } from '../mail/downmail/fields.ts';
import { HeaderBlock } from '../mail/header.ts';
import { MailError } from '../mail/error.ts';
import { saslSignIn } from '../net/sasl.ts';
import { replyTo } from '../protocols/smtp/reply.ts';
import { type DownmailPolicy, putDownmailSetting } from './policy.ts';

const DAY = 86_400_000;
const LONG = `${'a line of an original\r\n'.repeat(100)}its end\r\n`;
const FROM = { protocol: 'web', remote: '192.0.2.50' } as const;
const DAVE = 'dave@remote.test';
const HERE: DownmailPolicy['gateway'] = { to: 'here', domains: new Set(), mailboxes: 'automatic', room: 0 };

const mailOf = (subject: string, body = LONG) =>
  `From: Dave <${DAVE}>\r\nTo: bob@example.test\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@remote.test>\r\n\r\n${body}`;

async function gatewayWorld(options: SendingOptions = {}) {
  const world = await sendingWorld({ ...options, downmail: { mode: 'downmail', gateway: HERE, ...options.downmail } });
  const transfer = new ScriptedTransfer(() => world.clock.now());
  return { ...world, transfer, begin: () => world.start(undefined, transfer) };
}

/** Bob takes notifications only. */
async function choose(run: Sending, setting: Partial<Parameters<typeof putDownmailSetting>[1]> = {}): Promise<void> {
  using bob = await run.mailstore.open(SYSTEM, BOB);
  await putDownmailSetting(bob, { send: 'system', receive: 'notifications', ...setting });
}

async function bobsMails(run: Sending): Promise<string[]> {
  using bob = await run.mailstore.open(SYSTEM, BOB);
  return await subjects(bob, INBOX);
}

async function notified(run: Sending) {
  using bob = await run.mailstore.open(SYSTEM, BOB);
  await bob.refresh();
  const all = [];
  for (const id of bob.getMessageIds({ folder: INBOX })) {
    const { details, body } = await bob.getMessage(id);
    const raw = Buffer.from(await body.bytes());
    const access = readNotification(HeaderBlock.parse(raw.subarray(0, details.structure.bodyStart)));
    if (access) all.push({ raw: raw.toString(), ...access });
  }
  return all;
}

async function fetched(
  run: Sending,
  { userId, password, digest }: { userId: string; password: string; digest: string },
) {
  const opened = await run.pickUp.open(userId, password, FROM);
  if (opened.kind === 'gone') return opened.state;
  if (opened.kind === 'confidential') return opened.why;
  using mail = opened.mail;
  const raw = await (await mail.content()).body.bytes();
  expect(hash('sha256', raw, 'hex')).toBe(digest);
  await mail.markFetched('web');
  return Buffer.from(raw).toString();
}

async function openedByScram(run: Sending, userId: string, password: string): Promise<string> {
  const client = new ScramClient(userId, password);
  try {
    const { who, last } = await saslSignIn('SCRAM-SHA-256', client.first, (c) => Buffer.from(client.final(c)), {
      channel: { channelBinding: () => undefined },
      mechanisms: ['SCRAM-SHA-256'],
      password: () => Promise.reject(new Error('no password came')),
      scram: async (name) => run.pickUp.scram(name, FROM),
    });
    expect(last).toBe(client.expected);
    const opened = await who();
    if (opened.kind === 'mail') opened.mail[Symbol.dispose]();
    return opened.kind;
  } catch (error) {
    return error instanceof MailError ? error.code : String(error);
  }
}

test('an original is kept in its recipient’s name, and he gets the notification; signal mail comes as ever', async () => {
  const world = await gatewayWorld();
  await using run = await world.begin();
  await choose(run);
  await run.comes(DAVE, 'bob@example.test', mailOf('short', 'hello\r\n'));
  await run.comes(DAVE, 'bob@example.test', mailOf('long'));
  expect(await bobsMails(run)).toEqual(['short', 'No: long']);
  const [one] = await notified(run);
  if (one === undefined) throw new Error('no notification');
  expect(one.userId).toBe('/bobexampletest/daveremotetest/1/');
  for (const [userId, password, becomes] of [
    [one.userId, one.password, 'mail'],
    [one.userId, 'wrong', 'auth-failed'],
    ['/bobexampletest/daveremotetest/9/', one.password, 'auth-failed'],
  ] as const)
    expect(await openedByScram(run, userId, password)).toBe(becomes);
  expect(one.raw).toContain('kept for you by a gateway');
  expect(one.raw).toContain('From: Dave <dave@remote.test>');
  expect(one.raw).not.toContain('its end');
  expect(await fetched(run, one)).toContain('its end');
  await run.quiet();
  // A conventional sender hears nothing of it.
  expect(world.transfer.mails).toEqual([]);
  expect(await run.gatewayMailboxes.facts('bob@example.test')).toMatchObject({ mails: 1, copies: 1 });
  const opened = await run.pickUp.open(one.userId, one.password, FROM);
  if (opened.kind === 'mail') expect(await opened.mail.delete()).toBe('deleted');
  await run.quiet();
  expect(await fetched(run, one)).toBe('fetched');
  expect(await run.gatewayMailboxes.facts('bob@example.test')).toMatchObject({ mails: 0, used: 0 });
  // Nobody writes to the gateway's own accounts.
  const [account = ''] = world.directory.made.keys();
  expect(account).toMatch(/^bobexampletest-[0-9a-f]{16}@gateway\.mx\.example\.test$/);
  await expect(run.arrives(DAVE, account, mailOf('x'))).rejects.toMatchObject({
    code: 'unknown-recipient',
  });
  expect(await problemsOf(run.mailstore)).toEqual([]);
});

test('who wants no gateway, and everybody in maturity, has originals refused', async () => {
  const world = await gatewayWorld();
  await using run = await world.begin();
  await choose(run, { gateway: false });
  await expect(run.arrives(DAVE, 'bob@example.test', mailOf('long'))).rejects.toMatchObject({
    code: 'originals-refused',
  });
  const late = await gatewayWorld({ downmail: { phase: 'maturity' } });
  await using mature = await late.begin();
  await choose(mature);
  await expect(mature.arrives(DAVE, 'bob@example.test', mailOf('long'))).rejects.toMatchObject({
    code: 'originals-refused',
  });
});

test('each recipient has room of his own, and without it the sender is told before the mail is taken', async () => {
  const world = await gatewayWorld({ downmail: { gateway: { ...HERE, room: 4_000 } } });
  await using run = await world.begin();
  await choose(run);
  await run.comes(DAVE, 'bob@example.test', mailOf('first'));
  const failure = await run.arrives(DAVE, 'bob@example.test', mailOf('second')).catch((error: unknown) => error);
  expect(replyTo(failure)).toMatchObject({ code: 552, status: '5.2.2' });
  expect(await bobsMails(run)).toEqual(['No: first']);
  // Two at once find room that is there for one: the other one is not lost.
  const [one] = await notified(run);
  const opened = one && (await run.pickUp.open(one.userId, one.password, FROM));
  if (opened?.kind === 'mail') await opened.mail.delete();
  await Promise.all(['third', 'fourth'].map((subject) => run.arrives(DAVE, 'bob@example.test', mailOf(subject))));
  await run.quiet();
  using bob = await run.mailstore.open(SYSTEM, BOB);
  const junk = bob.folderWithRole('junk');
  const all = [...(await bobsMails(run)), ...(junk ? await subjects(bob, junk.id) : [])];
  expect(all.filter((one) => one.startsWith('No: ') && one !== 'No: first')).toHaveLength(1);
  expect(all.filter((one) => one === 'third' || one === 'fourth')).toHaveLength(1);
});

test('where mailboxes are opened by the operator, others are refused', async () => {
  const world = await gatewayWorld({ downmail: { gateway: { ...HERE, mailboxes: 'opened' } } });
  await using run = await world.begin();
  await choose(run);
  await expect(run.arrives(DAVE, 'bob@example.test', mailOf('long'))).rejects.toMatchObject({
    code: 'originals-refused',
  });
  await run.gatewayMailboxes.open('Bob@Example.test', 1_000_000);
  await run.comes(DAVE, 'bob@example.test', mailOf('long'));
  expect(await bobsMails(run)).toEqual(['No: long']);
});

test('what is not fetched is told to its recipient, and then to its sender', async () => {
  const world = await gatewayWorld({ downmail: { days: 10, warnDays: 3, reportDays: 6 } });
  await using run = await world.begin();
  await choose(run);
  await run.comes(DAVE, 'bob@example.test', mailOf('long'));
  await world.clock.advance(7.1 * DAY);
  await run.quiet();
  expect(await bobsMails(run)).toEqual([
    'No: long',
    'Mail that a gateway keeps for you (메일연동장치)',
    'Not fetched yet: long',
  ]);
  await world.clock.advance(4 * DAY);
  await run.quiet();
  expect(world.transfer.received).toEqual([expect.stringContaining(DAVE)]);
  expect(world.transfer.mails[0]).toContain('5.4.7');
  expect(await run.gatewayMailboxes.facts('bob@example.test')).toMatchObject({ mails: 0, used: 0 });
  expect(await problemsOf(run.mailstore)).toEqual([]);
});

test('a gateway of its own takes what is handed over for its domains alone, and keeps no notifications', async () => {
  const gateway = { to: '', domains: new Set(['newr.test']), mailboxes: 'opened', room: 0 } as const;
  const world = await gatewayWorld({ downmail: { mode: 'gateway', gateway } });
  await using run = await world.begin();
  const hands = (to: string, raw = mailOf('long')) => run.comes('SRS0=x=y=remote.test=dave@newr.test', to, raw);
  await expect(hands('x@other.test')).rejects.toMatchObject({ code: 'remote-recipient' });
  await expect(hands('tj@newr.test')).rejects.toMatchObject({ code: 'originals-refused' });
  await run.gatewayMailboxes.open('tj@newr.test', undefined);
  await hands('tj@newr.test');
  expect(world.transfer.received).toEqual(['tj@newr.test No: long']);
  expect(world.transfer.senders).toEqual(['']);
  const raw = world.transfer.mails[0] ?? '';
  expect(readNotification(HeaderBlock.parse(Buffer.from(raw)))).toMatchObject({
    userId: '/tjnewrtest/daveremotetest/1/',
  });
  await expect(hands('tj@newr.test', raw)).rejects.toMatchObject({ code: 'originals-refused' });
});

test('a notification that is refused ends what is kept, and its sender gets a report', async () => {
  const gateway = { to: '', domains: new Set(['newr.test']), mailboxes: 'opened', room: 0 } as const;
  const world = await gatewayWorld({ downmail: { mode: 'gateway', gateway } });
  await using run = await world.begin();
  await run.gatewayMailboxes.open('tj@newr.test', undefined);
  world.transfer.servers.set('newr.test', ({ raw }) => (raw.includes('Subject: No: long') ? refused : taken));
  await run.comes('dave+srs@newr.test', 'tj@newr.test', mailOf('long'));
  expect(await run.gatewayMailboxes.facts('tj@newr.test')).toMatchObject({ mails: 0, used: 0 });
  expect(world.transfer.received).toEqual([expect.stringContaining('dave+srs@newr.test')]);
  expect(world.transfer.mails.at(-1)).toContain('Status: 5.1.0');
  expect(await problemsOf(run.mailstore)).toEqual([]);
});

test('an original is handed over to another service, and what that says comes back to its sender', async () => {
  const world = await gatewayWorld({ downmail: { gateway: { ...HERE, to: 'gateway.test' } } });
  await using run = await world.begin();
  await choose(run);
  await run.comes(DAVE, 'bob@example.test', mailOf('long'));
  expect(world.transfer.received).toEqual(['bob@example.test long']);
  expect(world.transfer.senders[0]).toMatch(/^SRS0=.*=remote\.test=dave@example\.test$/i);
  expect(world.transfer.mails[0]).toContain('its end');
  world.transfer.servers.set('gateway.test', () => refused);
  await run.comes(DAVE, 'bob@example.test', mailOf('again'));
  expect(world.transfer.received.at(-1)).toContain(DAVE);
  expect(await bobsMails(run)).toEqual([]);
});

describe.each([false, true])('a process killed at every write, the write %s', (applied) => {
  test('after the original was taken: it is kept, and one notification goes (K8)', async () => {
    let crashes = 0;
    for (let at = 1; ; at++) {
      const world = await gatewayWorld();
      const setting = await world.begin();
      await choose(setting);
      await setting.gatewayMailboxes.open('bob@example.test', undefined);
      await setting[Symbol.asyncDispose]();
      const crashing = crashingKv(world.kv, { at, applied });
      const first = await world.start(crashing.kv, world.transfer).catch(() => undefined);
      const accepted = await first
        ?.arrives(DAVE, 'bob@example.test', mailOf('long'))
        .then(() => true)
        .catch(() => false);
      for (let i = 0; i < 50 && !crashing.dead && first && (await bobsMails(first)).length < 1; i++) await settle(5);
      if (first && !crashing.dead) await first.quiet();
      if (crashing.dead) crashes++;
      first?.stop();
      await using run = await world.begin();
      await run.quiet();
      const told = await notified(run);
      if (accepted === true) expect(told, `write ${at}`).toHaveLength(1);
      for (const one of told) expect(await fetched(run, one)).toContain('its end');
      await run.quiet();
      expect(await problemsOf(run.mailstore), `write ${at}`).toEqual([]);
      await first?.dispatcher[Symbol.asyncDispose]();
      if (!crashing.dead) break;
    }
    expect(crashes).toBeGreaterThan(5);
  });
});
