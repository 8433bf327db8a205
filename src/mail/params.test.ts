import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { decodeParams, MAX_PARAMS, parseParameterized } from './params.ts';
import { cpuMs } from '../../test/support/cpu.ts';

const decoded = (text: string): [string, string][] => [...decodeParams(parseParameterized(text).params)];

describe('values with parameters', () => {
  test.each([
    ['text/plain', 'text/plain', []],
    ['text/plain; charset=utf-8', 'text/plain', [['charset', 'utf-8']]],
    [
      'text/plain;charset="utf-8";format=flowed',
      'text/plain',
      [
        ['charset', 'utf-8'],
        ['format', 'flowed'],
      ],
    ],
    ['text/plain (comment; with) ; charset=us-ascii (more)', 'text/plain', [['charset', 'us-ascii']]],
    ['text/plain; CharSet = "a\\"b\\\\c"', 'text/plain', [['charset', 'a"b\\c']]],
    ['text/plain; charset="never closed', 'text/plain', [['charset', 'never closed']]],
    ['attachment; filename=a b (1).txt', 'attachment', [['filename', 'a b (1).txt']]],
    [
      'attachment; filename="a;b.txt"; size=3',
      'attachment',
      [
        ['filename', 'a;b.txt'],
        ['size', '3'],
      ],
    ],
    ['a; b; c=d', 'a', [['c', 'd']]],
    ['a; =x; b=', 'a', [['b', '']]],
    [';x=y', '', [['x', 'y']]],
    ['a;', 'a', []],
    ['', '', []],
    ['a (((', 'a', []],
    [
      'a; b="x" garbage; c=d',
      'a',
      [
        ['b', 'x'],
        ['c', 'd'],
      ],
    ],
    ['a; b="\\', 'a', [['b', '\\']]],
  ])('%j', (text, value, params) => {
    const parsed = parseParameterized(text);
    expect(parsed.value).toBe(value);
    expect(parsed.params).toEqual(params);
  });
});

describe('decoded parameters (RFC 2231)', () => {
  test.each([
    ["a; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", [['title', 'This is ***fun***']]],
    [
      "a; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
      [['title', "This is even more ***fun*** isn't it!"]],
    ],
    ['a; url*0="ftp://"; url*1="example.test/"', [['url', 'ftp://example.test/']]],
    ['a; url*1="b"; url*0="a"', [['url', 'ab']]],
    ["a; f=plain; f*=utf-8''%EA%B0%80", [['f', '가']]],
    ["a; f*=utf-8''%EA%B0%80; f=plain", [['f', '가']]],
    ["a; f*0*=utf-8''%EA%B0; f*1*=%80", [['f', '가']]],
    ["a; f*0*=utf-8''%EA%B0%80; f*2*=x", [['f', '가']]],
    ['a; f*=%41%zz', [['f', 'A%zz']]],
    ["a; f*=nonsense''%EA%B0%80", [['f', '가']]],
    ["a; f*=utf-8''a%0D%0Ab", [['f', 'a  b']]],
    ['a; f="=?utf-8?b?6rCA?="', [['f', '가']]],
    ['a; f="=?utf-8?b?6rCA?=\r\n =?utf-8?b?6rCA?="', [['f', '가가']]],
    ['a; f=first; f=second', [['f', 'first']]],
    ['a; f*x*=1; f*=2', [['f', '2']]],
    [
      'a; __proto__=x; constructor=y',
      [
        ['__proto__', 'x'],
        ['constructor', 'y'],
      ],
    ],
    [
      "a; __proto__*0*=utf-8''x; toString*=y",
      [
        ['__proto__', 'x'],
        ['tostring', 'y'],
      ],
    ],
  ])('%j', (text, params) => expect(decoded(text)).toEqual(params));

  test('raw Korean', () => {
    expect(decoded(`a; filename="${iconv.encode('회의 자료.hwp', 'cp949').toString('latin1')}"`)).toEqual([
      ['filename', '회의 자료.hwp'],
    ]);
  });

  test('a million continuations are cut off, quickly (C20)', () => {
    const text = `a;${Array.from({ length: 100_000 }, (_, i) => `name*${i}*=x`).join(';')}`;
    const { params } = parseParameterized(text);
    expect(params).toHaveLength(MAX_PARAMS);
    expect(decodeParams(params).get('name')).toBe('x'.repeat(1000));
    for (const piece of [';', '=', '"', '(', '\\', ';a="', ';a=(', ' ', ';a', ";a*=''"])
      expect(cpuMs(() => decodeParams(parseParameterized(`x${piece.repeat(500_000)}`).params))).toBeLessThan(500);
  });
});
