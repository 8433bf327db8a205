/**
 * Words of a folded text. Alphabetic scripts are cut into words; Hangul, Han, Kana and scripts without blanks into pairs
 * of neighbours, so that 번역 finds 번역을 and 회의 finds 주간회의록. Every word, and every character of such a script, has a
 * position of its own: a phrase is a row of positions.
 */

/** Characters of a term. A longer word is cut into pieces that overlap by half, so that any part of 32 is in one. */
export const TERM_LENGTH = 64;
const OVERLAP = TERM_LENGTH / 2;
/** Pieces of one word; the rest of it is not searched. */
const MOST_PIECES = 32;

const Class = { other: 0, word: 1, paired: 2 } as const;

const PAIRED =
  /[\p{Script=Hangul}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u3005\u3007\u3099\u309a\u30fc]/u;
const WORD = /[\p{L}\p{N}\p{M}]/u;

function classOf(character: string): number {
  if (PAIRED.test(character) && /[\p{L}\p{N}\p{M}]/u.test(character)) return Class.paired;
  return WORD.test(character) ? Class.word : Class.other;
}

let classes: Uint8Array | undefined;

/** Of the characters that are one code unit, made when first asked for. */
function table(): Uint8Array {
  if (classes) return classes;
  classes = new Uint8Array(0x10000);
  for (let code = 0; code < 0x10000; code++)
    if (code < 0xd800 || code > 0xdfff) classes[code] = classOf(String.fromCharCode(code));
  return classes;
}

/** `start` and `end` are offsets in the folded text. */
export type Emit = (term: string, position: number, start: number, end: number) => void;

export interface Tokenised {
  /** The first position after the text. */
  readonly next: number;
  /** All of it was taken. */
  readonly complete: boolean;
}

/** Positions begin with `position` and end before `limit`. Linear in the text. */
export function tokenise(folded: string, emit: Emit, position = 0, limit = Number.MAX_SAFE_INTEGER): Tokenised {
  const known = table();
  const { length } = folded;
  let at = position;
  let complete = true;
  let i = 0;
  while (i < length) {
    const unit = folded.charCodeAt(i);
    const code = unit >= 0xd800 && unit <= 0xdbff ? folded.codePointAt(i)! : unit;
    const width = code > 0xffff ? 2 : 1;
    const kind = width === 2 ? classOf(String.fromCodePoint(code)) : known[unit]!;
    if (kind === Class.other) {
      i += width;
      continue;
    }
    if (at >= limit) return { next: at, complete: false };
    if (kind === Class.paired) {
      const second = i + width;
      const unit2 = second < length ? folded.charCodeAt(second) : 0;
      let end = second;
      if (unit2 >= 0xd800 && unit2 <= 0xdbff) {
        const code2 = folded.codePointAt(second)!;
        if (code2 > 0xffff && classOf(String.fromCodePoint(code2)) === Class.paired) end = second + 2;
      } else if (known[unit2] === Class.paired) end = second + 1;
      // The last one of a run stands alone, so that it is found as well.
      emit(folded.slice(i, end), at++, i, second);
      i = second;
      continue;
    }
    const start = i;
    i += width;
    while (i < length) {
      const inner = folded.charCodeAt(i);
      if (inner >= 0xd800 && inner <= 0xdbff) {
        const whole = folded.codePointAt(i)!;
        if (whole <= 0xffff || classOf(String.fromCodePoint(whole)) !== Class.word) break;
        i += 2;
      } else if (known[inner] === Class.word) i += 1;
      else break;
    }
    if (i - start <= TERM_LENGTH) {
      emit(folded.slice(start, i), at++, start, i);
      continue;
    }
    let pieces = 0;
    for (let from = start; ; from += OVERLAP) {
      const to = Math.min(i, from + TERM_LENGTH);
      if (pieces++ === MOST_PIECES || at >= limit) {
        complete = false;
        break;
      }
      emit(folded.slice(from, to).toWellFormed(), at++, from, to);
      if (to === i) break;
    }
  }
  return { next: at, complete };
}

/** Is this one character of a script that is kept in pairs? Then pairs that begin with it hold it. */
export function isSinglePaired(term: string): boolean {
  const first = term.codePointAt(0) ?? 0;
  return term.length === (first > 0xffff ? 2 : 1) && classOf(term) === Class.paired;
}

/** Two characters of such a script. */
export function isPair(term: string): boolean {
  const first = term.codePointAt(0) ?? 0;
  const width = first > 0xffff ? 2 : 1;
  return term.length > width && classOf(String.fromCodePoint(first)) === Class.paired;
}
