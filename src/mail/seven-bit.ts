/**
 * 8-bit and binary mail as 7-bit text (RFC 6152 §3): each part that is not is encoded, text mostly ASCII as
 * quoted-printable, everything else as base64. What was signed or encrypted by its sender stays as it is, and so does what
 * has 8-bit text where nothing can be encoded (headers, between the parts): such a mail cannot go this way.
 */
import { HeaderBlock } from './header.ts';
import { MimeScanner, type ScannedPart } from './mime.ts';

export type SevenBitPiece =
  /** As it is. */
  | { readonly kind: 'copy'; readonly start: number; readonly end: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'base64' | 'quoted-printable'; readonly start: number; readonly end: number };

/** RFC 5322 §2.1.1, without the CRLF. */
const MAX_LINE = 998;
const SLICE = 1 << 20;
const CR = 13;
const LF = 10;

/** How to write the mail; undefined when it cannot be done. Offsets are those of `raw`. */
export async function planSevenBit(raw: Buffer): Promise<readonly SevenBitPiece[] | undefined> {
  const scanner = new MimeScanner();
  for (let from = 0; from < raw.length; from += SLICE) {
    scanner.push(raw.subarray(from, from + SLICE));
    // A large mail keeps nobody waiting.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const planner = new Planner(raw);
  const root = scanner.end();
  if (!planner.entity(root, raw.length, true)) return undefined;
  return planner.pieces;
}

class Planner {
  readonly pieces: SevenBitPiece[] = [];
  readonly #raw: Buffer;

  constructor(raw: Buffer) {
    this.#raw = raw;
  }

  /** False: it cannot be done. `end`: where the entity ends. */
  entity(part: ScannedPart, end: number, isMessage: boolean): boolean {
    if (this.#isText(part.headerStart, end)) return this.#copy(part.headerStart, end);
    if (!this.#isText(part.headerStart, part.bodyStart)) return false;
    if (part.type === 'multipart') return this.#multipart(part, end, isMessage);
    if (part.type === 'message') return this.#message(part, end, isMessage);
    if (!isIdentity(part.encoding)) return false;
    const encoding = this.#bestFor(part, end);
    this.#header(part, encoding, isMessage);
    this.pieces.push({ kind: encoding, start: part.bodyStart, end });
    return true;
  }

  #multipart(part: ScannedPart, end: number, isMessage: boolean): boolean {
    if (part.subtype === 'signed' || part.subtype === 'encrypted' || part.children.length === 0) return false;
    this.#header(part, '7bit', isMessage);
    let at = part.bodyStart;
    for (const child of part.children) {
      if (!this.#isText(at, child.headerStart)) return false;
      this.#copy(at, child.headerStart);
      at = Math.max(child.bodyEnd, child.headerStart);
      if (!this.entity(child, at, false)) return false;
    }
    return this.#isText(at, end) && this.#copy(at, end);
  }

  /** A mail inside must not be encoded (RFC 2046 §5.2.1), but its parts may. */
  #message(part: ScannedPart, end: number, isMessage: boolean): boolean {
    const [inner] = part.children;
    if (part.subtype !== 'rfc822' || inner === undefined) return false;
    this.#header(part, '7bit', isMessage);
    return this.entity(inner, end, true);
  }

  /** The header with another encoding; what comes after it is the body. */
  #header(part: ScannedPart, encoding: string, isMessage: boolean): void {
    const { headerStart: start, bodyStart } = part;
    const header = HeaderBlock.parse(this.#raw.subarray(start, bodyStart));
    let at = start;
    for (const field of header.fields) {
      if (field.name !== 'content-transfer-encoding') continue;
      this.#copy(at, start + field.start);
      at = start + field.end;
    }
    const last = Math.max(at, start + (header.fields.at(-1)?.end ?? 0));
    this.#copy(at, last);
    const version = isMessage && header.first('mime-version') === undefined ? 'MIME-Version: 1.0\r\n' : '';
    this.pieces.push({ kind: 'text', text: `${version}Content-Transfer-Encoding: ${encoding}\r\n` });
    this.#copy(last, bodyStart);
  }

  #bestFor(part: ScannedPart, end: number): 'base64' | 'quoted-printable' {
    if (part.type !== 'text') return 'base64';
    let others = 0;
    for (let i = part.bodyStart; i < end; i += 1) if ((this.#raw[i] as number) >= 0x80) others += 1;
    return others * 6 > end - part.bodyStart ? 'base64' : 'quoted-printable';
  }

  #copy(start: number, end: number): true {
    if (end > start) this.pieces.push({ kind: 'copy', start, end });
    return true;
  }

  /** ASCII without NUL, lines of at most 998 that end in CRLF and hold no other CR or LF. */
  #isText(start: number, end: number): boolean {
    const raw = this.#raw;
    let lineStart = start;
    for (let i = start; i < end; i += 1) {
      const byte = raw[i] as number;
      if (byte > CR && byte < 0x80) continue;
      if (byte >= 0x80 || byte === 0 || byte === LF) return false;
      if (byte !== CR) continue;
      if (raw[i + 1] !== LF || i - lineStart > MAX_LINE) return false;
      i += 1;
      lineStart = i + 1;
    }
    return end - lineStart <= MAX_LINE;
  }
}

function isIdentity(encoding: string): boolean {
  return encoding === '' || encoding === '7bit' || encoding === '8bit' || encoding === 'binary';
}

/** Bytes that one step encodes: whole lines of base64. */
const STEP = 57 * 512;

/** The mail in the form that was planned, in small pieces. */
export function* writeSevenBit(raw: Buffer, pieces: readonly SevenBitPiece[]): Generator<Buffer> {
  for (const piece of pieces) {
    if (piece.kind === 'text') yield Buffer.from(piece.text, 'latin1');
    else if (piece.kind === 'copy') yield raw.subarray(piece.start, piece.end);
    else if (piece.kind === 'base64') yield* base64(raw, piece.start, piece.end);
    else yield* quotedPrintable(raw, piece.start, piece.end);
  }
}

function* base64(raw: Buffer, start: number, end: number): Generator<Buffer> {
  for (let from = start; from < end; from += STEP) {
    const to = Math.min(end, from + STEP);
    const lines = raw.toString('base64', from, to).match(/.{1,76}/g) ?? [];
    // The line end before a delimiter is the delimiter's.
    yield Buffer.from(lines.join('\r\n') + (to < end ? '\r\n' : ''), 'latin1');
  }
}

const HEX = '0123456789ABCDEF';
/** A soft line break needs one more (RFC 2045 §6.7). */
const QP_LINE = 75;

function* quotedPrintable(raw: Buffer, start: number, end: number): Generator<Buffer> {
  let out = '';
  let column = 0;
  for (let i = start; i < end; i += 1) {
    const byte = raw[i] as number;
    if (byte === CR && raw[i + 1] === LF && i + 1 < end) {
      out += '\r\n';
      column = 0;
      i += 1;
      if (out.length > STEP) {
        yield Buffer.from(out, 'latin1');
        out = '';
      }
      continue;
    }
    // White space at the end of a line would get lost.
    const blank = byte === 0x20 || byte === 0x09;
    const ending = blank && (i + 1 >= end || raw[i + 1] === CR);
    const plain = (byte > 0x20 && byte < 0x7f && byte !== 0x3d) || (blank && !ending);
    const text = plain ? String.fromCharCode(byte) : `=${HEX[byte >> 4]}${HEX[byte & 15]}`;
    if (column + text.length > QP_LINE) {
      out += '=\r\n';
      column = 0;
    }
    out += text;
    column += text.length;
  }
  yield Buffer.from(out, 'latin1');
}
