/** Whom an owner rejects, treats in a way of his own, and answers while he is away. */
import { describe, expect, test } from 'vitest';
import { withoutStall } from '../../test/support/cpu.ts';
import { arrivals, inFolder } from '../../test/support/arriving.ts';
import { BOB, CAROL, INBOX, SENT } from '../../test/support/sending.ts';
import { findRejected, rejectEntry } from '../mail/reject-list.ts';
import { type Absence, isAway, putAbsence, putTimeZone } from './absence.ts';
import { droppedMail, putOwnRejects } from './own-rejects.ts';
import { putPerson } from './people.ts';

const BOB_ADDRESS = { account: BOB, address: 'bob@example.test' };
const REFUSE = 'refuse' as const;

describe('a reject list', () => {
  test.each([
    ['spam@bad.example', 'Spam@Bad.example', true],
    ['spam@bad.example', 'x@bad.example', false],
    ['bad.example', 'x@bad.example', true],
    ['@bad.example', 'x@mail.bad.example', true],
    ['bad.example', 'x@notbad.example', false],
    ['*@*.bad.example', 'x@mail.bad.example', true],
    ['news-????@bad.example', 'news-2026@bad.example', true],
    ['news-????@bad.example', 'news-26@bad.example', false],
    ['*.example', 'x@mail.example', true],
    ['*.example', 'x@example', false],
    ['광고@*', '광고@한국.example', true],
    ['bad.example', '', false],
  ])('%s and %s: %s', (sender, address, meant) => {
    const entry = rejectEntry({ sender, action: 'junk' });
    expect(findRejected([entry], [address]) !== undefined).toBe(meant);
  });

  test.each(['', '*', '*@*.*', 'a b@c.example', 'x@', 'bad_domain..example', 'a@b@c'])(
    '%j names no sender',
    (sender) => {
      expect(() => rejectEntry({ sender, action: 'junk' })).toThrow('names no sender');
    },
  );

  test('a pattern of many stars costs no more than its length times that of the address', () => {
    const entry = rejectEntry({ sender: `${'*a'.repeat(150)}b@x.example`, action: 'junk' });
    expect(findRejected([entry], [`${'a'.repeat(64)}@x.example`])).toBeUndefined();
  });

  test('a list of patterns that take long, and a mail of many authors, stall nobody', () => {
    const entries = Array.from({ length: 500 }, (_, i) =>
      rejectEntry({ sender: `*${'a'.repeat(150)}b${i}@x.example`, action: 'junk' }),
    );
    const authors = Array.from({ length: 200 }, () => `${'a'.repeat(300)}@x.example`);
    expect(withoutStall(() => findRejected(entries, authors))).toBeUndefined();
  });

  test('of the service, the domain and the account: at RCPT its sender is told', async () => {
    await using l = await arrivals();
    const ask = (sender: string) => l.intake.checkRecipient({ sender, recipient: BOB_ADDRESS, remote: '192.0.2.1' });
    await l.rejectLists.put('', { sender: 'bad.example', action: REFUSE });
    await putOwnRejects(l.bob, [
      { sender: '*@news.example', action: REFUSE },
      { sender: 'junk.example', action: 'junk' },
    ]);
    await expect(ask('x@bad.example')).rejects.toMatchObject({ code: 'rejected', kind: 'user' });
    await expect(ask('x@news.example')).rejects.toMatchObject({ code: 'rejected' });
    await ask('x@junk.example');
    await ask('');
    await expect(l.rejectLists.put('nowhere.test', { sender: 'x.example', action: REFUSE })).rejects.toMatchObject({
      code: 'domain-missing',
    });
    expect(await l.rejectLists.remove('', 'bad.example')).toEqual([]);
    await ask('x@bad.example');
  });

  test('by the author: refused when nobody of the recipients takes it, else put aside', async () => {
    await using l = await arrivals();
    await putOwnRejects(l.bob, [{ sender: 'bad.example', action: REFUSE }]);
    const accept = (accounts: readonly (typeof BOB_ADDRESS)[]) =>
      l.intake.accept({
        sender: 'bounces@relay.example',
        recipients: accounts,
        source: 'outside',
        origin: { protocol: 'ESMTP', hello: 'x', remote: '192.0.2.1', cipher: '' },
        mail: { head: Buffer.from('From: x@bad.example\r\nSubject: offer\r\n\r\ntext\r\n') },
      });
    await expect(accept([BOB_ADDRESS])).rejects.toMatchObject({ code: 'rejected' });
    await accept([BOB_ADDRESS, { account: CAROL, address: 'carol@example.test' }]);
    await l.quiet();
    expect([await inFolder(l.bob, 'Junk'), await inFolder(l.bob, 'INBOX')]).toEqual([['offer'], []]);
    expect(await inFolder(l.carol, 'INBOX')).toEqual(['offer']);
  });

  test('what is dropped without a word is counted, and its owner can look it up (D-12, H8)', async () => {
    await using l = await arrivals();
    await putOwnRejects(l.bob, [{ sender: 'bad.example', action: 'discard' }]);
    await l.arriveAll([{ from: 'a@bad.example', subject: 'one' }, { from: 'b@bad.example' }, { subject: 'fine' }]);
    expect([await inFolder(l.bob, 'INBOX'), await inFolder(l.bob, 'Junk')]).toEqual([['fine'], []]);
    const { total, last } = await droppedMail(l.bob);
    expect([total, last.map(({ sender }) => sender).toSorted()]).toEqual([2, ['a@bad.example', 'b@bad.example']]);
    expect(await l.sent(l.bob)).toEqual([]);
  });
});

describe('a person', () => {
  test('has an importance, a folder and notices, and is taken although its domain is rejected (D-35)', async () => {
    await using l = await arrivals();
    const { id: folder } = await l.bob.createFolder('사장님');
    const boss = 'boss@bad.example';
    await putPerson(l.bob, { address: boss, importance: 'high', folder, notify: ['carol@example.test'], accept: true });
    await putOwnRejects(l.bob, [{ sender: 'bad.example', action: 'discard' }]);
    await l.arrives({ from: boss, subject: '보고' });
    await l.arrives({ from: 'other@bad.example', subject: 'other' });
    expect(await inFolder(l.bob, '사장님')).toEqual(['보고']);
    const [message] = l.bob.getMessageIds({ folder });
    expect(l.bob.meta(message!)?.keywords).toEqual(['$Important']);
    expect(await inFolder(l.carol, 'INBOX')).toEqual([`New mail from ${boss} / 새 메일`]);
    expect((await droppedMail(l.bob)).total).toBe(1);
  });

  test('is said where it goes by a rule all the same', async () => {
    await using l = await arrivals();
    const { id: folder } = await l.bob.createFolder('People');
    await putPerson(l.bob, { address: 'kim@remote.test', folder, importance: 'low' });
    await l.script(l.bob, 'require "fileinto"; if header :contains "subject" "old" { fileinto "Archive"; }');
    await l.arrives({ from: 'Kim@remote.test', subject: 'old' });
    await l.arrives({ from: 'kim@remote.test', subject: 'new' });
    expect([await inFolder(l.bob, 'Archive'), await inFolder(l.bob, 'People')]).toEqual([['old'], ['new']]);
    const [id] = l.bob.getMessageIds({ folder: l.bob.folderAt('Archive')!.id });
    expect(l.bob.meta(id!)?.keywords).toEqual(['$Unimportant']);
  });
});

const AWAY: Absence = { enabled: true, subject: '', text: '부재중입니다.', knownOnly: false, days: 7, changed: 1 };

describe('absence (D-09)', () => {
  test('is from one moment to another, as the clock of the account shows them', async () => {
    const seoul = { ...AWAY, from: '2026-03-01T18:00', to: '2026-03-02T00:00' };
    const at = (text: string) => isAway(seoul, 'Asia/Seoul', Date.parse(text));
    expect(at('2026-03-01T08:59:59Z')).toBe(false);
    expect(at('2026-03-01T09:00:00Z')).toBe(true);
    expect(at('2026-03-01T14:59:59Z')).toBe(true);
    expect(at('2026-03-01T15:00:00Z')).toBe(false);
    expect(isAway({ ...seoul, enabled: false }, 'Asia/Seoul', Date.parse('2026-03-01T10:00:00Z'))).toBe(false);
  });

  test('is told once to each sender and period, in text and HTML, and anew after a change', async () => {
    await using l = await arrivals();
    await putTimeZone(l.bob, 'Asia/Seoul');
    await putAbsence(l.bob, {
      ...AWAY,
      subject: '부재',
      html: '<p>부재<b>중</b>입니다.</p>',
      from: '2026-03-01T18:00',
    });
    await l.arrives({ subject: 'one' });
    await l.arrives({ subject: 'two' });
    const [answer, ...more] = await l.sent(l.bob);
    expect(more).toEqual([]);
    expect(answer).toMatchObject({ to: 'dave@remote.test', sender: '' });
    expect(answer?.raw).toContain('Auto-Submitted: auto-replied');
    expect(answer?.raw).toContain('Content-Type: multipart/alternative');
    await l.clock.advance(8 * 86_400_000);
    await l.arrives({ subject: 'three' });
    expect(await l.sent(l.bob)).toHaveLength(2);
    await putAbsence(l.bob, { ...AWAY, changed: 2 });
    await l.arrives({ subject: 'four' });
    expect(await l.sent(l.bob)).toHaveLength(3);
    expect(await inFolder(l.bob, 'INBOX')).toHaveLength(4);
  });

  test('without words of the owner it is said in Korean and English', async () => {
    await using l = await arrivals();
    await putAbsence(l.bob, { ...AWAY, text: ' ' });
    await l.arrives({ from: 'carol@example.test' });
    await l.carol.refresh();
    const [id] = l.carol.getMessageIds({ folder: INBOX });
    const { envelope, preview } = await l.carol.details(id!);
    expect(envelope.subject).toBe('Auto: hi');
    expect(preview).toContain('bob@example.test님은 현재 부재중입니다.');
    expect(preview).toContain('is away at the moment');
  });

  test('only people one knows may be told: those one has written to, and those one has named', async () => {
    await using l = await arrivals();
    await putAbsence(l.bob, { ...AWAY, knownOnly: true });
    await l.arriveAll([{ from: 'kim@remote.test' }, { from: 'lee@remote.test' }, { from: 'park@remote.test' }]);
    expect(await l.sent(l.bob)).toEqual([]);
    const mail = Buffer.from('From: bob@example.test\r\nTo: Kim <kim@remote.test>\r\nSubject: hi\r\n\r\ntext\r\n');
    await l.bob.addMessage(mail, { folder: SENT });
    await putPerson(l.bob, { address: 'lee@remote.test' });
    await l.arriveAll([{ from: 'kim@remote.test' }, { from: 'lee@remote.test' }, { from: 'park@remote.test' }]);
    expect((await l.sent(l.bob)).map(({ to }) => to).toSorted()).toEqual(['kim@remote.test', 'lee@remote.test']);
  });

  test('two people who are both away answer each other once (H2, G20)', async () => {
    await using l = await arrivals();
    await putAbsence(l.bob, AWAY);
    await putAbsence(l.carol, { ...AWAY, text: 'I am away' });
    const recipient = [CAROL, 'carol@example.test'] as [typeof CAROL, string];
    await l.arrives({ from: 'bob@example.test', to: 'carol@example.test', recipient, subject: 'hello' });
    await l.quiet();
    expect(await inFolder(l.carol, 'INBOX')).toEqual(['hello']);
    expect(await inFolder(l.bob, 'INBOX')).toEqual(['Auto: hello']);
    expect(await l.sent(l.carol)).toHaveLength(1);
    expect(await l.sent(l.bob)).toEqual([]);
  });

  test('a script that answers goes first, and what a script drops is not answered', async () => {
    await using l = await arrivals();
    await putAbsence(l.bob, AWAY);
    await l.script(
      l.bob,
      'require "vacation"; if header :contains "subject" "drop" { discard; } else { vacation "script"; }',
    );
    await l.arrives({ subject: 'drop' });
    expect(await l.sent(l.bob)).toEqual([]);
    await l.arrives({ subject: 'hi' });
    const [answer, ...more] = await l.sent(l.bob);
    expect([answer?.raw.includes('script'), more]).toEqual([true, []]);
  });
});

test('a mail of one of ours is rejected like any other', async () => {
  await using l = await arrivals();
  await putOwnRejects(l.bob, [{ sender: 'alice@example.test', action: 'refuse' }]);
  await l.arrives({ from: 'alice@example.test', subject: 'hi' });
  expect([await inFolder(l.bob, 'Junk'), await inFolder(l.bob, 'INBOX')]).toEqual([['hi'], []]);
});
