/** A header block (RFC 5322 §2.2) as fields with offsets; decoding happens when somebody asks. */
import { unfold } from './words.ts';

/** Bytes of a header block that are looked at; the rest is opaque. */
export const MAX_HEADER_BYTES = 1 << 20;
/** Fields that are looked at. */
export const MAX_FIELDS = 10_000;
/** Bytes of one field's value that are looked at. */
export const MAX_VALUE = 512 << 10;

export interface HeaderField {
  /** Lower case. */
  readonly name: string;
  /** Offsets in the block: the whole field with its last line end is `start` to `end`, its value begins at `value`. */
  readonly start: number;
  readonly value: number;
  readonly end: number;
}

/** The fields of a header block in order. Lines that are no fields are skipped. */
export class HeaderBlock {
  /** One character per byte. */
  readonly text: string;
  readonly fields: readonly HeaderField[];
  /** False when a limit was passed: there may be more fields than are seen here. */
  readonly complete: boolean;

  private constructor(text: string, fields: readonly HeaderField[], complete: boolean) {
    this.text = text;
    this.fields = fields;
    this.complete = complete;
  }

  /** With or without the empty line at its end. */
  static parse(bytes: Uint8Array): HeaderBlock {
    const kept = bytes.length > MAX_HEADER_BYTES ? bytes.subarray(0, MAX_HEADER_BYTES) : bytes;
    const text = Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength).toString('latin1');
    const fields = readFields(text);
    return new HeaderBlock(text, fields, kept === bytes && fields.length < MAX_FIELDS);
  }

  /** Value of the first field of this (lower-case) name, unfolded and trimmed, one character per byte. */
  first(name: string): string | undefined {
    for (const field of this.fields) if (field.name === name) return this.valueOf(field);
    return undefined;
  }

  /** Values of all fields of this name. */
  all(name: string): string[] {
    const values: string[] = [];
    for (const field of this.fields) if (field.name === name) values.push(this.valueOf(field));
    return values;
  }

  valueOf(field: HeaderField): string {
    const { text } = this;
    let end = field.end - field.value > MAX_VALUE ? field.value + MAX_VALUE : field.end;
    let start = field.value;
    while (end > start && isWhite(text.charCodeAt(end - 1))) end -= 1;
    while (start < end && isWhite(text.charCodeAt(start))) start += 1;
    return unfold(text.slice(start, end));
  }

  /** The bytes of a field as received, with its folds and line end. */
  bytesOf(field: HeaderField): Buffer {
    return Buffer.from(this.text.slice(field.start, field.end), 'latin1');
  }
}

function readFields(text: string): HeaderField[] {
  const fields: HeaderField[] = [];
  const length = text.length;
  let start = 0;
  while (start < length && fields.length < MAX_FIELDS) {
    let end = text.indexOf('\n', start) + 1;
    if (end === 0) end = length;
    // Folded lines.
    for (;;) {
      const next = text.charCodeAt(end); // NaN at the end
      if (next !== 0x20 && next !== 0x09) break;
      const after = text.indexOf('\n', end) + 1;
      end = after === 0 ? length : after;
    }
    const colon = colonAfterName(text, start, end);
    if (colon > 0) {
      let nameEnd = colon;
      while (isBlank(text.charCodeAt(nameEnd - 1))) nameEnd -= 1;
      fields.push({ name: text.slice(start, nameEnd).toLowerCase(), start, value: colon + 1, end });
    } else if (isEmptyLine(text, start)) break;
    start = end;
  }
  return fields;
}

/** Where the ':' of a field is, or 0 when the line is none. White space may stand before the ':' (RFC 5322 §4.5). */
function colonAfterName(text: string, start: number, end: number): number {
  let i = start;
  for (; i < end; i += 1) {
    const code = text.charCodeAt(i);
    if (code === 0x3a) return i > start ? i : 0;
    if (code <= 0x20 || code >= 0x7f) break;
  }
  if (i === start) return 0;
  while (i < end && isBlank(text.charCodeAt(i))) i += 1;
  return text.charCodeAt(i) === 0x3a && i < end ? i : 0;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function isWhite(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}

function isEmptyLine(text: string, start: number): boolean {
  const code = text.charCodeAt(start);
  return code === 0x0a || (code === 0x0d && text.charCodeAt(start + 1) === 0x0a);
}

/**
 * The fields whose names are in `names` (lower case), or with `except` all others, as received: IMAP's HEADER.FIELDS
 * (RFC 9051 §6.4.5). No limit on the number of fields. Does not add the empty line.
 */
export function selectFields(header: Uint8Array, names: ReadonlySet<string>, except = false): Buffer {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  const longest = Math.max(0, ...Array.from(names, (name) => name.length));
  const pieces: Buffer[] = [];
  /** Where the fields that are kept begin; those side by side are one piece. */
  let kept = -1;
  let start = 0;
  while (start < bytes.length) {
    const first = bytes[start]!;
    if (first === 0x0a || (first === 0x0d && bytes[start + 1] === 0x0a)) break;
    const end = endOfField(bytes, start);
    if (isKept(bytes, start, end, names, longest, except)) {
      if (kept < 0) kept = start;
    } else if (kept >= 0) {
      pieces.push(bytes.subarray(kept, start));
      kept = -1;
    }
    start = end;
  }
  if (kept >= 0) pieces.push(bytes.subarray(kept, start));
  return Buffer.concat(pieces);
}

/** With its folded lines. */
function endOfField(bytes: Buffer, start: number): number {
  let end = start;
  do {
    const lf = bytes.indexOf(0x0a, end);
    if (lf < 0) return bytes.length;
    end = lf + 1;
  } while (bytes[end] === 0x20 || bytes[end] === 0x09);
  return end;
}

function isKept(
  bytes: Buffer,
  start: number,
  end: number,
  names: ReadonlySet<string>,
  longest: number,
  except: boolean,
): boolean {
  // White space may stand before the colon.
  const limit = Math.min(end, start + longest + 20);
  let colon = start;
  while (colon < limit && bytes[colon] !== 0x3a) colon += 1;
  if (colon === limit) return except;
  return names.has(bytes.toString('latin1', start, colon).trimEnd().toLowerCase()) !== except;
}
