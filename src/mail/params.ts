/** Values with parameters (RFC 2045 §5.1), their continuations and charsets (RFC 2231), and what is sent instead. */
import { decodeCharset } from './charset.ts';
import { decodeWords, hexDigit, printable } from './words.ts';

/** Parameters beyond this many are not looked at. */
export const MAX_PARAMS = 1000;

/** As written in the field, without the quotes: name in lower case (`filename*0*` keeps its stars), one char per byte. */
export type RawParam = readonly [name: string, value: string];

export interface Parameterized {
  /** Before the first ';', comments removed, as written. */
  readonly value: string;
  readonly params: readonly RawParam[];
}

const NO_PARAMS: readonly RawParam[] = [];

/** Parses an unfolded field value (one character per byte). Never fails: what cannot be understood is left out. */
export function parseParameterized(text: string): Parameterized {
  const end = text.indexOf(';');
  if (end < 0 && !text.includes('(')) return { value: text.trim(), params: NO_PARAMS };
  const head = readValue(text, 0);
  const params: RawParam[] = [];
  let position = head.end;
  while (position < text.length && params.length < MAX_PARAMS) {
    position += 1; // the ';'
    const equals = text.indexOf('=', position);
    if (equals < 0) break;
    const semicolon = text.indexOf(';', position);
    if (semicolon >= 0 && semicolon < equals) {
      position = semicolon; // a parameter without a value
      continue;
    }
    const name = withoutComments(text.slice(position, equals)).trim().toLowerCase();
    const value = readValue(text, equals + 1, name.startsWith('name') || name.startsWith('filename'));
    if (name !== '' && name.length <= 256) params.push([name, value.text]);
    position = value.end;
  }
  return { value: head.text, params };
}

/** A value up to the next ';' outside quotes and comments. Quoted text loses its quotes and backslashes. */
function readValue(text: string, start: number, isFilename = false): { text: string; end: number } {
  let i = start;
  while (i < text.length && isSpace(text.charCodeAt(i))) i += 1;
  if (text.charCodeAt(i) === 0x22) {
    const quoted = readQuoted(text, i);
    const end = text.indexOf(';', quoted.end);
    return { text: quoted.text, end: end < 0 ? text.length : end };
  }
  let end = text.indexOf(';', i);
  if (end < 0) end = text.length;
  const value = text.slice(i, end);
  const comment = value.indexOf('(');
  // `filename=photo (1).jpg` is wrong, seen, and has no comment.
  if (comment < 0 || isFilename) return { text: value.trim(), end };
  // A comment may hold a ';', and begins after white space.
  const at = i + comment;
  if (comment > 0 && !isSpace(text.charCodeAt(at - 1))) return { text: value.trim(), end };
  const after = skipComment(text, at);
  const next = text.indexOf(';', after);
  end = next < 0 ? text.length : next;
  return { text: `${text.slice(i, at)}${text.slice(after, end)}`.trim(), end };
}

/** From the opening quote; an unterminated one runs to the end. */
function readQuoted(text: string, start: number): { text: string; end: number } {
  let out = '';
  let from = start + 1;
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x22) return { text: out + text.slice(from, i), end: i + 1 };
    if (code === 0x5c && i + 1 < text.length) {
      out += text.slice(from, i);
      from = i + 1;
      i += 1;
    }
  }
  return { text: out + text.slice(from), end: text.length };
}

/** Position after the comment that opens at `start`; comments nest. */
export function skipComment(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x5c) i += 1;
    else if (code === 0x28) depth += 1;
    else if (code === 0x29) {
      depth -= 1;
      if (depth === 0) return i + 1;
    }
  }
  return text.length;
}

function withoutComments(text: string): string {
  const open = text.indexOf('(');
  return open < 0 ? text : text.slice(0, open) + text.slice(skipComment(text, open));
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}

const EMPTY: ReadonlyMap<string, string> = new Map<string, string>();

/** Decoded values by base name. `filename*` wins over `filename`; the first of two equal names wins. */
export function decodeParams(params: readonly RawParam[], bodyCharset = ''): ReadonlyMap<string, string> {
  if (params.length === 0) return EMPTY;
  const out = new Map<string, string>();
  let extended: Map<string, Section[]> | undefined;
  for (const [name, value] of params) {
    const star = name.indexOf('*');
    if (star < 0) {
      if (!out.has(name)) out.set(name, decodeWords(value, bodyCharset));
      continue;
    }
    const encoded = name.endsWith('*');
    const number = name.slice(star + 1, encoded ? -1 : undefined);
    const index = star === name.length - 1 ? 0 : sectionNumber(number);
    if (index < 0) continue;
    extended ??= new Map();
    const base = name.slice(0, star);
    const sections = extended.get(base);
    if (sections === undefined) extended.set(base, [{ index, encoded, value }]);
    else sections.push({ index, encoded, value });
  }
  if (extended !== undefined)
    for (const [name, sections] of extended) out.set(name, joinSections(sections, bodyCharset));
  return out;
}

interface Section {
  readonly index: number;
  readonly encoded: boolean;
  readonly value: string;
}

function sectionNumber(text: string): number {
  if (text.length === 0 || text.length > 3) return -1;
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) < 0x30 || text.charCodeAt(i) > 0x39) return -1;
  return Number(text);
}

function joinSections(sections: Section[], bodyCharset: string): string {
  sections.sort((a, b) => a.index - b.index);
  let charset = '';
  let expected = 0;
  let anyEncoded = false;
  const pieces: Buffer[] = [];
  for (const { index, encoded, value } of sections) {
    if (index < expected) continue; // said twice
    if (index > expected && expected > 0) break; // a gap: the rest is lost
    let text = value;
    if (encoded && pieces.length === 0) {
      const language = text.indexOf("'");
      const start = language < 0 ? -1 : text.indexOf("'", language + 1);
      if (start >= 0) {
        charset = text.slice(0, language);
        text = text.slice(start + 1);
      }
    }
    anyEncoded ||= encoded;
    pieces.push(encoded ? fromPercent(text) : Buffer.from(text, 'latin1'));
    expected = index + 1;
  }
  const bytes = Buffer.concat(pieces);
  if (!anyEncoded) return decodeWords(bytes.toString('latin1'), bodyCharset);
  return printable(decodeCharset(bytes, charset));
}

function fromPercent(text: string): Buffer {
  const out = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i += 1) {
    let code = text.charCodeAt(i);
    if (code === 0x25) {
      const value = (hexDigit(text.charCodeAt(i + 1)) << 4) | hexDigit(text.charCodeAt(i + 2));
      if (value >= 0) {
        code = value;
        i += 2;
      }
    }
    out[length] = code;
    length += 1;
  }
  return out.subarray(0, length);
}
