/** `:matches` (RFC 5228 §2.7.1): '*' stands for any characters, '?' for one, a backslash takes a wildcard's meaning away. */
import { find } from './find.ts';

/** Between two '*'. */
interface Segment {
  /** Where a '?' stands there is a 0: no text has that character by then. */
  readonly text: string;
  readonly hasAny: boolean;
}

export class Glob {
  readonly #segments: readonly Segment[];

  constructor(pattern: string) {
    const segments: Segment[] = [];
    let text = '';
    let hasAny = false;
    for (let i = 0; i < pattern.length; i += 1) {
      const character = pattern[i]!;
      if (character === '*') {
        segments.push({ text, hasAny });
        text = '';
        hasAny = false;
      } else if (character === '?') {
        text += '\0';
        hasAny = true;
      } else {
        if (character === '\\' && i + 1 < pattern.length) i += 1;
        text += pattern[i] === '\0' ? '\ufffd' : pattern[i]!;
      }
    }
    segments.push({ text, hasAny });
    this.#segments = segments;
  }

  /**
   * What each wildcard stands for, each '*' for as little as can be (RFC 5229 §3.2); undefined when the pattern does not
   * match. `compared` is what the pattern is held against, `original`, of the same length, what is answered from.
   * `charge` is told how much was compared and may throw.
   */
  match(compared: string, original: string, charge: (work: number) => void): string[] | undefined {
    const [first, ...others] = this.#segments;
    const found: string[] = [];
    const take = (from: number, to: number): void => {
      if (found.length < 10) found.push(original.slice(from, to));
    };
    const takeAnys = (segment: Segment, start: number): void => {
      if (!segment.hasAny) return;
      let at = start;
      for (let i = 0; i < segment.text.length; i += 1) {
        const next = at + (segment.text.charCodeAt(i) === 0 ? width(compared, at) : 1);
        if (segment.text.charCodeAt(i) === 0) take(at, next);
        at = next;
      }
    };
    charge(first!.text.length + 1);
    let at = matchAt(compared, first!, 0);
    if (at < 0) return undefined;
    const last = others.pop();
    if (last === undefined) {
      if (at !== compared.length) return undefined;
      takeAnys(first!, 0);
      return found;
    }
    takeAnys(first!, 0);
    for (const segment of others) {
      const start = search(compared, segment, at, charge);
      if (start < 0) return undefined;
      take(at, start);
      takeAnys(segment, start);
      at = matchAt(compared, segment, start);
    }
    charge(last.text.length + 1);
    const start = matchEnd(compared, last);
    if (start < at) return undefined;
    take(at, start);
    takeAnys(last, start);
    return found;
  }
}

function search(text: string, segment: Segment, from: number, charge: (work: number) => void): number {
  if (!segment.hasAny) {
    const start = find(text, segment.text, from);
    charge((start < 0 ? text.length : start) - from + segment.text.length);
    return start;
  }
  const end = new Automaton(segment.text).end(text, from, charge);
  return end < 0 ? -1 : matchEnd(text.slice(0, end), segment);
}

/**
 * All beginnings of a pattern that the text read so far ends with, as bits (shift-and): a character costs as many steps
 * as the pattern has words of 32 bits, however it repeats itself.
 */
class Automaton {
  readonly #words: number;
  readonly #length: number;
  /** Places at which a character may stand: where it is named, or where a '?' is. */
  readonly #places = new Map<number, Uint32Array>();
  readonly #anywhere: Uint32Array;

  constructor(pattern: string) {
    const characters = Array.from(pattern, (character) => character.codePointAt(0)!);
    this.#length = characters.length;
    this.#words = Math.ceil(characters.length / 32);
    this.#anywhere = new Uint32Array(this.#words);
    for (const [i, code] of characters.entries()) if (code === 0) set(this.#anywhere, i);
    for (const [i, code] of characters.entries())
      if (code !== 0)
        set(
          this.#places.getOrInsertComputed(code, () => this.#anywhere.slice()),
          i,
        );
  }

  /** Where the first match after `from` ends, or -1. */
  end(text: string, from: number, charge: (work: number) => void): number {
    const state = new Uint32Array(this.#words);
    const last = this.#length - 1;
    let uncharged = 0;
    for (let at = from; at < text.length; ) {
      const code = text.codePointAt(at)!;
      at += code > 0xffff ? 2 : 1;
      const places = this.#places.get(code) ?? this.#anywhere;
      let carry = 1;
      for (let word = 0; word < state.length; word += 1) {
        const bits = state[word]!;
        state[word] = ((bits << 1) | carry) & places[word]!;
        carry = bits >>> 31;
      }
      if (((state[last >>> 5]! >>> (last & 31)) & 1) === 1) return at;
      uncharged += state.length;
      if (uncharged > 10_000) {
        charge(uncharged);
        uncharged = 0;
      }
    }
    charge(uncharged);
    return -1;
  }
}

function set(bits: Uint32Array, place: number): void {
  bits[place >>> 5]! |= 1 << (place & 31);
}

/** Where the segment ends when it stands at `start`, else -1. */
function matchAt(text: string, segment: Segment, start: number): number {
  const pattern = segment.text;
  if (!segment.hasAny) return text.startsWith(pattern, start) ? start + pattern.length : -1;
  let at = start;
  for (let i = 0; i < pattern.length; i += 1) {
    if (at >= text.length) return -1;
    const code = pattern.charCodeAt(i);
    if (code === 0) at += width(text, at);
    else if (text.charCodeAt(at) === code) at += 1;
    else return -1;
  }
  return at;
}

/** Where the segment starts when it ends the text, else -1. */
function matchEnd(text: string, segment: Segment): number {
  const pattern = segment.text;
  if (!segment.hasAny) return text.endsWith(pattern) ? text.length - pattern.length : -1;
  let at = text.length;
  for (let i = pattern.length - 1; i >= 0; i -= 1) {
    if (at <= 0) return -1;
    const code = pattern.charCodeAt(i);
    if (code === 0) at -= at > 1 && width(text, at - 2) === 2 ? 2 : 1;
    else if (text.charCodeAt(at - 1) === code) at -= 1;
    else return -1;
  }
  return at;
}

/** Code units of the character at `at`. */
function width(text: string, at: number): 1 | 2 {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
