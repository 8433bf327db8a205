import { describe, expect, test } from 'vitest';
import type { Part } from './message.ts';
import { parseStructure } from './mime.ts';
import { parseMessage } from './parse.ts';
import { PREVIEW_LENGTH, readableText, shownText, unflow } from './text.ts';

const crlf = (text: string): Buffer => Buffer.from(text.replaceAll('\n', '\r\n'));
const preview = (text: string): string => parseMessage(crlf(text)).preview;

describe('previews', () => {
  test.each([
    ['A: b\n\nHello\n  world\t!\n', 'Hello world !'],
    ['A: b\n\nnew text\n\nOn Monday Bob wrote:\n> old text\n> more\n', 'new text'],
    ['A: b\n\n> only a quote\n', '> only a quote'],
    ['A: b\n\ntext\n-- \nBob\nSales\n', 'text'],
    ['A: b\n\n-- \nonly a signature\n', '-- only a signature'],
    ['Content-Type: text/html\n\n<style>x</style><p>Hello&nbsp;<b>you</b></p><p>there</p>', 'Hello you there'],
    [
      'Content-Type: text/html\n\n<div style="display:none">preheader &zwnj;&nbsp;&zwnj;&nbsp;&#847;&#8203;</div>text',
      'preheader text',
    ],
    [
      'Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>html</p>\n--b\n\nplain\n--b--',
      'plain',
    ],
    [
      'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nattached\n--b\nContent-Type: text/html\n\nshown\n--b--',
      'shown',
    ],
    ['Content-Type: multipart/alternative; boundary=b\n\n--b\n\n--b\nContent-Type: text/html\n\nshown\n--b--', 'shown'],
    ['Content-Type: image/png\n\nxxxx', ''],
    [
      'Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n=ED=9A=8C=EC=9D=98',
      '회의',
    ],
    ['A: b\n\n', ''],
    ['A: b\n\n👩‍👩‍👧‍👦 x\u200e\u2066y\u0000z', '👩‍👩‍👧‍👦 x y z'],
  ])('%j', (text, expected) => expect(preview(text)).toBe(expected));

  test('are short, and cut no character', () => {
    expect(preview(`A: b\n\n${'가나다 '.repeat(1000)}`)).toHaveLength(PREVIEW_LENGTH - 1);
    expect(preview(`A: b\n\nx${'👍'.repeat(1000)}`)).toBe(`x${'👍'.repeat(99)}`);
    // Only the beginning is decoded, and that may end within a character.
    expect(preview(`A: b\n\n${' '.repeat(2999)}가나다`)).not.toContain('\ufffd');
  });

  test('look behind a long style sheet', () => {
    expect(preview(`Content-Type: text/html\n\n<style>${'p { color: red }\n'.repeat(1000)}</style><p>found</p>`)).toBe(
      'found',
    );
  });
});

describe('readable text', () => {
  const read = (text: string): string => {
    const raw = crlf(text);
    const part = shownText<Part>(parseStructure(raw))!;
    return readableText(part, raw.subarray(part.bodyStart, part.bodyEnd));
  };
  test('HTML becomes text, in the charset of its meta element when there is no other', () => {
    expect(read('Content-Type: text/html\n\n<p>one</p><p>two</p>')).toBe('one\n\ntwo');
    const euc = Buffer.concat([
      Buffer.from(
        'Content-Type: text/html\r\n\r\n<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">',
      ),
      Buffer.of(0xf0, 0xd2),
    ]);
    const part = parseStructure(euc);
    expect(readableText(part, euc.subarray(part.bodyStart))).toBe('Пр');
  });
  test('flowed lines are joined', () => {
    expect(read('Content-Type: text/plain; format=flowed\n\none \ntwo\n')).toBe('one two\n');
  });
});

describe('format=flowed (RFC 3676)', () => {
  test.each([
    ['a \nb\nc', false, 'a b\nc'],
    ['a \nb', true, 'ab'],
    [' stuffed\n From me', false, 'stuffed\nFrom me'],
    ['> a \n> b\nc', false, '> a b\nc'],
    ['> a \n>> b', false, '> a \n>> b'],
    ['a \n-- \nb', false, 'a \n-- \nb'],
    ['a \n', false, 'a '],
    ['', false, ''],
  ])('%j', (text, deleteSpace, expected) => {
    expect(unflow(text, deleteSpace)).toBe(expected);
    expect(unflow(text.replaceAll('\n', '\r\n'), deleteSpace)).toBe(expected);
  });
});
