/** Encoded words, parameters, dates and ids as they come in: none throws, none stalls, none smuggles control characters. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withoutStall } from '../../test/support/cpu.ts';
import { grammar, RUNS } from '../../test/support/fuzz.ts';
import { parseDate } from './date.ts';
import { decodeParams, parseParameterized } from './params.ts';
import { baseSubject, messageIds } from './thread.ts';
import { decodeWords, encodeWords } from './words.ts';

describe('words and parameters', () => {
  const pieces = [
    '=?',
    '?=',
    '?',
    '=',
    'utf-8',
    'euc-kr',
    'iso-2022-kr',
    'iso-2022-jp',
    'utf-7',
    'utf-16',
    'x',
    '?b?',
    '?q?',
    '?B?',
    '7ZqM',
    '=EC',
    '_',
    ' ',
    '\r\n ',
    '\t',
    '\x1b$)C',
    '\x0e',
    '\x0f',
    '\xc8\xb8',
    '"',
    '\0',
    '=?utf-8?q?a?=',
    '__proto__',
    '*ko',
  ];
  test('encoded words decode to text without control characters', () => {
    fc.assert(
      fc.property(grammar(pieces), fc.constantFrom('', 'euc-kr', 'utf-8', '__proto__'), (text, charset) => {
        const decoded = withoutStall(() => decodeWords(text, charset));
        expect(/[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(decoded)).toBe(false);
      }),
      { numRuns: RUNS },
    );
  });

  test('any text comes back from encoded words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        expect(decodeWords(encodeWords(text))).toBe(
          text.replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, ' ').replace(/^\ufeff/, ''),
        );
      }),
      { numRuns: RUNS },
    );
  });

  test('parameters', () => {
    const some = [
      'a',
      ';',
      '=',
      '"',
      '\\',
      '(',
      ')',
      ' ',
      '*',
      '*0',
      '*1*',
      '*0*',
      "utf-8''",
      '%ED',
      '%9A%8C',
      '%',
      "'",
      'name',
      '__proto__',
      'filename*0*=',
      '\r\n ',
      '\xc8\xb8',
      '=?utf-8?q?x?=',
    ];
    fc.assert(
      fc.property(grammar(some), (text) => {
        const { params } = withoutStall(() => parseParameterized(text));
        for (const [name] of withoutStall(() => decodeParams(params))) expect(name).toBe(name.toLowerCase());
      }),
      { numRuns: RUNS },
    );
  });

  test('dates, message ids, subjects', () => {
    const some = [
      'Mon',
      ', ',
      '02',
      ' ',
      'Nov',
      '2026',
      '15:04',
      ':05',
      '+0900',
      '(KST)',
      'GMT',
      '-',
      '<',
      '>',
      'a@b',
      'Re',
      ':',
      '[',
      ']',
      'Fwd',
      '(fwd)',
      '답장',
      '\t',
      '9',
    ];
    fc.assert(
      fc.property(grammar(some), (text) => {
        const at = withoutStall(() => parseDate(text));
        expect(at === undefined || Number.isFinite(at)).toBe(true);
        for (const id of withoutStall(() => messageIds(text))) expect(id).toMatch(/^<[^<>\s]+>$/);
        const base = withoutStall(() => baseSubject(text)).text;
        expect(base.length).toBeLessThanOrEqual(500);
      }),
      { numRuns: RUNS },
    );
  });
});
