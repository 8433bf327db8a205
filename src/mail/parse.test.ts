import { expect, test } from 'vitest';
import { MessageParser, parseMessage } from './parse.ts';

const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'));

const TWO_PARTS = crlf(`Date: Mon, 02 Nov 2026 15:04:03 +0900 (KST)
From: =?UTF-8?B?6rmA7LKg7IiY?= <bob@example.test>
To: "Alice Example" <alice@example.test>, Friends: carol@example.test, dave@example.test;
Subject: =?UTF-8?B?7ZqM7J2YIOyekOujjCDrs7Trg7jri4jri6Q=?=
Message-ID: <abc.123@example.test>
References: <w@example.test>
 <xyz@example.test>
Content-Type: multipart/mixed; boundary="b1"

preamble
--b1
Content-Type: text/plain; charset=utf-8

안녕하세요
> quoted

--b1
Content-Type: application/pdf; name="a.pdf"
Content-Disposition: attachment; filename*=utf-8''%ED%95%9C%EA%B8%80.pdf
Content-Transfer-Encoding: base64

QUJD
--b1--
epilogue
`);

test('a two-part message gives structure, envelope, wire forms, preview and attachment mark', () => {
  const message = parseMessage(TWO_PARTS);
  expect(message.size).toBe(TWO_PARTS.length);
  expect(message.envelope).toEqual({
    date: Date.UTC(2026, 10, 2, 6, 4, 3),
    subject: '회의 자료 보냸니다',
    from: [{ name: '김철수', address: 'bob@example.test' }],
    sender: [],
    replyTo: [],
    to: [
      { name: 'Alice Example', address: 'alice@example.test' },
      {
        name: '',
        address: '',
        group: {
          name: 'Friends',
          members: [
            { name: '', address: 'carol@example.test' },
            { name: '', address: 'dave@example.test' },
          ],
        },
      },
    ],
    cc: [],
    bcc: [],
    messageId: '<abc.123@example.test>',
    inReplyTo: [],
    references: ['<w@example.test>', '<xyz@example.test>'],
  });
  const [text, pdf] = message.structure.children;
  expect(TWO_PARTS.toString('utf8', text!.bodyStart, text!.bodyEnd)).toBe('안녕하세요\r\n> quoted\r\n');
  expect(TWO_PARTS.toString('utf8', pdf!.bodyStart, pdf!.bodyEnd)).toBe('QUJD');
  expect(pdf!.filename).toBe('한글.pdf');
  expect(message.preview).toBe('안녕하세요');
  expect(message.hasAttachment).toBe(true);
  expect(message.wire.bodyStructure.toString()).toBe(
    '(("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 27 2 NIL NIL NIL NIL)' +
      '("application" "pdf" ("name" "a.pdf") NIL NIL "base64" 4 NIL ("attachment" ("filename*" "utf-8\'\'%ED%95%9C%EA%B8%80.pdf")) NIL NIL)' +
      ' "mixed" ("boundary" "b1") NIL NIL NIL)',
  );
});

test('a message in single bytes gives the same as in one piece', () => {
  const parser = new MessageParser();
  for (const byte of TWO_PARTS) parser.push(Uint8Array.of(byte));
  expect(parser.end()).toEqual(parseMessage(TWO_PARTS));
});

test('an empty message has a structure', () => {
  const message = parseMessage(Buffer.alloc(0));
  expect(message.structure).toMatchObject({ type: 'text', subtype: 'plain', bodyStart: 0, bodyEnd: 0, lines: 0 });
  expect(message.wire.envelope.toString()).toBe('(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)');
  expect(message.preview).toBe('');
  expect(message.hasAttachment).toBe(false);
});
