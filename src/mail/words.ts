/** Encoded words (RFC 2047, with the language tag of RFC 2231), as they are seen in the wild, and raw eight-bit headers. */
import { decodeCharset } from './charset.ts';

/** A word ends within this many characters of its start: keeps broken ones linear. */
const LONGEST_WORD = 4096;

/**
 * Decodes the text of a header field: encoded words, raw eight-bit text (`text` has one character per byte), ISO-2022
 * escapes. Line folds are removed; control characters become spaces, so an encoded line break stays inside its field.
 */
export function decodeWords(text: string, bodyCharset = ''): string {
  const first = text.indexOf('=?');
  if (first < 0) return plain(text, bodyCharset);
  let out = '';
  // Adjacent words in one charset are joined as bytes first: senders cut characters in two.
  let charset = '';
  let pending: Buffer[] = [];
  const flush = (): void => {
    if (pending.length === 0) return;
    out += decodeCharset(pending.length === 1 ? pending[0]! : Buffer.concat(pending), charset);
    pending = [];
  };
  let position = 0;
  let search = first;
  while (search >= 0) {
    const word = readWord(text, search);
    if (word === undefined) {
      search = text.indexOf('=?', search + 2);
      continue;
    }
    const between = text.slice(position, search);
    // White space between two words is dropped (RFC 2047 §6.2).
    if (between !== '' && (pending.length === 0 || !isBlank(between))) {
      flush();
      out += plain(between, bodyCharset);
    }
    if (pending.length > 0 && word.charset !== charset) flush();
    charset = word.charset;
    pending.push(word.bytes);
    position = word.end;
    search = text.indexOf('=?', position);
  }
  flush();
  if (position < text.length) out += plain(text.slice(position), bodyCharset);
  return printable(out);
}

interface Word {
  readonly charset: string;
  readonly bytes: Buffer;
  readonly end: number;
}

/** The word that starts at `start` ('=?'), or undefined. */
function readWord(text: string, start: number): Word | undefined {
  let q = start + 2;
  const charsetLimit = Math.min(text.length, q + 64);
  while (q < charsetLimit && isCharsetCharacter(text.charCodeAt(q))) q += 1;
  if (q === start + 2 || text.charCodeAt(q) !== 0x3f || text.charCodeAt(q + 2) !== 0x3f) return undefined;
  const encoding = text.charCodeAt(q + 1) | 0x20;
  if (encoding !== 0x62 && encoding !== 0x71) return undefined;
  const from = q + 3;
  // A '?' in the text is not allowed but seen: the word ends at '?='; '?=?=' would be a text that ends in '?'.
  const limit = Math.min(text.length, start + LONGEST_WORD);
  let to = from;
  for (;;) {
    to = text.indexOf('?', to);
    if (to < 0 || to >= limit) return undefined;
    if (text.charCodeAt(to + 1) === 0x3d) break;
    if (text.charCodeAt(to - 1) === 0x3d && to > from) return undefined; // another word begins inside
    to += 1;
  }
  const payload = text.slice(from, to);
  const bytes = encoding === 0x62 ? Buffer.from(payload, 'base64') : fromQ(payload);
  return { charset: text.slice(start + 2, q).toLowerCase(), bytes, end: to + 2 };
}

function isCharsetCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x2a && code <= 0x2e) || // * + , - .
    code === 0x5f ||
    code === 0x3a
  );
}

function fromQ(text: string): Buffer {
  const out = Buffer.allocUnsafe(text.length);
  let length = 0;
  for (let i = 0; i < text.length; i += 1) {
    let code = text.charCodeAt(i);
    if (code === 0x5f) code = 0x20;
    else if (code === 0x3d) {
      const value = (hexDigit(text.charCodeAt(i + 1)) << 4) | hexDigit(text.charCodeAt(i + 2));
      if (value >= 0) {
        code = value;
        i += 2;
      }
    } else if (code === 0x0d || code === 0x0a) continue;
    out[length] = code;
    length += 1;
  }
  return out.subarray(0, length);
}

/** -1 when it is none (also for NaN). */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function plain(text: string, bodyCharset: string): string {
  if (!isPlain(text)) return decodeEightBit(text, bodyCharset);
  return text.includes('\t') ? text.replaceAll('\t', ' ') : text;
}

/** ASCII without control characters but tabs? */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code >= 0x7f || (code < 0x20 && code !== 0x09)) return false;
  }
  return true;
}

/**
 * Raw header text (one character per byte) without its encoded words: UTF-8 when valid, else the body's charset, else a
 * guess (Korean first).
 */
export function decodeEightBit(text: string, bodyCharset: string): string {
  if (isPlain(text)) return text;
  return printable(decodeCharset(Buffer.from(unfold(text), 'latin1'), bodyCharset));
}

/** A fold is its line break alone; the white space after it stays (RFC 5322 §2.2.3). */
export function unfold(text: string): string {
  return text.includes('\n') ? text.replaceAll(/\r?\n/g, '') : text;
}

/** Control characters and line separators become spaces. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return /[\0-\x1f\x7f-\x9f\u2028\u2029]/.test(text) ? text.replaceAll(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, ' ') : text;
}

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code !== 0x20 && code !== 0x09 && code !== 0x0d && code !== 0x0a) return false;
  }
  return true;
}

/** Any text as encoded words in UTF-8, base64, each of at most 75 characters, separated by a space. */
export function encodeWords(text: string): string {
  const words: string[] = [];
  let piece = '';
  let size = 0;
  for (const character of text) {
    const bytes = Buffer.byteLength(character);
    if (size + bytes > 45) {
      words.push(piece);
      piece = '';
      size = 0;
    }
    piece += character;
    size += bytes;
  }
  if (piece !== '') words.push(piece);
  return words.map((word) => `=?utf-8?b?${Buffer.from(word).toString('base64')}?=`).join(' ');
}
