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

/**
 * Of a longer term's UTF-16, like FNV-1a, but from a start and with a factor that are other ones in each process: who knew them
 * could write mails full of words that share a place in the tables, which would then be searched from end to end for each.
 */
const [HASH_START, HASH_PRIME] = secrets();

function secrets(): readonly [start: number, prime: number] {
  const [start, prime] = crypto.getRandomValues(new Uint32Array(2));
  // Odd, so that nothing is lost, and never close to 1.
  return [start!, (prime! | 0x01000003) >>> 0];
}

/** Terms of so many units are their own key. */
export const SHORT_TERM = 2;

/** Where the words of a folded text are, as columns; reused from text to text, so that a word costs no object. */
export class Tokens {
  /** Offsets in the text. */
  starts = new Uint32Array(1024);
  ends = new Uint32Array(1024);
  /** Of a term of one or two units these, the first in the low half; of a longer one a hash, in this process only. */
  keys = new Uint32Array(1024);
  /** Each has the position after the one before it. */
  length = 0;
  /** All words of the text are here. */
  complete = true;

  /** The first `length` of the units; at most `most` words. Linear in the text. */
  cut(units: Uint16Array, length: number, most = Number.MAX_SAFE_INTEGER): void {
    const known = table();
    this.#room(Math.min(length, most));
    const { starts, ends, keys } = this;
    this.length = 0;
    this.complete = true;
    let count = 0;
    for (let i = 0; i < length; ) {
      const unit = units[i]!;
      const wide = (unit & 0xfc00) === 0xd800;
      const kind = wide ? classAt(units, length, i) : known[unit]!;
      if (kind === Class.other) {
        i++;
        continue;
      }
      if (count >= most) {
        this.complete = false;
        break;
      }
      const start = i;
      if (kind === Class.paired) {
        const second = i + (wide ? 2 : 1);
        let end = second;
        if (second < length) {
          const next = units[second]!;
          if ((next & 0xfc00) !== 0xd800) end += known[next] === Class.paired ? 1 : 0;
          else if (classAt(units, length, second) === Class.paired) end += 2;
        }
        // The last one of a run stands alone, so that it is found as well.
        starts[count] = start;
        ends[count] = end;
        keys[count++] = keyOf(units, start, end);
        i = second;
        continue;
      }
      let hash = HASH_START;
      do {
        const inner = units[i]!;
        if ((inner & 0xfc00) === 0xd800) {
          if (classAt(units, length, i) !== Class.word) break;
          hash = Math.imul(hash ^ inner, HASH_PRIME);
          hash = Math.imul(hash ^ units[i + 1]!, HASH_PRIME);
          i += 2;
        } else if (known[inner] === Class.word) {
          hash = Math.imul(hash ^ inner, HASH_PRIME);
          i++;
        } else break;
      } while (i < length);
      if (i - start > TERM_LENGTH) {
        this.length = count;
        if (!this.#pieces(units, start, i, most)) this.complete = false;
        count = this.length;
        continue;
      }
      starts[count] = start;
      ends[count] = i;
      keys[count++] = i - start > SHORT_TERM ? hash : keyOf(units, start, i);
    }
    this.length = count;
  }

  /** Of a word that is too long. False when not all of it is taken. */
  #pieces(units: Uint16Array, start: number, end: number, most: number): boolean {
    let count = 0;
    for (let from = start; ; from += OVERLAP) {
      const to = Math.min(end, from + TERM_LENGTH);
      if (count++ === MOST_PIECES || this.length >= most) return false;
      // Neither begins nor ends between the two halves of a character.
      const first = (units[from]! & 0xfc00) === 0xdc00 ? from + 1 : from;
      const last = (units[to - 1]! & 0xfc00) === 0xd800 ? to - 1 : to;
      this.starts[this.length] = first;
      this.ends[this.length] = last;
      this.keys[this.length++] = keyOf(units, first, last);
      if (to === end) return true;
    }
  }

  /** A text of so many units has no more words. */
  #room(count: number): void {
    if (count <= this.starts.length) return;
    const size = Math.max(count, 2 * this.starts.length);
    this.starts = new Uint32Array(size);
    this.ends = new Uint32Array(size);
    this.keys = new Uint32Array(size);
  }
}

function keyOf(units: Uint16Array, start: number, end: number): number {
  if (end - start === 2) return (units[start]! | (units[start + 1]! << 16)) >>> 0;
  if (end - start === 1) return units[start]!;
  let hash = HASH_START;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ units[i]!, HASH_PRIME);
  return hash;
}

/** Of a character outside the plane that `table` knows; half of one is nothing. */
function classAt(units: Uint16Array, length: number, at: number): number {
  const low = at + 1 < length ? units[at + 1]! : 0;
  return (low & 0xfc00) === 0xdc00 ? classOf(String.fromCharCode(units[at]!, low)) : Class.other;
}

/** `start` and `end` are offsets in the folded text; of a pair, those of its first character. */
export type Emit = (term: string, position: number, start: number, end: number) => void;

/** The words of a short text, one by one. */
export function tokenise(folded: string, emit: Emit): void {
  const units = new Uint16Array(folded.length);
  for (let i = 0; i < units.length; i++) units[i] = folded.charCodeAt(i);
  const tokens = new Tokens();
  tokens.cut(units, units.length);
  for (let i = 0; i < tokens.length; i++) {
    const start = tokens.starts[i]!;
    const term = folded.slice(start, tokens.ends[i]!);
    emit(term, i, start, isPair(term) ? start + widthAt(term) : start + term.length);
  }
}

/** Is this one character of a script that is kept in pairs? Then pairs that begin with it hold it. */
export function isSinglePaired(term: string): boolean {
  return term.length === widthAt(term) && firstClass(term) === Class.paired;
}

/** Two characters of such a script. */
export function isPair(term: string): boolean {
  return term.length > widthAt(term) && firstClass(term) === Class.paired;
}

function firstClass(term: string): number {
  return widthAt(term) === 1 ? table()[term.charCodeAt(0)]! : classOf(term.slice(0, 2));
}

/** Units of the first character. */
function widthAt(term: string): number {
  return (term.codePointAt(0) ?? 0) > 0xffff ? 2 : 1;
}
