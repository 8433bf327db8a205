/** What a script makes of mail that arrives: where it is filed, what is sent, and what a crash or a mistake leaves. */
import { describe, expect, test } from 'vitest';
import { arrivals, inFolder, rawOf } from '../../../test/support/arriving.ts';
import { problemsOf } from '../../../test/support/mail-store.ts';
import { BOB, INBOX } from '../../../test/support/sending.ts';
import { SeededRandom } from '../../adapters/random-seeded.ts';
import { deliveryOf } from '../pipeline.ts';
import { Rules } from '../rules.ts';
import { Flag } from '../../mailstore/api.ts';
import { WorkBudget } from '../../mailstore/work-budget.ts';
import { silentLog } from '../../telemetry/log.ts';
import { Metrics } from '../../telemetry/metrics.ts';
import { type SieveParts, SieveStage } from './stage.ts';

const AWAY = 'require "vacation"; vacation "I am away";';

describe('filing', () => {
  test('without an active script mail goes to INBOX', async () => {
    await using l = await arrivals();
    await l.scripts.put(l.bob, 'main', 'discard;');
    await l.arrives();
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['hi']);
  });

  test('into folders, made where that is asked for, with flags', async () => {
    await using l = await arrivals();
    await l.bob.createFolder('Work');
    await l.script(
      l.bob,
      `require ["fileinto", "mailbox", "imap4flags", "copy", "special-use", "mailboxid"];
      setflag ["\\\\Seen", "$Later"];
      if header :contains "subject" "report" { fileinto "Work"; stop; }
      if header :contains "subject" "new" { fileinto :create "Lists/New"; stop; }
      if header :contains "subject" "spam" { fileinto :specialuse "\\\\Junk" "Nowhere"; stop; }
      if header :contains "subject" "id" { fileinto :mailboxid "F${l.bob.folderAt('Work')!.id}" "Nowhere"; stop; }
      if header :contains "subject" "both" { fileinto :copy "Work"; }`,
    );
    await l.arriveAll(['report', 'new', 'spam', 'by id', 'both', 'other'].map((subject) => ({ subject })));
    expect((await inFolder(l.bob, 'Work')).toSorted()).toEqual(['both', 'by id', 'report']);
    expect(await inFolder(l.bob, 'Lists/New')).toEqual(['new']);
    expect(await inFolder(l.bob, 'Junk')).toEqual(['spam']);
    expect((await inFolder(l.bob, 'INBOX')).toSorted()).toEqual(['both', 'other']);
    const [id] = l.bob.getMessageIds({ folder: l.bob.folderAt('Work')!.id });
    expect(l.bob.meta(id!)).toMatchObject({ flags: Flag.seen, keywords: ['$Later'] });
    expect(l.bob.subscriptions()).toContain('Lists/New');
    expect(await problemsOf(l.mailstore)).toEqual([]);
  });

  test('a folder that is not there, or cannot be, is INBOX (H7)', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'require ["fileinto", "mailbox"]; fileinto "Gone"; fileinto :create "//"; keep;');
    await l.arrives();
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['hi']);
  });

  test('a folder that can take no more keywords takes the mail without them', async () => {
    await using l = await arrivals();
    const words = (n: number): string => Array.from({ length: 100 }, (_, i) => `k${n}-${i}`).join(' ');
    const branches = Array.from(
      { length: 11 },
      (_, n) => `if header "subject" "${n}" { setflag "${words(n)} \\\\Seen"; }`,
    );
    await l.script(l.bob, `require "imap4flags"; ${branches.join('\n')}`);
    await l.arriveAll(Array.from({ length: 11 }, (_, n) => ({ subject: String(n) })));
    expect(await inFolder(l.bob, 'INBOX')).toHaveLength(11);
    const metas = l.bob.getMessageIds({ folder: INBOX }).map((id) => l.bob.meta(id)!);
    expect(metas.filter(({ keywords }) => keywords.length === 0)).toHaveLength(1);
  });

  test('what is discarded is nowhere', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'if header :is "subject" "hi" { discard; }');
    await l.arrives();
    await l.arrives({ subject: 'other' });
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['other']);
    expect((await l.queue.counts()).error.waiting).toBe(0);
  });

  test('with the header as the script left it', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'require ["editheader"]; addheader "X-Sorted" "네"; deleteheader "X-Old";');
    await l.arrives({ fields: ['X-Old: 1'] });
    const raw = await rawOf(l.bob, 'INBOX');
    expect(raw).toMatch(/^X-Sorted: =\?utf-8\?b\?64Sk\?=\r\nReturn-Path: <dave@remote.test>\r\n/);
    expect(raw).not.toContain('X-Old');
    expect(raw).toMatch(/\r\n\r\ntext\r\n$/);
    expect(await problemsOf(l.mailstore)).toEqual([]);
  });

  test('the body and the size are seen, in large mail, too', async () => {
    await using l = await arrivals();
    await l.script(
      l.bob,
      `require ["body", "fileinto", "mailbox"];
      if allof(size :over 2M, body :contains "needle") { fileinto :create "Large"; }`,
    );
    await l.arrives({ subject: 'large', body: `needle\r\n${`${'x'.repeat(76)}\r\n`.repeat(30_000)}` });
    expect(await inFolder(l.bob, 'Large')).toEqual(['large']);
  });

  test('the same mail a second time is a duplicate, the same delivery again is not', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'require "duplicate"; if duplicate { discard; }');
    await l.arrives({ id: 'one', from: 'list@remote.test' });
    await l.arrives({ id: 'one', from: 'dave@remote.test' });
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['hi']);
    await l.clock.advance(8 * 86_400_000);
    await l.arrives({ id: 'one', from: 'other@remote.test' });
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['hi', 'hi']);
    expect((await l.bob.records('sieve-memory')).length).toBe(1);
  });
});

describe('a script that fails', () => {
  test('leaves the mail in INBOX, and tells the owner once a day', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'require ["ihave", "fileinto"]; fileinto "Junk"; error "too hot";');
    await l.arrives();
    await l.arrives({ subject: 'two' });
    const mails = await inFolder(l.bob, 'INBOX');
    expect(mails).toEqual(['hi', 'Your mail filter failed / 메일 필터 오류: main', 'two']);
    const notice = l.bob.getMessageIds({ folder: INBOX })[1]!;
    const text = Buffer.from(await (await l.bob.body(notice)).bytes()).toString();
    expect(text).toContain('line 1, column 49: too hot');
    await l.clock.advance(3 * 86_400_000);
    await l.arrives({ subject: 'three' });
    expect((await inFolder(l.bob, 'INBOX')).length).toBe(5);
  });

  test('an endless include is one', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'require "include"; include "main"; discard;');
    await l.arrives();
    expect((await inFolder(l.bob, 'INBOX'))[0]).toBe('hi');
  });
});

describe('redirect', () => {
  test('to one of ours goes with its sender, to others at our domain', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'redirect "carol@example.test"; redirect "eve@elsewhere.test";');
    await l.arrives({ id: 'one' });
    expect(await inFolder(l.bob, 'INBOX')).toEqual([]);
    expect(await inFolder(l.carol, 'INBOX')).toEqual(['hi']);
    const raw = await rawOf(l.carol, 'INBOX');
    expect(raw).toMatch(
      /^Return-Path: <dave@remote.test>\r\nReceived: by mx[^]*Delivered-To: bob@example.test\r\nReceived: from/,
    ); // prettier-ignore
    expect(raw.match(/^Return-Path/gm)).toHaveLength(1);
    const [sent] = (await l.sent(l.bob)).filter(({ to }) => to === 'eve@elsewhere.test');
    expect(sent?.sender).toMatch(/^SRS0=.*=remote\.test=dave@example\.test$/);
    expect(sent!.raw).toMatch(/^Delivered-To: bob@example.test\r\n/);
  });

  test('to nobody keeps the mail', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'redirect "nobody@example.test";');
    await l.arrives();
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['hi']);
  });

  test('in a circle ends where it has been (H4)', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'redirect "carol@example.test";');
    await l.script(l.carol, 'redirect "bob@example.test";');
    await l.arrives();
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['hi']);
    expect(await inFolder(l.carol, 'INBOX')).toEqual([]);
    await l.script(l.bob, 'redirect "bob@example.test";');
    await l.arrives({ subject: 'self' });
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['hi', 'self']);
  });
});

describe('reject', () => {
  test('tells the sender why, and the mail is nowhere', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'require "reject"; reject "큰 메일은 받지 않습니다";');
    await l.arrives({ from: 'carol@example.test' });
    expect(await inFolder(l.bob, 'INBOX')).toEqual([]);
    const report = await rawOf(l.carol, 'INBOX');
    expect(report).toMatch(/^Return-Path: <>\r\n/);
    expect(report).toContain('Status: 5.7.1');
    expect(report).toContain('Final-Recipient: rfc822; bob@example.test');
    expect(report).toContain('큰 메일은 받지 않습니다');
  });

  test('keeps the mail when nobody can be told', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'require "ereject"; ereject "no";');
    await l.arrives({ from: '' });
    await l.arrives({ subject: 'auto', fields: ['Auto-Submitted: auto-generated'] });
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['hi', 'auto']);
    expect(await l.sent(l.bob)).toEqual([]);
  });
});

describe('vacation', () => {
  test('answers the sender once in a period (H2, H3)', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'require "vacation"; vacation :subject "부재중" "자리에 없습니다.";');
    await l.arrives({ id: 'one', subject: 'q', from: 'carol@example.test' });
    await l.arrives({ id: 'two', subject: 'q2', from: 'carol@example.test' });
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['q', 'q2']);
    expect(await inFolder(l.carol, 'INBOX')).toEqual(['부재중']);
    const answer = await rawOf(l.carol, 'INBOX');
    expect(answer).toMatch(/^Return-Path: <>\r\n/);
    for (const line of [
      'From: bob@example.test',
      'To: carol@example.test',
      'Subject: =?utf-8?b?67aA7J6s7KSR?=',
      'Auto-Submitted: auto-replied',
      'In-Reply-To: <one@remote.test>',
      'References: <one@remote.test>',
    ])
      expect(answer.split('\r\n')).toContain(line);
    expect(Buffer.from(answer.split('\r\n\r\n')[1]!, 'base64').toString()).toBe('자리에 없습니다.');
    await l.clock.advance(7 * 86_400_000 + 1_000);
    await l.arrives({ id: 'three', from: 'carol@example.test' });
    expect(await inFolder(l.carol, 'INBOX')).toEqual(['부재중', '부재중']);
  });

  test('without a subject it names that of the mail; :from must be the owner’s, :mime is a whole entity', async () => {
    await using l = await arrivals();
    await l.script(
      l.bob,
      'require "vacation"; vacation :from "Eve <eve@remote.test>" :mime "Content-Type: text/html\r\n\r\n<b>away</b>";',
    ); // prettier-ignore
    await l.arrives({ subject: '=?utf-8?b?7ZqM7J2Y?=', from: 'carol@example.test' });
    const answer = await rawOf(l.carol, 'INBOX');
    expect(await inFolder(l.carol, 'INBOX')).toEqual(['Auto: 회의']);
    expect(answer).toContain('From: bob@example.test\r\n');
    expect(answer).toMatch(/Content-Type: text\/html\r\n\r\n<b>away<\/b>$/);
    expect(answer.match(/^Content-Type/gim)).toHaveLength(1);
  });

  test('does not answer machines, lists, nobody and oneself (H1)', async () => {
    await using l = await arrivals();
    await l.script(l.bob, AWAY);
    await l.arriveAll([
      { subject: 'no sender', from: '' },
      { subject: 'oneself', from: 'bob+x@example.test' },
      { subject: 'a machine', fields: ['Auto-Submitted: auto-replied (vacation)'] },
      { subject: 'bulk mail', fields: ['Precedence: Bulk'] },
      { subject: 'a list', fields: ['List-Id: <l.remote.test>'] },
      { subject: 'a list that only says how to leave it', fields: ['List-Unsubscribe: <mailto:x@remote.test>'] },
      { subject: 'a list by its name', from: 'owner-list@remote.test' },
      { subject: 'a request address', from: 'list-request@remote.test' },
      { subject: 'a mailer', from: 'MAILER-DAEMON@remote.test' },
      { subject: 'nobody', from: 'no-reply@remote.test' },
      { subject: 'who wants no answer', fields: ['X-Auto-Response-Suppress: DR, OOF'] },
      { subject: 'mail to others', to: 'undisclosed-recipients:;' },
      { subject: 'mail to somebody alike', to: 'bob@other.test' },
    ]);
    const answered = await l.sent(l.bob);
    expect(answered.map(({ raw }) => raw)).toEqual([]);
    expect(await inFolder(l.bob, 'INBOX')).toHaveLength(13);
  });

  test('answers mail to the owner, however addressed', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'require "vacation"; vacation :addresses "robert@elsewhere.test" "x";');
    await l.arriveAll([
      { from: 'a@remote.test' },
      { from: 'b@remote.test', to: 'x@remote.test', fields: ['Cc: "B" <Bob+news@EXAMPLE.test>'] },
      { from: 'c@remote.test', to: 'We: a@remote.test, bob@example.test;' },
      { from: 'd@remote.test', fields: ['Auto-Submitted: no'] },
      { from: 'e@remote.test', to: 'robert@elsewhere.test' },
    ]);
    const answered = (await l.sent(l.bob)).map(({ to }) => to.charAt(0)).toSorted();
    expect(answered).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('two who are away answer each other once (H2)', async () => {
    await using l = await arrivals();
    await l.script(l.bob, AWAY);
    await l.script(l.carol, AWAY);
    await l.arrives({ from: 'carol@example.test' });
    expect(await inFolder(l.carol, 'INBOX')).toEqual(['Auto: hi']);
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['hi']);
  });

  test('mails that arrive at the same moment are answered once', async () => {
    await using l = await arrivals();
    await l.script(l.bob, AWAY);
    await l.arriveAll(['a', 'b', 'c', 'd'].map((id) => ({ id, subject: id })));
    expect(await l.sent(l.bob)).toHaveLength(1);
    expect((await inFolder(l.bob, 'INBOX')).toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('notify', () => {
  test('sends a mail that says it comes from a machine', async () => {
    await using l = await arrivals();
    await l.script(l.bob, 'require "enotify"; notify :importance "1" :message "새 메일" "mailto:carol@example.test";');
    await l.arrives({ from: 'dave@remote.test' });
    expect(await inFolder(l.carol, 'INBOX')).toEqual(['새 메일']);
    const raw = await rawOf(l.carol, 'INBOX');
    expect(raw).toContain('Auto-Submitted: auto-notified; owner-email="bob@example.test"\r\n');
    expect(raw).toMatch(/^Return-Path: <bob@example.test>/);
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['hi']);
    await l.arrives({ subject: 'machine', fields: ['Auto-Submitted: auto-generated'] });
    expect(await inFolder(l.carol, 'INBOX')).toEqual(['새 메일']);
  });
});

describe('a crash', () => {
  test('at any moment leaves nothing undone, and nothing done twice (A9)', async () => {
    await using l = await arrivals();
    await l.script(
      l.bob,
      `require ["fileinto", "copy", "vacation", "duplicate", "mailbox", "editheader"];
      if duplicate { discard; stop; }
      fileinto :create :copy "A"; redirect :copy "carol@example.test"; vacation "away"; addheader "X" "1"; keep;`,
    );
    // The entry comes again though everything was done: as when the last commit, of the queue, was not made.
    const run = async (): Promise<void> => {
      await l.intake.accept({
        sender: 'dave@remote.test',
        recipients: [{ account: BOB, address: 'bob@example.test' }],
        origin: { protocol: 'ESMTP', hello: 'remote.test', remote: '192.0.2.1', cipher: '' },
        mail: {
          head: Buffer.from('To: bob@example.test\r\nSubject: once\r\nMessage-ID: <one@remote.test>\r\n\r\ntext\r\n'),
        },
      });
      await l.quiet();
    };
    await run();
    await run();
    await run();
    expect(await inFolder(l.bob, 'A')).toEqual(['once']);
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['once']);
    expect(await inFolder(l.carol, 'INBOX')).toEqual(['once']);
    expect((await l.sent(l.bob)).map(({ to }) => to).toSorted()).toEqual(['carol@example.test', 'dave@remote.test']);
    expect(await problemsOf(l.mailstore)).toEqual([]);
  });
});

test("a script reaches no folder of somebody else's: the mail stays in INBOX (H9)", async () => {
  await using l = await arrivals();
  await l.carol.createFolder('Shared');
  const shared = l.carol.folderAt('Shared')!;
  await l.mailstore.setRights(
    { kind: 'user', account: l.carol.id, address: 'carol@example.test', admin: false },
    { owner: l.carol.id, folder: shared.id },
    l.bob.id,
    { mode: 'set', rights: 'lr' },
  );
  await l.script(l.bob, 'require ["fileinto", "mailbox"]; fileinto :create "~carol@example.test/Shared";');
  await l.arrives({ subject: 'not there' });
  expect(await inFolder(l.bob, 'INBOX')).toEqual(['not there']);
  expect(l.carol.getMessageIds({ folder: shared.id })).toEqual([]);
  expect(l.bob.folders().map(({ path }) => path)).not.toContain('~carol@example.test/Shared');
});

describe('rules that people make', () => {
  const flag = { id: 'r1', name: '회의', enabled: true, match: 'all' as const, actions: [{ do: 'flag' as const }] };
  const meeting = { field: 'subject' as const, comparison: 'contains' as const, value: '회의' };

  test('run before the active script, which is left as it is; the first that stops keeps it from running', async () => {
    await using l = await arrivals();
    const rules = new Rules(l.scripts, new SeededRandom(1));
    const source = 'require "fileinto"; fileinto "Archive";';
    await l.script(l.bob, source);
    await rules.change(l.bob, () => [{ ...flag, conditions: [meeting], stop: true }]);
    await l.arrives({ subject: '=?utf-8?B?7KO86rCE7ZqM7J2Y?=' });
    await l.arrives({ subject: 'other' });
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['주간회의']);
    expect(await inFolder(l.bob, 'Archive')).toEqual(['other']);
    expect(l.bob.meta(l.bob.getMessageIds({ folder: INBOX })[0]!)?.flags).toBe(Flag.flagged);
    expect(await l.scripts.source(l.bob, 'main')).toBe(source);
    expect((await l.scripts.list(l.bob)).map(({ name }) => name)).toEqual(['main']);
  });

  test('a folder that is gone leaves the mail in INBOX (H7); what two rules cannot both want is told', async () => {
    await using l = await arrivals();
    const rules = new Rules(l.scripts, new SeededRandom(1));
    const { id, path } = await l.bob.createFolder('일');
    const move = { ...flag, conditions: [], actions: [{ do: 'move' as const, folder: { id, path } }], stop: false };
    await rules.change(l.bob, () => [move]);
    await l.bob.renameFolder(id, 'Work');
    await l.arrives({ subject: 'one' });
    expect(await inFolder(l.bob, 'Work')).toEqual(['one']);
    await l.bob.deleteFolder(id);
    await l.arrives({ subject: 'two' });
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['two']);
    const refuse = { ...move, id: 'r2', actions: [{ do: 'reject' as const, reason: 'no' }] };
    await rules.change(l.bob, (before) => [...before, refuse]);
    await l.arrives({ subject: 'three' });
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['two', 'three', 'Your mail filter failed / 메일 필터 오류: rules']);
  });
});

test('rules do not act for somebody who did not write: a mail that its domain wants in Junk', async () => {
  await using l = await arrivals();
  await l.script(l.bob, 'redirect "carol@example.test";');
  const staged = await l.mailstore.stage([{ account: BOB }], Buffer.from('From: x@shop.test\r\n\r\nforged\r\n'));
  const recipient = { address: 'bob@example.test', deliveryId: '1-q', staged: staged[0]! };
  const mail = { id: 'q', sender: 'x@shop.test', received: l.clock.now(), recipients: [recipient] };
  const parts = { ...l, store: l.mailstore, metrics: new Metrics(), log: silentLog, hostname: 'mx.test' };
  const stage = new SieveStage(parts as unknown as SieveParts);
  const findings = { junk: 'asked for', quarantined: true as const };
  expect(stage.applies({ ...deliveryOf(mail, recipient, l.bob), findings })).toBe(false);
  expect(findings).not.toHaveProperty('plan');
  expect(await l.sent(l.bob)).toEqual([]);
});

test('scripts that compare too much in some minutes leave mail in INBOX until there is time again (C17)', async () => {
  await using l = await arrivals();
  await l.script(l.bob, 'discard;');
  const staged = await l.mailstore.stage([{ account: BOB }], Buffer.from('Subject: hi\r\n\r\ntext\r\n'));
  const recipient = { address: 'bob@example.test', deliveryId: '1-q', staged: staged[0]! };
  const mail = { id: 'q', sender: 'x@shop.test', received: l.clock.now(), recipients: [recipient] };
  const budget = new WorkBudget(l.clock, 6);
  const parts = { ...l, store: l.mailstore, metrics: new Metrics(), log: silentLog, hostname: 'mx.test', budget };
  const stage = new SieveStage(parts as unknown as SieveParts);
  const plan = async () => {
    const delivery = deliveryOf(mail, recipient, l.bob);
    await stage.deliver(delivery);
    const { failure, places } = delivery.findings.plan!;
    return [places.length, failure?.error.message];
  };
  expect(await plan()).toEqual([0, undefined]);
  budget.charge(BOB, 61_000);
  expect(await plan()).toEqual([1, 'line 1, column 1: the filters compared too much in the last minutes']);
  await l.clock.advance(11_000);
  expect(await plan()).toEqual([0, undefined]);
});
