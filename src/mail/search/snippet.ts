/** The part of a text in which a query was found, with the hits marked. */
import { fold } from './fold.ts';
import type { QueryTerm, SearchQuery } from './query.ts';
import { stem } from './stem.ts';
import { tokenise } from './tokens.ts';

export interface Snippet {
  readonly text: string;
  /** Offsets of UTF-16 in `text`, ascending, apart from each other. */
  readonly hits: readonly (readonly [start: number, end: number])[];
}

type Phrase = Extract<SearchQuery, { op: 'phrase' }>;

/** Characters of a text that are looked at, and of a snippet. */
const LOOKED_AT = 64 << 10;
const SHOWN = 180;
/** Shown before the first hit. */
const BEFORE = 40;
const MOST_HITS = 20;

/** Of the first of these texts that holds one of the phrases; undefined when none does. */
export function snippetOf(texts: Iterable<string>, phrases: readonly Phrase[]): Snippet | undefined {
  if (phrases.length === 0) return undefined;
  for (const text of texts) {
    const looked = text.slice(0, LOOKED_AT).normalize('NFC').replaceAll(/\s+/g, ' ').trim();
    const hits = hitsIn(looked, phrases);
    if (hits.length > 0) return cut(looked, hits);
  }
  return undefined;
}

/** Where the phrases stand in a text that is NFC. */
export function hitsIn(text: string, phrases: readonly Phrase[]): (readonly [start: number, end: number])[] {
  const { folded, offset } = foldedWithOffsets(text);
  const tokens: { term: string; start: number; end: number }[] = [];
  tokenise(folded, (term, _, start, end) => void tokens.push({ term, start, end }));
  const found: [number, number][] = [];
  for (let i = 0; i < tokens.length; i++)
    for (const { terms } of phrases) {
      if (!terms.every((term) => means(term, tokens[i + term.at - terms[0]!.at]?.term))) continue;
      for (const { at, term } of terms) {
        const token = tokens[i + at - terms[0]!.at]!;
        // A pair is marked whole; where one character was asked for, only that.
        const end = Math.max(token.end, token.start + Math.min(term.length, token.term.length));
        found.push([offset(token.start), offset(end)]);
      }
    }
  return joined(found);
}

function means({ term, match }: QueryTerm, text: string | undefined): boolean {
  if (text === undefined) return false;
  if (match === 'prefix') return text.startsWith(term);
  return text === term || (match === 'stem' && stem(text) === stem(term));
}

function joined(spans: [number, number][]): (readonly [number, number])[] {
  spans.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const all: [number, number][] = [];
  for (const [start, end] of spans) {
    const last = all.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else all.push([start, end]);
  }
  return all;
}

/** The folded text, and where in the text a place of it is. */
function foldedWithOffsets(text: string): { folded: string; offset: (at: number) => number } {
  const whole = fold(text);
  if (whole.length === text.length) return { folded: whole, offset: (at) => at };
  let folded = '';
  const offsets: number[] = [];
  let at = 0;
  for (const character of text) {
    const piece = fold(character);
    for (let i = 0; i < piece.length; i++) offsets.push(at);
    folded += piece;
    at += character.length;
  }
  return { folded, offset: (place) => offsets[place] ?? text.length };
}

function cut(text: string, hits: readonly (readonly [number, number])[]): Snippet {
  let from = Math.max(0, hits[0]![0] - BEFORE);
  // At the beginning of a word, if there is one near.
  if (from > 0) {
    const blank = text.indexOf(' ', from);
    if (blank >= 0 && blank < hits[0]![0]) from = blank + 1;
    else if (isLow(text, from)) from++;
  }
  let to = Math.min(text.length, from + SHOWN);
  if (isLow(text, to)) to--;
  const shown = hits
    .filter(([start, end]) => start >= from && end <= to)
    .slice(0, MOST_HITS)
    .map(([start, end]) => [start - from, end - from] as const);
  return { text: text.slice(from, to), hits: shown };
}

/** The second half of a character. */
function isLow(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
