import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { canonicalCharset, couldBeCp949, decodeCharset } from './charset.ts';

const cp949 = (text: string): Buffer => iconv.encode(text, 'cp949');
const SYLLABLES = '똠방각하 펲시콜라';

describe('Korean', () => {
  test.each([
    'euc-kr',
    'EUC-KR',
    'ks_c_5601-1987',
    'KS_C_5601-1987',
    'ksc5601',
    'KSC5601',
    'cp949',
    'uhc',
    'windows-949',
    'MS949',
    'korean',
    'iso-ir-149',
    '"euc-kr"',
    'euc-kr*ko',
    'csEUCKR',
    'x-windows-949',
  ])('%s is all of cp949', (label) => expect(decodeCharset(cp949(SYLLABLES), label)).toBe(SYLLABLES));

  test('iso-2022-kr shifts, and shifts back at the end of the line', () => {
    const text = Buffer.from('\x1b$)C\x0e>H3g\x0f hi \x0e>H3g\nplain\x0e>H3g\n', 'latin1');
    expect(decodeCharset(text, 'iso-2022-kr')).toBe('안녕 hi 안녕\nplain안녕\n');
    expect(decodeCharset(text, 'ISO-2022-KR')).toBe('안녕 hi 안녕\nplain안녕\n');
  });
  test('iso-2022-kr under another name, or none, is found by its escape', () => {
    const text = Buffer.from('\x1b$)C\x0e>H3g\x0f', 'latin1');
    for (const label of ['', 'us-ascii', 'euc-kr', 'utf-8']) expect(decodeCharset(text, label)).toBe('안녕');
  });
  test('what iso-2022-kr does not define stays harmless', () => {
    expect(decodeCharset(Buffer.from('\x0e!\x0f', 'latin1'), 'iso-2022-kr')).toBe('\ufffd');
    expect(decodeCharset(cp949('안녕'), 'iso-2022-kr')).toBe('안녕');
  });

  test('johab: syllables, letters, symbols, Hanja', () => {
    const bytes = Buffer.from('99b1a4778862d06120cd5cafa12088418461844420d976f7dbe2d02041', 'hex');
    expect(decodeCharset(bytes, 'johab')).toBe('똠방각하 펲시 ㄱㅏㄳ →韓國 A');
    expect(decodeCharset(Buffer.of(0x88, 0x62, 0xff, 0x41, 0x88), 'johab')).toBe('각\ufffdA\ufffd');
  });
});

describe('labels that lie', () => {
  test.each(['us-ascii', 'iso-8859-1', 'windows-1252', 'euc-kr', 'shift_jis', 'x-nonsense', '', 'big5'])(
    'valid UTF-8 called %j is UTF-8',
    (label) => expect(decodeCharset(Buffer.from('회의 자료입니다'), label)).toBe('회의 자료입니다'),
  );
  test.each(['us-ascii', 'utf-8', 'x-nonsense', ''])('Korean called %j is Korean', (label) =>
    expect(decodeCharset(cp949('회의 자료입니다'), label)).toBe('회의 자료입니다'),
  );
  test.each(['us-ascii', ''])('Western text called %j is Western', (label) =>
    expect(decodeCharset(Buffer.from('détail à côté', 'latin1'), label)).toBe('détail à côté'),
  );
  test('short Korean words that happen to be valid two-byte UTF-8 stay Korean', () => {
    expect(decodeCharset(cp949('카카'), 'euc-kr')).toBe('카카');
  });
  test('UTF-8 that was cut in a character is UTF-8', () => {
    const bytes = Buffer.from('회의 자료');
    expect(decodeCharset(bytes.subarray(0, -1), '').startsWith('회의 자')).toBe(true);
    expect(decodeCharset(bytes.subarray(0, -2), 'utf-8').startsWith('회의 자')).toBe(true);
  });
  test('UTF-8 with one broken byte is still UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('회의 '), Buffer.of(0xff), Buffer.from(' 자료')]);
    expect(decodeCharset(bytes, 'utf-8')).toBe('회의 \ufffd 자료');
  });
  test('a byte order mark is no text', () => {
    expect(decodeCharset(Buffer.from('\ufeffabc가'), 'utf-8')).toBe('abc가');
  });
});

describe('others', () => {
  test.each([
    ['iso-2022-jp', '\x1b$B2q5D\x1b(B ok', '会議 ok'],
    ['utf-7', 'Hi Mom -+Jjo--!', 'Hi Mom -☺-!'],
  ])('%s', (label, bytes, text) => expect(decodeCharset(Buffer.from(bytes, 'latin1'), label)).toBe(text));
  test.each([
    ['gb2312', 'gb18030', '你好，世界'],
    ['big5', 'big5', '會議資料'],
    ['shift_jis', 'shift_jis', '会議の資料'],
    ['euc-jp', 'euc-jp', '会議の資料'],
    ['koi8-r', 'koi8-r', 'Привет'],
    ['windows-1251', 'windows-1251', 'Привет'],
    ['iso-8859-15', 'iso-8859-15', 'prix 5 €'],
    ['iso-8859-1', 'windows-1252', '“quoted” €'],
    ['utf-16le', 'utf-16le', '안녕'],
    ['windows-874', 'windows-874', 'สวัสดี'],
  ])('%s', (label, encoding, text) => expect(decodeCharset(iconv.encode(text, encoding), label)).toBe(text));

  test.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'base64',
    'hex',
    'binary',
    'x'.repeat(1000),
    '\0',
    '🎉',
  ])('the name %j is no charset', (label) => {
    expect(canonicalCharset(label)).toBe('unknown');
    expect(decodeCharset(Buffer.from('abc'), label)).toBe('abc');
  });
});

test('cp949 is recognised strictly', () => {
  expect(couldBeCp949(cp949(SYLLABLES))).toBe(true);
  expect(couldBeCp949(Buffer.from('détail', 'latin1'))).toBe(false);
  expect(couldBeCp949(Buffer.of(0xff, 0xfe))).toBe(false);
  expect(couldBeCp949(Buffer.of(0x80, 0x41))).toBe(false);
});
