/**
 * MIME structure (RFC 2045, 2046) of a raw message in one pass over its bytes. Push it in pieces of any size.
 *
 * Never fails: every byte string has a structure. Lines may end in CRLF or bare LF. A delimiter is a whole line (only
 * white space may follow the boundary), so boundaries that begin alike cannot be mistaken. A delimiter of an outer
 * multipart ends the inner ones. Past a limit things are opaque: a multipart too deep is a leaf, parts too many belong
 * to the body of their parent without being listed.
 */
import { HeaderBlock, MAX_HEADER_BYTES } from './header.ts';
import type { Part } from './message.ts';
import { MimeFields } from './mime-fields.ts';

export interface MimeLimits {
  /** Entities inside entities. */
  readonly depth: number;
  readonly parts: number;
  /** Bytes of one header block that are looked at. */
  readonly header: number;
  /** Bytes of all header blocks of messages (the outer one and message/rfc822) that are kept for their envelopes. */
  readonly headers: number;
  /** Bytes kept from the start of each of the first text parts, for previews. */
  readonly sample: number;
}

export const MIME_LIMITS: MimeLimits = {
  depth: 100,
  parts: 10_000,
  header: MAX_HEADER_BYTES,
  headers: 4 << 20,
  sample: 32 << 10,
};

/** The first text parts of a message are sampled, no more. */
const MAX_SAMPLES = 8;
/** RFC 2046 says 70. */
const MAX_BOUNDARY = 250;
/** Longer lines are no delimiters. */
const MAX_DELIMITER_LINE = 300;
const EMPTY = Buffer.alloc(0);

/** A part as the scanner saw it: what the IMAP structure and previews need besides `Part`. */
export class ScannedPart implements Part {
  readonly headerStart: number;
  bodyStart = 0;
  bodyEnd = 0;
  lines = 0;
  readonly children: ScannedPart[] = [];
  /** Of the outer message and of each message/rfc822's child: its header; undefined where limits were passed. */
  header: HeaderBlock | undefined;
  /** First bytes of the body, still encoded; undefined when the part is not among the first text parts. */
  sample: Buffer | undefined;
  #fields: MimeFields = MimeFields.plain;

  constructor(headerStart: number) {
    this.headerStart = headerStart;
  }

  get fields(): MimeFields {
    return this.#fields;
  }
  set fields(fields: MimeFields) {
    this.#fields = fields;
  }
  get type(): string {
    return this.#fields.type;
  }
  get subtype(): string {
    return this.#fields.subtype;
  }
  get params(): ReadonlyMap<string, string> {
    return this.#fields.params;
  }
  get disposition(): string {
    return this.#fields.disposition;
  }
  get dispositionParams(): ReadonlyMap<string, string> {
    return this.#fields.dispositionParams;
  }
  get filename(): string {
    return this.#fields.filename;
  }
  get encoding(): string {
    return this.#fields.encoding;
  }
  get id(): string {
    return this.#fields.id;
  }
  get description(): string {
    return this.#fields.description;
  }
  get md5(): string {
    return this.#fields.md5;
  }
  get location(): string {
    return this.#fields.location;
  }
  get language(): readonly string[] {
    return this.#fields.language;
  }
}

/** An open entity: the path from the root to where the scanner is. */
interface Open {
  readonly part: ScannedPart;
  readonly isMessage: boolean;
  /** Line feeds before the body. */
  linesBefore: number;
  /** Of a multipart whose closing delimiter has not come. */
  boundary: Boundary | undefined;
}

interface Boundary {
  readonly text: Buffer;
  readonly hash: number;
  /** Where in the path its multipart is. */
  readonly depth: number;
  /** An outer one with the same hash. */
  readonly outer: Boundary | undefined;
}

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
/** Nobody outside can prepare boundaries whose hashes collide. */
const HASH_SEED = Math.floor(Math.random() * 2 ** 31);

export class MimeScanner {
  readonly #limits: MimeLimits;
  readonly #root = new ScannedPart(0);
  readonly #path: Open[] = [];
  readonly #boundaries = new Map<number, Boundary>();
  #parts = 1;
  #headersKept = 0;
  #samples = 0;
  /** Reading a header block; else a body (or preamble, epilogue, an unlisted part). */
  #inHeader = true;
  #ended = false;

  #chunk: Buffer = EMPTY;
  /** Bytes before the chunk. */
  #offset = 0;
  /** Line feeds so far. */
  #lines = 0;
  /** Bytes of the last line end: 2 for CRLF, 1 for LF, 0 before any. */
  #lineEnd = 0;
  /** The line that the chunk before left unfinished: its first bytes, its length and its last byte. */
  readonly #head = Buffer.allocUnsafe(MAX_DELIMITER_LINE);
  #lineLength = 0;
  #lastByte = 0;
  /** What is kept of the current header block, or of the sampled body, from the chunks before. */
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #sampling: ScannedPart | undefined;

  constructor(limits: Partial<MimeLimits> = {}) {
    this.#limits = { ...MIME_LIMITS, ...limits };
    this.#open(this.#root, true);
  }

  /** Bytes pushed so far. */
  get size(): number {
    return this.#offset;
  }

  /** As many parts were found as the limit allows: there may be more. */
  get isCrowded(): boolean {
    return this.#parts >= this.#limits.parts;
  }

  /** The bytes are not kept, except in the parts' `header` and `sample` when the whole message is one chunk. */
  push(chunk: Uint8Array): void {
    if (this.#ended) throw new Error('push after end');
    if (chunk.length === 0) return;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#chunk = bytes;
    let position = this.#lineLength > 0 ? this.#finishLine(bytes) : 0;
    while (position < bytes.length) {
      position = this.#inHeader ? this.#readHeader(bytes, position) : this.#readBody(bytes, position);
    }
    if (this.#inHeader) this.#keep(this.#path.at(-1)!.part.headerStart, this.#limits.header);
    else if (this.#sampling !== undefined) this.#keep(this.#sampling.bodyStart, this.#limits.sample);
    this.#lastByte = bytes[bytes.length - 1]!;
    this.#offset += bytes.length;
    this.#chunk = EMPTY;
  }

  /** The root part. Nothing can be pushed afterwards. */
  end(): ScannedPart {
    if (this.#ended) return this.#root;
    this.#ended = true;
    const end = this.#offset;
    // A delimiter on the last line needs no line end.
    if (this.#lineLength > 2 && this.#lineLength <= MAX_DELIMITER_LINE && this.#head[0] === DASH) {
      this.#delimiter(this.#head, 0, this.#lineLength, end - this.#lineLength);
    }
    while (this.#inHeader) this.#endHeader(end);
    while (this.#path.length > 0) this.#close(end, this.#lines);
    return this.#root;
  }

  /** Completes the line that an earlier chunk began; answers the position after it. */
  #finishLine(bytes: Buffer): number {
    const lf = bytes.indexOf(LF);
    const upTo = lf < 0 ? bytes.length : lf + 1;
    if (this.#lineLength < MAX_DELIMITER_LINE) {
      bytes.copy(this.#head, this.#lineLength, 0, Math.min(upTo, MAX_DELIMITER_LINE - this.#lineLength));
    }
    const start = this.#offset - this.#lineLength;
    this.#lineLength += upTo;
    if (lf < 0) return upTo;
    const length = this.#lineLength;
    this.#lineLength = 0;
    this.#lines += 1;
    this.#line(this.#head, 0, length, start);
    this.#lineEnd = (lf > 0 ? bytes[lf - 1] : this.#lastByte) === CR ? 2 : 1;
    return upTo;
  }

  /** A whole line: `bytes` holds its first MAX_DELIMITER_LINE bytes at `from`; it begins at offset `start`. */
  #line(bytes: Buffer, from: number, length: number, start: number): void {
    const first = bytes[from];
    if (first === DASH) {
      if (length <= MAX_DELIMITER_LINE) this.#delimiter(bytes, from, from + length, start);
    } else if (this.#inHeader && (first === LF || (first === CR && length === 2))) this.#endHeader(start + length);
  }

  #readHeader(bytes: Buffer, from: number): number {
    let start = from;
    while (this.#inHeader && start < bytes.length) {
      const lf = bytes.indexOf(LF, start);
      if (lf < 0) return this.#leaveLine(bytes, start);
      this.#lines += 1;
      const first = bytes[start]!;
      if (first <= DASH) this.#line(bytes, start, lf + 1 - start, this.#offset + start);
      this.#lineEnd = bytes[lf - 1] === CR && lf > start ? 2 : 1;
      start = lf + 1;
    }
    return start;
  }

  #readBody(bytes: Buffer, from: number): number {
    const length = bytes.length;
    let start = from;
    if (this.#boundaries.size === 0) {
      // Nothing can end this body but the end of the message.
      let lines = 0;
      for (; start < length; start += 1) if (bytes[start] === LF) lines += 1;
      this.#lines += lines;
      return length;
    }
    while (start < length) {
      const isCandidate = bytes[start] === DASH;
      let lf = start;
      while (lf < length && bytes[lf] !== LF) lf += 1;
      if (lf === length) return this.#leaveLine(bytes, start);
      this.#lines += 1;
      const isDelimiter =
        isCandidate && lf - start < MAX_DELIMITER_LINE && this.#delimiter(bytes, start, lf + 1, this.#offset + start);
      this.#lineEnd = lf > start && bytes[lf - 1] === CR ? 2 : 1;
      start = lf + 1;
      if (isDelimiter) break;
    }
    return start;
  }

  /** Remembers an unfinished line for the next chunk. */
  #leaveLine(bytes: Buffer, start: number): number {
    this.#lineLength = bytes.length - start;
    bytes.copy(this.#head, 0, start, Math.min(bytes.length, start + MAX_DELIMITER_LINE));
    return bytes.length;
  }

  /** Is this line, which begins at offset `start`, a delimiter of an open multipart? Then acts on it. */
  #delimiter(bytes: Buffer, from: number, to: number, start: number): boolean {
    let end = to;
    while (end > from && isBlank(bytes[end - 1]!)) end -= 1;
    if (end - from <= 2 || bytes[from + 1] !== DASH || this.#boundaries.size === 0) return false;
    let hash = HASH_SEED;
    let shorter = HASH_SEED;
    for (let i = from + 2; i < end; i += 1) {
      if (i === end - 2) shorter = hash;
      hash = mix(hash, bytes[i]!);
    }
    let boundary = this.#find(hash, bytes, from + 2, end);
    let closing = false;
    if (boundary === undefined && end - from > 4 && bytes[end - 1] === DASH && bytes[end - 2] === DASH) {
      boundary = this.#find(shorter, bytes, from + 2, end - 2);
      closing = true;
    }
    if (boundary === undefined) return false;
    // The line end before a delimiter belongs to it (RFC 2046 §5.1.1).
    const bodyEnd = start - this.#lineEnd;
    const lines = this.#lines - (bytes[to - 1] === LF ? 2 : 1);
    while (this.#inHeader) this.#endHeader(bodyEnd);
    while (this.#path.length - 1 > boundary.depth) this.#close(bodyEnd, lines);
    const multipart = this.#path[boundary.depth]!;
    if (closing) this.#forget(multipart);
    else if (this.#parts < this.#limits.parts) {
      const part = new ScannedPart(start + to - from);
      multipart.part.children.push(part);
      this.#parts += 1;
      this.#open(part, false);
    }
    return true;
  }

  #find(hash: number, bytes: Buffer, from: number, to: number): Boundary | undefined {
    let boundary = this.#boundaries.get(hash);
    while (boundary !== undefined) {
      if (boundary.text.length === to - from && boundary.text.compare(bytes, from, to) === 0) return boundary;
      boundary = boundary.outer;
    }
    return undefined;
  }

  #open(part: ScannedPart, isMessage: boolean): void {
    this.#path.push({ part, isMessage, linesBefore: 0, boundary: undefined });
    this.#inHeader = true;
  }

  /** The header block of the innermost entity ends, its body begins at offset `bodyStart`. */
  #endHeader(bodyStart: number): void {
    this.#inHeader = false;
    const open = this.#path.at(-1)!;
    const { part } = open;
    part.bodyStart = Math.max(bodyStart, part.headerStart);
    open.linesBefore = this.#lines;
    const bytes = this.#take(part.headerStart, part.bodyStart, this.#limits.header);
    const header = bytes.length > 2 ? HeaderBlock.parse(bytes) : undefined;
    const parent = open.isMessage ? undefined : this.#path.at(-2)?.part;
    const inDigest = parent?.subtype === 'digest' && parent.type === 'multipart';
    if (header !== undefined || inDigest) part.fields = new MimeFields(header, inDigest);
    if (open.isMessage && this.#headersKept + bytes.length <= this.#limits.headers) {
      part.header = header;
      this.#headersKept += bytes.length;
    }
    const { type, subtype } = part;
    if (type === 'text') this.#sample(part);
    else if (type === 'multipart') this.#expectDelimiters(open);
    else if (type === 'message' && (subtype === 'rfc822' || subtype === 'global') && isIdentity(part.encoding)) {
      if (this.#path.length < this.#limits.depth && this.#parts < this.#limits.parts) {
        const child = new ScannedPart(part.bodyStart);
        part.children.push(child);
        this.#parts += 1;
        this.#open(child, true);
      }
    }
  }

  #expectDelimiters(open: Open): void {
    const boundary = open.part.fields.boundary;
    if (boundary === '' || boundary.length > MAX_BOUNDARY || this.#path.length >= this.#limits.depth) return;
    const text = Buffer.from(boundary, 'latin1');
    let hash = HASH_SEED;
    for (const byte of text) hash = mix(hash, byte);
    open.boundary = { text, hash, depth: this.#path.length - 1, outer: this.#boundaries.get(hash) };
    this.#boundaries.set(hash, open.boundary);
  }

  #sample(part: ScannedPart): void {
    if (this.#samples >= MAX_SAMPLES || part.fields.disposition === 'attachment') return;
    this.#samples += 1;
    this.#sampling = part;
  }

  /** The innermost entity ends at `end`; `lines` line feeds stand before that. */
  #close(end: number, lines: number): void {
    const open = this.#path.pop()!;
    const { part } = open;
    // A line end that is also the end of the header or of a delimiter line belongs to that.
    part.bodyEnd = Math.max(end, part.bodyStart, part.children.at(-1)?.bodyEnd ?? 0);
    part.lines = Math.max(0, lines - open.linesBefore);
    if (this.#sampling === part) {
      part.sample = this.#take(part.bodyStart, part.bodyEnd, this.#limits.sample);
      this.#sampling = undefined;
    }
    this.#forget(open);
  }

  #forget(open: Open): void {
    const { boundary } = open;
    if (boundary === undefined) return;
    open.boundary = undefined;
    // Inner boundaries are gone by now, so this is the first one of its hash.
    if (boundary.outer === undefined) this.#boundaries.delete(boundary.hash);
    else this.#boundaries.set(boundary.hash, boundary.outer);
  }

  /** Copies what the chunk holds of the bytes that begin at offset `start`, up to `limit` in all. */
  #keep(start: number, limit: number): void {
    const from = Math.max(0, start - this.#offset);
    const to = Math.min(this.#chunk.length, from + limit - this.#keptBytes);
    if (to <= from) return;
    this.#kept.push(Buffer.from(this.#chunk.subarray(from, to)));
    this.#keptBytes += to - from;
  }

  /** The bytes from offset `start` to `end`, the first `limit` of them: kept ones and the chunk's. */
  #take(start: number, end: number, limit: number): Buffer {
    const wanted = Math.min(end - start, limit);
    const from = Math.max(0, start - this.#offset);
    if (this.#keptBytes === 0) return this.#chunk.subarray(from, from + wanted);
    const rest = Math.max(0, wanted - this.#keptBytes);
    const all = Buffer.concat([...this.#kept, this.#chunk.subarray(from, from + rest)]);
    this.#kept = [];
    this.#keptBytes = 0;
    return all.subarray(0, wanted);
  }
}

function mix(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === CR || byte === LF;
}

/** Is the body the bytes that stand there? Only then can there be entities inside. */
function isIdentity(encoding: string): boolean {
  return encoding === '7bit' || encoding === '8bit' || encoding === 'binary';
}

/** The structure of a whole message. */
export function parseStructure(raw: Uint8Array, limits?: Partial<MimeLimits>): ScannedPart {
  const scanner = new MimeScanner(limits);
  scanner.push(raw);
  return scanner.end();
}
