import { expect, test } from 'vitest';
import { HeaderBlock } from '../header.ts';
import { parseMessage } from '../parse.ts';
import { decodeText } from '../text.ts';
import { excerptOf } from './excerpt.ts';
import { isDownmailSignal, readNotification, readReceipt } from './fields.ts';
import { composeNotification, type NotificationFacts } from './notification.ts';
import { composeReceipt } from './receipt.ts';

// The worked example of the paper.
const PASSWORD = 'ab2cd3ef4gh5ij6kl7mnopqrst';
const EXAMPLE: NotificationFacts = {
  header: Buffer.from(
    [
      'Received: from somewhere by mail.yahoo.com',
      'DKIM-Signature: v=1; d=yahoo.com',
      'From: "K. D. Hong" <kdhong@yahoo.com>',
      'To: tjkim@cntc.ac.kr',
      'Subject: A long letter',
      'Date: Mon, 3 Jun 2002 10:00:00 +0900',
      'Message-ID: <1@yahoo.com>',
      'References: <0@yahoo.com>',
      'Disposition-Notification-To: kdhong@yahoo.com',
      'Content-Type: multipart/mixed; boundary=x',
      'Content-Transfer-Encoding: base64',
      '',
      '',
    ].join('\r\n'),
  ),
  text: Array.from({ length: 400 }, (_, i) => `word${i}`).join(' '),
  to: 'tjkim@cntc.ac.kr',
  messageId: '<n1@mail.yahoo.com>',
  date: Date.UTC(2002, 5, 3, 1),
  link: `https://mail.yahoo.com/downmail/kdhong/tjkimcntcackr/2/${PASSWORD}`,
  server: 'mail.yahoo.com',
  userId: '/kdhong/tjkimcntcackr/2/',
  password: PASSWORD,
  help: 'https://mail.yahoo.com/downmail/help',
  expires: Date.UTC(2002, 5, 17),
  size: 1_234_567,
  digest: 'ab'.repeat(32),
  excerptBytes: 200,
  signalLimit: 1_000,
  pick: (below) => Math.floor(below / 2),
};

function read(raw: Buffer) {
  const { structure } = parseMessage(raw);
  const body = raw.subarray(structure.bodyStart);
  return { header: HeaderBlock.parse(raw), text: decodeText(structure, body), bodyBytes: body.length };
}

test('a notification has the header of the original, and tells people and programs where it is kept', () => {
  const raw = composeNotification(EXAMPLE);
  const { header, text } = read(raw);
  expect(header.first('subject')).toBe('No: A long letter');
  expect(header.first('from')).toBe('"K. D. Hong" <kdhong@yahoo.com>');
  expect(header.first('to')).toBe('tjkim@cntc.ac.kr');
  expect(header.first('date')).toBe('Mon, 3 Jun 2002 10:00:00 +0900');
  expect(header.first('message-id')).toBe('<n1@mail.yahoo.com>');
  expect(header.first('references')).toBe('<0@yahoo.com> <1@yahoo.com>');
  expect(header.first('content-type')).toBe('text/plain; charset=utf-8');
  for (const name of ['received', 'dkim-signature', 'disposition-notification-to'])
    expect(header.first(name)).toBe(undefined);
  expect(isDownmailSignal(header)).toBe(true);
  expect(readNotification(header)).toEqual({
    link: `https://mail.yahoo.com/downmail/kdhong/tjkimcntcackr/2/${PASSWORD}`,
    server: 'mail.yahoo.com',
    userId: '/kdhong/tjkimcntcackr/2/',
    password: PASSWORD,
    size: 1_234_567,
    digest: 'ab'.repeat(32),
    expires: Date.UTC(2002, 5, 17),
  });
  for (const said of [
    '1206 KB',
    '2002-06-17',
    'original mail',
    '원본 메일',
    EXAMPLE.link,
    'mail.yahoo.com',
    EXAMPLE.userId,
    PASSWORD,
    EXAMPLE.help,
  ])
    expect(text).toContain(said);
  expect(text).toMatch(/… word66 word67.*… word199.*…/s);
});

test.each([1_000, 700, 400, 250, 100])('the body keeps within %i bytes', (signalLimit) => {
  const { bodyBytes, text } = read(composeNotification({ ...EXAMPLE, signalLimit }));
  expect(bodyBytes).toBeLessThanOrEqual(signalLimit);
  expect(text).toContain(EXAMPLE.link);
});

test('the 100 bytes of the paper are enough for what cannot be left out', () => {
  const { text } = read(composeNotification({ ...EXAMPLE, signalLimit: 100 }));
  expect(text).toBe(`original mail: ${EXAMPLE.link}\r\n`);
});

test('a header of any size makes a small notification (K7)', () => {
  const crowd = Array.from({ length: 10_000 }, (_, i) => `reader${i}@example.test`).join(',\r\n ');
  const header = Buffer.from(
    `From: kim@a.test\r\nTo: ${crowd}\r\nSubject: ${'x'.repeat(50_000)}\r\nReferences: ${'<a@b.c> '.repeat(5_000)}\r\n`,
  );
  const raw = composeNotification({ ...EXAMPLE, header });
  expect(raw.length).toBeLessThan(8 << 10);
  expect(read(raw).header.first('to')).toBe('tjkim@cntc.ac.kr');
});

test('subjects in Korean stay readable, whatever they were sent as', () => {
  for (const subject of [Buffer.from('여름 휴가'), Buffer.from('=?utf-8?B?7Jes66aEIO2ctOqwgA==?=')]) {
    const header = Buffer.concat([Buffer.from('From: kim@a.test\r\nSubject: '), subject, Buffer.from('\r\n')]);
    const { structure, ...parsed } = parseMessage(composeNotification({ ...EXAMPLE, header }));
    expect(parsed.envelope.subject).toBe('No: 여름 휴가');
    expect(structure.type).toBe('text');
  }
});

test('a field that is there twice, or makes no sense, is nothing to act on', () => {
  const good = composeNotification(EXAMPLE).toString('latin1');
  const field = /Downmail-Notification:[^]*?\r\n(?=\S)/.exec(good)?.[0] ?? '';
  const readField = (text: string) => readNotification(HeaderBlock.parse(Buffer.from(text)));
  expect(readField(field)).toBeDefined();
  expect(readField(field + field)).toBe(undefined);
  for (const [from, to] of [
    ['v=1', 'v=2'],
    ['server=mail.yahoo.com', 'server=mail.yahoo.com/x'],
    ['server=', 'sever='],
    ['https://mail', 'javascript://mail'],
    ['https://mail', 'https://you@mail'],
    ['user=/kdhong/', 'user=/k/d/'],
    ['sha-256:ab', 'sha-256:xx'],
    ['size=1234567', 'size=-1'],
    ['size=1234567', 'size=1; size=2'],
  ] as const) {
    const changed = field.replace(from, to);
    expect(changed).not.toBe(field);
    expect(readField(changed), to).toBe(undefined);
  }
});

test('the receipt goes back, with from and to swapped', () => {
  const receipt = {
    header: EXAMPLE.header,
    from: 'tjkim@cntc.ac.kr',
    to: 'kdhong@yahoo.com',
    messageId: '<r1@mail.yahoo.com>',
    date: Date.UTC(2002, 5, 4),
    at: Date.UTC(2002, 5, 4, 12, 30),
    by: 'pop3',
    userId: EXAMPLE.userId,
    size: 10,
    ended: true,
    signalLimit: 1_000,
  } as const;
  const { header, text } = read(composeReceipt(receipt));
  expect(header.first('subject')).toBe('Rd: A long letter');
  expect(header.first('from')).toBe('tjkim@cntc.ac.kr');
  expect(header.first('to')).toBe('kdhong@yahoo.com');
  expect(header.first('in-reply-to')).toBe('<1@yahoo.com>');
  expect(isDownmailSignal(header)).toBe(true);
  expect(readReceipt(header)).toEqual({ userId: EXAMPLE.userId, at: receipt.at, by: 'pop3', ended: true });
  expect(text).toContain('Picked up by POP3, 2002-06-04 12:30 UTC. It is kept no longer.');
  expect(text).toContain('POP3(으)로 받아 감');
  const { bodyBytes } = read(composeReceipt({ ...receipt, signalLimit: 100 }));
  expect(bodyBytes).toBeLessThanOrEqual(100);
});

test('an excerpt is taken at random, from all over the text, and never longer than it may be', () => {
  const words = Array.from({ length: 1_000 }, (_, i) => `낱말${i}`).join('\n');
  const seen = new Set<string>();
  for (let seed = 0; seed < 50; seed += 1) {
    let state = seed;
    const pick = (below: number) => (state = (state * 1103515245 + 12345) % 2 ** 31) % below;
    const excerpt = excerptOf(words, 120, pick);
    expect(Buffer.byteLength(excerpt)).toBeLessThanOrEqual(120);
    expect(excerpt).toMatch(/^…? ?낱말.*…$/);
    seen.add(excerpt);
  }
  expect(seen.size).toBeGreaterThan(30);
  expect(excerptOf('short\r\n text', 100, () => 0)).toBe('short text');
  expect(excerptOf(words, 5, () => 0)).toBe('');
  expect(excerptOf('가'.repeat(1_000), 40, () => 0)).toMatch(/^가+ …$/);
});
