/** The readable text of a message: its first words for lists, or all of it for reading and search. */
import { decodeCharset } from './charset.ts';
import { decodeBody } from './encoding.ts';
import { htmlToText } from './html.ts';
import type { Part } from './message.ts';
import type { ScannedPart } from './mime.ts';

/** Characters of a preview (RFC 8970 §3.1 allows 256). */
export const PREVIEW_LENGTH = 200;
/** Bytes of plain text that are looked at for one: nearly always the first few say it. */
const PREVIEW_BYTES = 3000;
const FIRST_BYTES = 1000;
/** Characters of a line that may introduce a quotation. */
const MOST_INTRODUCTION = 120;

/** First words of the message's text, white space folded, without quotes and signature where something else is there. */
export function preview(root: ScannedPart): string {
  const part = shownText(root, (candidate: ScannedPart) => candidate.sample !== undefined);
  if (part?.sample === undefined) return '';
  if (part.subtype === 'html') return cut(folded(htmlToText(decodeText(part, part.sample), 4 * PREVIEW_LENGTH)));
  if (part.sample.length > FIRST_BYTES) {
    // What stands further down changes at most the last line, which may introduce a quotation.
    const first = folded(withoutQuotes(decodeText(part, part.sample.subarray(0, FIRST_BYTES))));
    if (first.length >= PREVIEW_LENGTH + MOST_INTRODUCTION) return cut(first);
  }
  const text = decodeText(part, part.sample.subarray(0, PREVIEW_BYTES));
  return cut(folded(withoutQuotes(text)) || folded(text));
}

/** The text part that a mail program shows first: text/plain, else text/html, else any text that is no attachment. */
export function shownText<P extends Part>(root: P, usable: (part: P) => boolean = isNotEmpty): P | undefined {
  let best: P | undefined;
  let bestRank = 4;
  const visit = (part: P): void => {
    if (part.type === 'text' && part.disposition !== 'attachment' && usable(part) && isNotEmpty(part)) {
      const rank = part.subtype === 'plain' ? 1 : part.subtype === 'html' ? 2 : 3;
      if (rank < bestRank) {
        best = part;
        bestRank = rank;
      }
    }
    for (const child of part.children) {
      if (bestRank === 1) return;
      visit(child as P);
    }
  };
  visit(root);
  return best;
}

function isNotEmpty(part: Part): boolean {
  return part.bodyEnd > part.bodyStart;
}

/** A text part's body (or its beginning) as text: transfer encoding, charset, and format=flowed undone. */
export function decodeText(part: Part, body: Uint8Array): string {
  const bytes = decodeBody(Buffer.from(body.buffer, body.byteOffset, body.byteLength), part.encoding);
  const charset = part.params.get('charset') ?? (part.subtype === 'html' ? metaCharset(bytes) : '');
  const text = decodeCharset(bytes, charset);
  if (part.params.get('format')?.toLowerCase() !== 'flowed' || part.subtype !== 'plain') return text;
  return unflow(text, part.params.get('delsp')?.toLowerCase() === 'yes');
}

/** The same, but readable: HTML becomes text. */
export function readableText(part: Part, body: Uint8Array): string {
  const text = decodeText(part, body);
  return part.subtype === 'html' ? htmlToText(text) : text;
}

/** `<meta charset=...>` at the beginning of a page. */
function metaCharset(bytes: Buffer): string {
  const head = bytes.toString('latin1', 0, 1024);
  if (!head.includes('charset') && !head.includes('CHARSET')) return '';
  return /<meta[^>]{0,200}charset\s{0,5}=\s{0,5}["']?([\w.:-]{1,40})/i.exec(head)?.[1] ?? '';
}

/** Joins lines that were broken for transport (RFC 3676 §4). */
export function unflow(text: string, deleteSpace: boolean): string {
  let out = '';
  /** The last line flows into the next one, which is to have the same depth. */
  let flowing = false;
  let paragraphDepth = 0;
  for (let at = 0; at <= text.length; ) {
    const newline = text.indexOf('\n', at);
    const next = newline < 0 ? text.length : newline;
    const end = next > at && text.charCodeAt(next - 1) === 0x0d ? next - 1 : next;
    let start = at;
    while (start < end && text.charCodeAt(start) === 0x3e) start += 1;
    const depth = Math.min(start - at, 100);
    if (start < end && text.charCodeAt(start) === 0x20) start += 1;
    const isSignature = end - start === 3 && text.startsWith('-- ', start);
    if (!flowing || depth !== paragraphDepth || isSignature) {
      if (at > 0) out += '\n';
      if (depth > 0) out += `${'>'.repeat(depth)} `;
    }
    paragraphDepth = depth;
    flowing = end > start && text.charCodeAt(end - 1) === 0x20 && !isSignature;
    out += text.slice(start, flowing && deleteSpace ? end - 1 : end);
    at = next + 1;
  }
  return out;
}

/** White space, control and format characters (not the joiner of emoji). */
const INVISIBLE =
  /[\s\0-\x20\x7f-\xa0\u{ad}\u{61c}\u{180e}\u{200b}\u{200c}\u{200e}\u{200f}\u{2028}-\u{202f}\u{205f}-\u{2064}\u{2066}-\u{206f}\u{feff}\u{fffc}]/u;

function isInvisible(unit: number): boolean {
  if (unit <= 0xa0) return unit <= 0x20 || unit >= 0x7f;
  // Of letters beyond these, Hangul and Han among them, none is.
  if (unit >= 0x3001 && unit < 0xfe00) return false;
  return unit === 0x34f || INVISIBLE.test(String.fromCharCode(unit));
}

const SPACE = 0x20;
const foldedUnits = new Uint16Array(PREVIEW_LENGTH + MOST_INTRODUCTION);

/** As much as a preview may need of it: runs of white space become a space, what shows nothing goes. */
function folded(text: string): string {
  const end = Math.min(text.length, PREVIEW_BYTES);
  let length = 0;
  for (let i = 0; i < end && length < foldedUnits.length; i++) {
    const unit = text.charCodeAt(i);
    if (!isInvisible(unit)) foldedUnits[length++] = unit;
    else if (length > 0 && foldedUnits[length - 1] !== SPACE) foldedUnits[length++] = SPACE;
  }
  if (length > 0 && foldedUnits[length - 1] === SPACE && length < foldedUnits.length) length--;
  // A thirtieth of the time that handing them to fromCharCode one by one takes.
  return Buffer.from(foldedUnits.buffer, 0, length * foldedUnits.BYTES_PER_ELEMENT).toString('utf16le');
}

/** At most PREVIEW_LENGTH characters, none cut in half. */
function cut(words: string): string {
  let end = Math.min(words.length, PREVIEW_LENGTH);
  if ((words.charCodeAt(end - 1) & 0xfc00) === 0xd800) end -= 1;
  // The sample may have ended in a character.
  while (end > 0 && end === words.length && words.charCodeAt(end - 1) === 0xfffd) end -= 1;
  return words.slice(0, end).trimEnd();
}

/** Drops quoted lines, the line that introduces them and the signature. */
function withoutQuotes(text: string): string {
  if (!text.includes('>') && !text.includes('-- ')) return text;
  const lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '-- ' || line === '-- \r') break;
    if (line.startsWith('>')) {
      while (lines.length > 0 && lines.at(-1)!.trim() === '') lines.pop();
      const before = lines.at(-1)?.trimEnd();
      if (before !== undefined && before.endsWith(':') && before.length < MOST_INTRODUCTION) lines.pop();
    } else lines.push(line);
  }
  return lines.join('\n');
}
