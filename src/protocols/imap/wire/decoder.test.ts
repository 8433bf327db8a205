import { describe, expect, test } from 'vitest';
import { afterLogin, beforeLogin } from '../limits.ts';
import { announcedLiteral, Decoder, LiteralNeeded } from './decoder.ts';

const decode = (text: string): Decoder => new Decoder([{ text: Buffer.from(text, 'latin1') }]);

describe('strings', () => {
  test('atoms, quoted strings and literals are astrings', () => {
    const d = new Decoder([
      { text: Buffer.from('a]b "q\\"\\\\ r" '), literal: Buffer.from('line\r\ntwo') },
      { text: Buffer.from(' tail') },
    ]);
    expect(d.astring().toString()).toBe('a]b');
    expect(d.sp().astring().toString()).toBe('q"\\ r');
    expect(d.sp().astring().toString()).toBe('line\r\ntwo');
    expect(d.sp().atom()).toBe('tail');
    expect(d.end()).toBeUndefined();
  });

  test.each([
    ['a quoted string that is not closed', '"abc'],
    ['an escape of another character', '"a\\b"'],
    ['NUL', '"a\u0000b"'],
    ['a lone carriage return', '"a\rb"'],
    ['nothing', ''],
    ['a parenthesis', '('],
  ])('%s is malformed', (_what, text) => {
    expect(() => decode(text).astring()).toThrow(expect.objectContaining({ code: 'syntax' }));
  });

  test('text that is not UTF-8 is malformed', () => {
    expect(() => decode('"\xff\xfe"').text()).toThrow('not UTF-8');
    expect(decode('"\xec\x95\x88"').text()).toBe('안');
  });

  test('a literal that was not read is asked for, unless the command streams it', () => {
    const pieces = [{ text: Buffer.from('x '), announced: { size: 9, nonSync: false, binary: false } }];
    const d = new Decoder(pieces);
    d.atom();
    d.sp();
    expect(() => d.astring()).toThrow(LiteralNeeded);
    expect(d.streamed().size).toBe(9);
  });

  test('NIL is no string, NILS is none', () => {
    expect(decode('nil').nstring()).toBeUndefined();
    expect(() => decode('NILS').nstring()).toThrow('expected');
  });
});

describe('numbers', () => {
  test('32 bits, no sign, no overflow', () => {
    expect(decode('4294967295').number()).toBe(4294967295);
    for (const bad of ['4294967296', '99999999999999999999', '-1', '', 'x']) {
      expect(() => decode(bad).number()).toThrow(expect.objectContaining({ code: 'syntax' }));
    }
  });

  test('mod-sequences above what we count to are the highest', () => {
    expect(decode('9223372036854775807').number64()).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('limits', () => {
  test('20 levels of parentheses are read, 21 are not', () => {
    const nest = (d: Decoder): unknown => (d.next('(') ? d.list(() => nest(d)) : d.atom());
    const deep = (n: number): string => '('.repeat(n) + 'x' + ')'.repeat(n);
    expect(() => nest(decode(deep(20)))).not.toThrow();
    expect(() => nest(decode(deep(21)))).toThrow('nested too deeply');
  });

  test('a list of 100 before login, of 1000 after', () => {
    const list = (n: number): Buffer => Buffer.from(`(${'a '.repeat(n).trim()})`);
    for (const [limits, n] of [
      [beforeLogin, 100],
      [afterLogin, 1000],
    ] as const) {
      const read = (count: number) => {
        const d = new Decoder([{ text: list(count) }], limits);
        return d.list(() => d.atom()).length;
      };
      expect(read(n)).toBe(n);
      expect(() => read(n + 1)).toThrow('list too long');
    }
  });
});

describe('the end of a line', () => {
  test.each([
    ['A LOGIN {5}', { size: 5, nonSync: false, binary: false }, 8],
    ['A LOGIN {5+}', { size: 5, nonSync: true, binary: false }, 8],
    ['A APPEND x ~{7+}', { size: 7, nonSync: true, binary: true }, 11],
    ['{4294967295}', { size: 4294967295, nonSync: false, binary: false }, 0],
    ['{1234567890123456+}', { size: Number.MAX_SAFE_INTEGER, nonSync: true, binary: false }, 0],
  ])('%s announces a literal', (line, literal, end) => {
    expect(announcedLiteral(Buffer.from(line))).toEqual({ literal, end });
  });

  test.each(['', '}', '{}', '{+}', '{-1}', 'x}', '{5} ', '{5-}'])('%s does not', (line) => {
    expect(announcedLiteral(Buffer.from(line))).toBeUndefined();
  });
});

test('mailbox names come as paths; wrong modified UTF-7 is a wrong name, not a wrong command', () => {
  expect(decode('inBOX').mailbox()).toBe('INBOX');
  expect(decode('"&vBvHQA-/x"').mailbox()).toBe('받은/x');
  expect(() => decode('&AGE-').mailbox()).toThrow(expect.objectContaining({ code: 'folder-name' }));
  expect(decode('&AGE-').listMailbox()).toBeUndefined();
  expect(decode('a/%*').listMailbox()).toBe('a/%*');
});
