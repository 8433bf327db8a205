import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fold } from './fold.ts';
import { FoldedText } from './folded-text.ts';
import { stem, stemPrefix } from './stem.ts';
import { TERM_LENGTH, tokenise, Tokens } from './tokens.ts';

const terms = (text: string): string[] => {
  const found: string[] = [];
  tokenise(fold(text), (term, position) => void (found[position] = term));
  return found;
};

const cut = (text: string, most?: number): Tokens => {
  const folded = new FoldedText();
  folded.set(text);
  const tokens = new Tokens();
  tokens.cut(folded.units, folded.length, most);
  return tokens;
};

describe('words of a text', () => {
  test.each([
    ['The Quick-brown fox', ['the', 'quick', 'brown', 'fox']],
    ['번역을 부탁', ['번역', '역을', '을', '부탁', '탁']],
    ['주간회의록', ['주간', '간회', '회의', '의록', '록']],
    ['kim.minsu+tag@example.co.kr', ['kim', 'minsu', 'tag', 'example', 'co', 'kr']],
    ['3분기 보고서_최종v2.xlsx', ['3', '분기', '기', '보고', '고서', '서', '최종', '종', 'v2', 'xlsx']],
    ['1,234.50원 2026-11-21', ['1', '234', '50', '원', '2026', '11', '21']],
    ['ＡＢＣ１２３ ｶﾞｲﾄﾞ', ['abc123', 'ガイ', 'イド', 'ド']],
    ['각'.normalize('NFD'), ['각']],
    ['ΣΊΣΥΦΟΣ straße Ⅳ ﬁn', ['σίσυφοσ', 'straße', 'iv', 'fin']],
    ['soft\u00adhyphen zero\u200bwidth', ['softhyphen', 'zerowidth']],
    ['会議の議事録', ['会議', '議の', 'の議', '議事', '事録', '録']],
    ['𠮷野家 😀 ok', ['𠮷野', '野家', '家', 'ok']],
    ['สวัสดี', ['สว', 'วั', 'ัส', 'สด', 'ดี', 'ี']],
    ['', []],
  ])('%s', (text, expected) => expect(terms(text)).toEqual(expected));

  test('a long word is cut into pieces that overlap', () => {
    const word = Array.from({ length: 300 }, (_, i) => String.fromCharCode(97 + ((i * 7) % 26))).join('');
    const pieces = terms(word);
    expect(pieces.every((piece) => piece.length <= TERM_LENGTH)).toBe(true);
    for (let at = 0; at + 32 <= word.length; at++)
      expect(pieces.some((piece) => piece.includes(word.slice(at, at + 32)))).toBe(true);
    expect(cut('x'.repeat(100_000)).complete).toBe(false);
  });

  test('positions stop at the limit', () => {
    const tokens = cut('a b c d', 2);
    expect([tokens.length, tokens.complete]).toEqual([2, false]);
    expect(cut('a b.', 2).complete).toBe(true);
  });
});

test('text is folded in a buffer as it is in a string, and a term has the same key wherever it stands', () => {
  const special = Array.from(
    'aAéΣςİ각ㄱㅏᄀ\u1161\u11a8ｶガカﾞﾟ１ﬁ\u0301\u200b가ㄳ漢\ufdfa\u0958\u212b… é😀𝒜𐐀\u{2f800}\ud800\udc00',
  );
  const unit = fc.oneof(
    fc.constantFrom(...special),
    fc.nat(0x10ffff).map((code) => String.fromCodePoint(code)),
  );
  const folded = new FoldedText();
  const keys = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), (characters) => {
      const text = characters.join('');
      folded.set(text);
      expect(String.fromCharCode(...folded.units.subarray(0, folded.length))).toBe(fold(text));
      const tokens = cut(text);
      for (const [i, term] of terms(text).entries()) {
        const key = tokens.keys[i]!;
        expect(keys.get(term) ?? key).toBe(key);
        keys.set(term, key);
      }
    }),
    { numRuns: 3000 },
  );
});

test('a part of a text folds to a part of the folded text', () => {
  const text = fc.string({
    unit: fc.constantFrom(...Array.from('aAéΣςİ각ㄱㅏｶガカﾞﾟ１ﬁ\u0301\u200b가ㄳ 漢。é')),
    maxLength: 12,
  });
  fc.assert(
    fc.property(text, text, text, (before, part, after) => {
      const whole = (before + part + after).normalize('NFC').toLowerCase();
      const inner = part.normalize('NFC').toLowerCase();
      // Half-width kana and their marks are one letter: those are not looked up in the index.
      fc.pre(whole.includes(inner) && !/[\uff66-\uff9f]/.test(inner));
      expect(fold(before + part + after).includes(fold(part))).toBe(true);
    }),
    { numRuns: 3000 },
  );
});

describe('stems', () => {
  test.each([
    ['mail mails mailed mailing'],
    ['delivery deliveries'],
    ['box boxes boxed boxing'],
    ['house houses housed housing'],
    ['note notes noted noting'],
    ['run runs running'],
    ['class classes'],
    ['report reports reported reporting'],
    ['create creates created creating'],
  ])('%s are one', (words) => {
    const stems = new Set(words.split(' ').map(stem));
    expect(stems.size).toBe(1);
    for (const word of words.split(' ')) expect(word.startsWith(stemPrefix(stem(word)))).toBe(true);
  });

  test('what is no English word stays', () => {
    for (const word of ['번역을', 'éclairs', 'mp3s', 'is', 'bus', 'sing', 'red', 'x'.repeat(41)])
      expect(stem(word)).toBe(word);
  });

  test('every word begins with the prefix of its stem', () => {
    const word = fc.string({ unit: fc.constantFrom(...Array.from('abeiouylsztdingre')), minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(word, (w) => {
        expect(w.startsWith(stemPrefix(stem(w)))).toBe(true);
      }),
    );
  });
});
