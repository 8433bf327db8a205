import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { decodeWords, encodeWords } from './words.ts';
import { cpuMs } from '../../test/support/cpu.ts';

const latin1 = (bytes: Buffer): string => bytes.toString('latin1');

describe('encoded words', () => {
  test.each([
    ['plain', 'plain'],
    ['=?utf-8?Q?caf=C3=A9?=', 'café'],
    ['=?UTF-8?b?7ZqM7J2Y?=', '회의'],
    ['=?utf-8?q?a_b?= =?utf-8?q?c?=', 'a bc'],
    ['=?utf-8?q?a?=\r\n =?utf-8?q?b?=', 'ab'],
    ['=?utf-8?q?a?= x =?utf-8?q?b?=', 'a x b'],
    ['=?utf-8?q?a?=x=?utf-8?q?b?=', 'axb'],
    ['=?utf-8*ko?b?7ZqM?=', '회'],
    ['=?us-ascii?q?Keith_Moore?=', 'Keith Moore'],
    ['=?iso-8859-1?q?Andr=E9?= =?utf-8?q?=C3=A9?=', 'Andréé'],
    ['=?utf-8?q?What??=', 'What?'],
    ['=?utf-8?q?two words?=', 'two words'],
    ['=?utf-8?B?7ZqM\r\n 7J2Y?=', '회의'],
    ['"=?utf-8?b?7ZqM?="', '"회"'],
    ['=?utf-8?b??=', ''],
    ['a\tb', 'a b'],
  ])('%j is %j', (text, decoded) => expect(decodeWords(text)).toBe(decoded));

  test('a character cut in two by two words', () => {
    const bytes = Buffer.from('회의');
    const word = (part: Buffer): string => `=?utf-8?B?${part.toString('base64')}?=`;
    expect(decodeWords(`${word(bytes.subarray(0, 2))} ${word(bytes.subarray(2))}`)).toBe('회의');
    expect(decodeWords(`${word(bytes.subarray(0, 4))}\r\n\t=?utf-8?Q?=9D=98?=`)).toBe('회의');
  });

  test('Korean charsets', () => {
    const word = (charset: string, text: string): string =>
      `=?${charset}?B?${iconv.encode(text, 'cp949').toString('base64')}?=`;
    expect(decodeWords(word('ks_c_5601-1987', '똠방각하'))).toBe('똠방각하');
    expect(decodeWords(`${word('euc-kr', '안')} ${word('euc-kr', '녕')}`)).toBe('안녕');
    expect(decodeWords('=?ISO-2022-KR?B?DhskKUM+SDNnDw==?=')).toContain('안녕');
  });

  test.each([
    '=?utf-8?q?never closed',
    '=?',
    '=?=',
    '=?=?=?=',
    '=??q?x?=',
    '=?utf-8?x?y?=',
    '=?utf 8?q?x?=',
    '?==?',
    '=?utf-8?q',
    '=?utf-8?',
  ])('%j is left as it is', (text) => expect(decodeWords(text)).toBe(text));

  test('a broken word does not hide the next', () => {
    expect(decodeWords('=?utf-8?q?a =?utf-8?q?b?=')).toBe('=?utf-8?q?a b');
  });

  test('a hidden line break cannot begin a new line', () => {
    expect(decodeWords('=?utf-8?q?a=0D=0ABcc:_x?=')).toBe('a  Bcc: x');
    expect(decodeWords('=?utf-8?b?AAEC4oCo?=')).toBe('    ');
  });

  test('names that objects have are no charsets', () => {
    expect(decodeWords('=?__proto__?q?x?= =?constructor?q?y?=')).toBe('xy');
  });
});

describe('raw eight-bit text', () => {
  test('UTF-8 when it is valid', () => expect(decodeWords(latin1(Buffer.from('회의')))).toBe('회의'));
  test('else the charset of the body', () =>
    expect(decodeWords(latin1(iconv.encode('Привет', 'koi8-r')), 'koi8-r')).toBe('Привет'));
  test('else Korean', () => expect(decodeWords(latin1(iconv.encode('회의 자료', 'cp949')))).toBe('회의 자료'));
  test('beside encoded words', () =>
    expect(decodeWords(`${latin1(iconv.encode('회의', 'cp949'))} =?utf-8?b?7ZqM?=`)).toBe('회의 회'));
  test('ISO-2022-KR without a label', () => expect(decodeWords('\x1b$)C\x0e>H3g\x0f!')).toBe('안녕!'));
});

describe('encoding', () => {
  test.each(['회의 자료 '.repeat(30), '👩‍👩‍👧‍👦'.repeat(20), '', 'a', '=?utf-8?q?x?=', ' \t ', 'é'])(
    '%j comes back',
    (text) => {
      const encoded = encodeWords(text);
      expect(decodeWords(encoded)).toBe(text.replaceAll('\t', ' '));
      for (const word of encoded.split(' ')) expect(word.length).toBeLessThanOrEqual(75);
    },
  );
});

test('a megabyte of half words takes no time', () => {
  for (const piece of ['=?', '=?a?b?', '=?a?q?', '?=', '=?utf-8?b?7ZqM?= ', '=?utf-8?q??']) {
    const text = piece.repeat((1 << 20) / piece.length);
    expect(cpuMs(() => decodeWords(text))).toBeLessThan(5000);
  }
});
