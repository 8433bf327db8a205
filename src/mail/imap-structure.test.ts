import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { parseMessage } from './parse.ts';

const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'), 'latin1');
const envelope = (header: string): string => parseMessage(crlf(`${header}\n\n`)).wire.envelope.toString();
const bodyStructure = (text: string): string => parseMessage(crlf(text)).wire.bodyStructure.toString();
const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

describe('ENVELOPE', () => {
  test('the example of RFC 3501 §8', () => {
    expect(
      envelope(`Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)
From: Terry Gray <gray@cac.washington.edu>
Subject: IMAP4rev1 WG mtg summary and minutes
To: imap@cac.washington.edu
cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>
Message-Id: <B27397-0100000@cac.washington.edu>`),
    ).toBe(
      '("Wed, 17 Jul 1996 02:23:25 -0700 (PDT)" "IMAP4rev1 WG mtg summary and minutes" ' +
        '(("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) (("Terry Gray" NIL "gray" "cac.washington.edu")) ' +
        '((NIL NIL "imap" "cac.washington.edu")) ((NIL NIL "minutes" "CNRI.Reston.VA.US")("John Klensin" NIL "KLENSIN" "MIT.EDU")) NIL NIL "<B27397-0100000@cac.washington.edu>")',
    );
  });

  const only = (field: string, at: number): string => {
    // Splits the ten members; enough for values without parentheses in strings.
    const text = envelope(field).slice(1, -1);
    const members: string[] = [];
    let depth = 0;
    let start = 0;
    for (let i = 0; i <= text.length; i += 1) {
      if (text[i] === '(') depth += 1;
      if (text[i] === ')') depth -= 1;
      if (depth === 0 && (text[i] === ' ' || i === text.length) && !inString(text.slice(start, i))) {
        members.push(text.slice(start, i));
        start = i + 1;
      }
    }
    expect(members).toHaveLength(10);
    return members[at]!;
  };
  const inString = (text: string): boolean => (text.replaceAll(/\\./g, '').match(/"/g)?.length ?? 0) % 2 === 1;

  test.each([
    ['Subject:', 1, '""'],
    ['X: y', 1, 'NIL'],
    ['Subject: a "b" \\c', 1, '"a \\"b\\" \\\\c"'],
    ['Subject: =?utf-8?b?7ZqM?=\n =?utf-8?b?7ZqM?=', 1, '"=?utf-8?b?7ZqM?= =?utf-8?b?7ZqM?="'],
    [`Subject: ${utf8('회의')}`, 1, `"=?utf-8?b?${Buffer.from('회의').toString('base64')}?="`],
    [
      `Subject: ${iconv.encode('회의', 'cp949').toString('latin1')}`,
      1,
      `"=?utf-8?b?${Buffer.from('회의').toString('base64')}?="`,
    ],
    ['Subject: a\x01b', 1, `"=?utf-8?b?${Buffer.from('a b').toString('base64')}?="`],
    ['From: a@b.test\nSender:\nReply-To: c@d.test', 3, '((NIL NIL "a" "b.test"))'],
    ['From: a@b.test\nReply-To: c@d.test', 4, '((NIL NIL "c" "d.test"))'],
    [
      'To: G: a@b.test, "X Y" <c@d.test>;',
      5,
      '((NIL NIL "G" NIL)(NIL NIL "a" "b.test")("X Y" NIL "c" "d.test")(NIL NIL NIL NIL))',
    ],
    ['To: undisclosed-recipients:;', 5, '((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL))'],
    ['To: <@r.test:a@b.test>', 5, '((NIL "@r.test" "a" "b.test"))'],
    ['To: nobody', 5, '((NIL NIL "nobody" ""))'],
    ['To: a@b.test\nTo: c@d.test', 5, '((NIL NIL "a" "b.test")(NIL NIL "c" "d.test"))'],
    ['Bcc: a@b.test', 7, '((NIL NIL "a" "b.test"))'],
    ['In-Reply-To: <a@b>\n <c@d>', 8, '"<a@b> <c@d>"'],
    ['Message-ID: <a@b> (x)', 9, '"<a@b>"'],
    ['Message-ID: no brackets', 9, '"no brackets"'],
  ])('%j', (field, at, expected) => expect(only(field, at)).toBe(expected));

  test('addresses beyond ASCII are literals in UTF-8', () => {
    expect(envelope(`From: ${utf8('김 <김@한글.test>')}`)).toContain(
      `(("=?utf-8?b?6rmA?=" NIL {3}\r\n김 {11}\r\n한글.test))`,
    );
  });

  test('long strings are literals', () => {
    expect(envelope(`Subject: ${'x'.repeat(2000)}`)).toContain(` {2000}\r\n${'x'.repeat(2000)} NIL`);
  });
});

describe('BODYSTRUCTURE', () => {
  test.each([
    ['A: b\n\nx\n', '("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 3 1 NIL NIL NIL NIL)'],
    ['Content-Type: text/plain\n\nx\n', '("text" "plain" NIL NIL NIL "7bit" 3 1 NIL NIL NIL NIL)'],
    [
      'Content-Type: IMAGE/Gif; Name="a \\"b\\".gif"\nContent-Transfer-Encoding: Base64\nContent-ID: <1@x>\nContent-Description: A picture\nContent-MD5: Q2hl\nContent-Disposition: INLINE; FileName=x.gif\nContent-Language: ko, en\nContent-Location: http://x/\n\nAAAA',
      '("image" "gif" ("name" "a \\"b\\".gif") "<1@x>" "A picture" "base64" 4 "Q2hl" ("inline" ("filename" "x.gif")) ("ko" "en") "http://x/")',
    ],
    [
      'Content-Type: a/b\nContent-Language: ko\nContent-Disposition: attachment\n\n',
      '("a" "b" NIL NIL NIL "7bit" 0 NIL ("attachment" NIL) "ko" NIL)',
    ],
    [
      "Content-Type: a/b; name*0*=utf-8''%EA; name*1=x\n\n",
      '("a" "b" ("name*0*" "utf-8\'\'%EA" "name*1" "x") NIL NIL "7bit" 0 NIL NIL NIL NIL)',
    ],
    [
      `Content-Type: a/b; name="${iconv.encode('회의', 'cp949').toString('latin1')}"\n\n`,
      `("a" "b" ("name" "=?utf-8?b?${Buffer.from('회의').toString('base64')}?=") NIL NIL "7bit" 0 NIL NIL NIL NIL)`,
    ],
    [
      'Content-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/rfc822\n\nSubject: in\n\ny\n--b--\n',
      '(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 1 0 NIL NIL NIL NIL)' +
        '("message" "rfc822" NIL NIL NIL "7bit" 16 (NIL "in" NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 1 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL)' +
        ' "mixed" ("boundary" "b") NIL NIL NIL)',
    ],
    [
      'Content-Type: multipart/mixed; boundary=b\n\nno parts\n',
      '(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 0 0 NIL NIL NIL NIL) "mixed" ("boundary" "b") NIL NIL NIL)',
    ],
    [
      'Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQUJD\n',
      '("message" "rfc822" NIL NIL NIL "base64" 6 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) ("application" "octet-stream" NIL NIL NIL "base64" 6 NIL NIL NIL NIL) 1 NIL NIL NIL NIL)',
    ],
    [
      'Content-Type: message/delivery-status\n\nx',
      '("message" "delivery-status" NIL NIL NIL "7bit" 1 NIL NIL NIL NIL)',
    ],
    // A comment that ends in a backslash at the end of the message.
    ['Content-Type: text/plain (x\\', '("text" "plain" NIL NIL NIL "7bit" 0 0 NIL NIL NIL NIL)'],
  ])('%j', (text, expected) => {
    expect(bodyStructure(text)).toBe(expected);
  });

  test.each(['(', '(\\', 'text/plain (x\\', 'text/plain; a="\\', 'text/plain; a=(\\'])(
    'a header that ends inside a comment or a string: %j (E10)',
    (value) => {
      for (const name of ['Content-Type', 'Content-Disposition', 'Content-Language', 'From', 'Date', 'MIME-Version']) {
        const { wire } = parseMessage(Buffer.from(`${name}: ${value}`));
        expect(wire.bodyStructure.length, name).toBeGreaterThan(0);
        expect(wire.envelope.length, name).toBeGreaterThan(0);
      }
    },
  );

  test('BODY has no extension data', () => {
    const raw = crlf('Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-MD5: x\n\nx\n--b--\n');
    expect(parseMessage(raw).wire.body.toString()).toBe(
      '(("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 1 0) "mixed")',
    );
  });
});
