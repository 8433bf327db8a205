/**
 * What of a mail may be canonicalized and hashed for a signature (RFC 6376 §3.4) at a cost that grows with its size and no
 * faster. Ordinary mail is far below these limits; what passes them is neither signed nor believed.
 */
import type { HeaderBlock } from './header.ts';

const MAX_HEADER = 192 << 10;
const MAX_FIELDS = 2_000;
/** Of any field. */
const MAX_FIELD = 64 << 10;
/** Of a field that is parsed for its tags or addresses. */
const MAX_PARSED_FIELD = 8 << 10;
/** Folded lines of one field, and of all together. */
const MAX_FOLDS = 500;
const MAX_ALL_FOLDS = 4_000;
/** Of a line of the body. RFC 5322 §2.1.1 allows 998. */
const MAX_LINE = 64 << 10;
/** One after the other: whoever hashes holds them back until it is known that more follows, and then all come at once. */
const MAX_EMPTY_LINES = 10_000;

const PARSED: ReadonlySet<string> = new Set([
  'from',
  'return-path',
  'content-type',
  'dkim-signature',
  'arc-seal',
  'arc-message-signature',
  'arc-authentication-results',
]);

/** Why this header is not one to sign or to verify; undefined when it is. */
export function unsignableHeader(header: HeaderBlock): string | undefined {
  const { fields, text, complete } = header;
  if (!complete || text.length > MAX_HEADER) return 'the header is too long';
  if (fields.length > MAX_FIELDS) return 'there are too many header fields';
  let folds = 0;
  for (const { name, start, end } of fields) {
    if (end - start > (PARSED.has(name) ? MAX_PARSED_FIELD : MAX_FIELD)) return 'a header field is too long';
    let lines = 0;
    for (let at = text.indexOf('\n', start); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) lines += 1;
    folds += lines - 1;
    if (lines > MAX_FOLDS || folds > MAX_ALL_FOLDS) return 'the header has too many lines';
  }
  return undefined;
}

/** Watches a body, or a whole message, that comes in pieces. */
export class LineWatch {
  #length = 0;
  /** Nothing but white space so far in this line. */
  #empty = true;
  #emptyLines = 0;
  /** A line is so long, or so many follow each other that are empty, that hashing it is not worth what it costs. */
  exceeded = false;

  push(piece: Uint8Array): void {
    let from = 0;
    while (!this.exceeded && from < piece.length) {
      const found = piece.indexOf(0x0a, from);
      const end = found < 0 ? piece.length : found;
      this.#length += end - from;
      for (let i = from; i < end && this.#empty; i += 1) this.#empty = isBlank(piece[i] as number);
      if (!this.#empty) this.#emptyLines = 0;
      if (this.#length > MAX_LINE) this.exceeded = true;
      if (found < 0) return;
      if (this.#empty && ++this.#emptyLines > MAX_EMPTY_LINES) this.exceeded = true;
      this.#length = 0;
      this.#empty = true;
      from = end + 1;
    }
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
