/**
 * The tokenizer (RFC 3501 §9). A command is its line fragments and the literals between them; the decoder walks them
 * synchronously. What is malformed throws `MailError('syntax')`, which becomes BAD.
 */
import { MailError } from '../../../mail/error.ts';
import { afterLogin, type ImapLimits } from '../limits.ts';
import { canonicalPath, nameOnWire } from './mailbox-name.ts';

/** A literal that has been announced but not read: only a command that streams it may take it. */
export interface AnnouncedLiteral {
  readonly size: number;
  /** `{n+}`: its bytes are on their way already. */
  readonly nonSync: boolean;
  /** `~{n}` (RFC 3516). */
  readonly binary: boolean;
}

/** One piece of a command: text up to the end of its line, and the literal announced there. */
export interface Piece {
  /** Without CRLF and without the `{n}`. */
  readonly text: Buffer;
  /** Its bytes, when they have been read. */
  readonly literal?: Buffer;
  /** Present while they have not. */
  readonly announced?: AnnouncedLiteral;
}

/** The parse reached a literal that has not been read yet: read it and parse again. */
export class LiteralNeeded extends Error {}

export function malformed(what: string): MailError {
  return new MailError('syntax', 'syntax', what);
}

// Classes of bytes (RFC 3501 §9), as bits.
const ATOM = 1;
const ASTRING = 2;
const LIST = 4;
const TAG = 8;
const CLASS = new Uint8Array(256);
for (let c = 0x21; c < 0x7f; c++) {
  const ch = String.fromCharCode(c);
  const special = '(){%*"\\]'.includes(ch);
  if (!special) CLASS[c] = ATOM | ASTRING | LIST | TAG;
  if (ch === ']') CLASS[c] = ASTRING | LIST | TAG;
  if (ch === '%' || ch === '*') CLASS[c] = LIST;
  if (ch === '+') CLASS[c] = ATOM | ASTRING | LIST;
}

const SPACE = 0x20;
const QUOTE = 0x22;
const OPEN = 0x28;
const CLOSE = 0x29;
const BACKSLASH = 0x5c;

export class Decoder {
  readonly #pieces: readonly Piece[];
  readonly limits: ImapLimits;
  /** Mailbox names are UTF-8 (RFC 9755 §3, RFC 9051 §5.1). */
  readonly utf8: boolean;
  #piece = 0;
  #pos = 0;
  #depth = 0;
  #text: Buffer;

  constructor(pieces: readonly Piece[], limits: ImapLimits = afterLogin, utf8 = false) {
    this.#pieces = pieces;
    this.limits = limits;
    this.utf8 = utf8;
    this.#text = pieces[0]?.text ?? Buffer.alloc(0);
  }

  /** The next byte; -1 at the end of the text or where a literal stands. */
  peek(): number {
    return this.#pos < this.#text.length ? (this.#text[this.#pos] as number) : -1;
  }

  /** Is the next byte this ASCII character? */
  next(char: string): boolean {
    return this.peek() === char.charCodeAt(0);
  }

  /** Are the next bytes these, letters in any case? */
  nextIs(capitals: string): boolean {
    return this.#text.toString('latin1', this.#pos, this.#pos + capitals.length).toUpperCase() === capitals;
  }

  /** Takes the character if it is next. */
  take(char: string): boolean {
    if (!this.next(char)) return false;
    this.#pos++;
    return true;
  }

  expect(char: string): void {
    if (!this.take(char)) throw malformed(`'${char}' expected`);
  }

  sp(): this {
    if (!this.take(' ')) throw malformed('space expected');
    return this;
  }

  /** Nothing may follow. */
  end(): undefined {
    if (this.#pos < this.#text.length || this.#atLiteral()) throw malformed('end of command expected');
    return undefined;
  }

  atEnd(): boolean {
    return this.#pos >= this.#text.length && !this.#atLiteral();
  }

  tag(): string {
    return this.#run(TAG, 'tag');
  }

  atom(): string {
    return this.#run(ATOM, 'atom');
  }

  /** A keyword of the protocol, in capitals. */
  word(): string {
    return this.atom().toUpperCase();
  }

  /** Takes this keyword, in any case, if it stands here as a whole atom. */
  takeWord(word: string): boolean {
    const end = this.#pos + word.length;
    if (end > this.#text.length) return false;
    if (this.#text.toString('latin1', this.#pos, end).toUpperCase() !== word) return false;
    if (end < this.#text.length && ((CLASS[this.#text[end] as number] as number) & ATOM) !== 0) return false;
    this.#pos = end;
    return true;
  }

  /** Unsigned 32 bits. */
  number(): number {
    const value = this.#digits();
    if (value > 0xffff_ffff) throw malformed('number too large');
    return value;
  }

  /** Unsigned, up to 2^53 - 1 (mod-sequences, RFC 7162, are 63 bits; ours are safe integers, larger ones are capped). */
  number64(): number {
    return Math.min(this.#digits(), Number.MAX_SAFE_INTEGER);
  }

  #digits(): number {
    let value = 0;
    let n = 0;
    for (; ; n++) {
      const c = this.peek();
      if (c < 0x30 || c > 0x39) break;
      if (n >= 19) throw malformed('number too large');
      value = value * 10 + c - 0x30;
      this.#pos++;
    }
    if (n === 0) throw malformed('number expected');
    return value;
  }

  /** A quoted string or a literal, as bytes. */
  string(): Buffer {
    const quoted = this.#string();
    if (quoted === undefined) throw malformed('string expected');
    return quoted;
  }

  /** An atom-like run, a quoted string or a literal, as bytes. */
  astring(): Buffer {
    return this.#string() ?? Buffer.from(this.#run(ASTRING, 'string'), 'latin1');
  }

  /** As text: UTF-8 where it is not ASCII. */
  text(): string {
    return utf8(this.astring());
  }

  /** `NIL` is undefined. */
  nstring(): Buffer | undefined {
    const found = this.#string();
    if (found !== undefined) return found;
    if (this.takeWord('NIL')) return undefined;
    throw malformed('string or NIL expected');
  }

  /** A mailbox name as the store's path. `folder-name` when it is not UTF-8, or not canonical modified UTF-7. */
  mailbox(): string {
    return this.namedMailbox().path;
  }

  /** The same, with the name as it was given. */
  namedMailbox(): NamedMailbox {
    return namedMailbox(this.astring(), this.utf8);
  }

  /** LIST's second argument: a name with wildcards, as it was given; undefined when it can match nothing. */
  listMailbox(): string | undefined {
    return nameOnWire(this.#string() ?? Buffer.from(this.#run(LIST, 'mailbox pattern'), 'latin1'), this.utf8);
  }

  /** A mailbox name or a prefix of one (LIST's reference), likewise. */
  reference(): string | undefined {
    return nameOnWire(this.astring(), this.utf8);
  }

  /** `( ... )`: the elements that `element` reads, at most `limits.list`. */
  list<T>(element: () => T): T[] {
    const items: T[] = [];
    this.open();
    if (!this.next(')')) {
      do {
        if (items.length >= this.limits.list) throw malformed('list too long');
        items.push(element());
      } while (this.take(' '));
    }
    this.close();
    return items;
  }

  open(): void {
    if (this.peek() !== OPEN) throw malformed("'(' expected");
    if (++this.#depth > this.limits.depth) throw malformed('nested too deeply');
    this.#pos++;
  }

  close(): void {
    if (this.peek() !== CLOSE) throw malformed("')' expected");
    this.#depth--;
    this.#pos++;
  }

  /** Guards a recursion that has no parentheses of its own (NOT NOT NOT ...). */
  nested<T>(inner: () => T): T {
    if (++this.#depth > this.limits.depth) throw malformed('nested too deeply');
    const value = inner();
    this.#depth--;
    return value;
  }

  /** The literal that ends the command and that the command reads itself (APPEND). */
  streamed(): AnnouncedLiteral {
    const piece = this.#pieces[this.#piece];
    if (this.#pos < this.#text.length || piece === undefined) throw malformed('literal expected');
    if (piece.announced !== undefined) return piece.announced;
    throw malformed('literal expected');
  }

  /** Raw bytes up to the first that `stop` names. */
  until(stop: string): string {
    const from = this.#pos;
    while (this.#pos < this.#text.length && !stop.includes(String.fromCharCode(this.peek()))) this.#pos++;
    return this.#text.toString('latin1', from, this.#pos);
  }

  #atLiteral(): boolean {
    const piece = this.#pieces[this.#piece];
    return piece !== undefined && (piece.literal !== undefined || piece.announced !== undefined);
  }

  #run(mask: number, what: string): string {
    const from = this.#pos;
    while (this.#pos < this.#text.length && ((CLASS[this.#text[this.#pos] as number] as number) & mask) !== 0) {
      this.#pos++;
    }
    if (this.#pos === from) throw malformed(`${what} expected`);
    return this.#text.toString('latin1', from, this.#pos);
  }

  #string(): Buffer | undefined {
    if (this.peek() === QUOTE) return this.#quoted();
    if (this.#pos < this.#text.length) return undefined;
    const piece = this.#pieces[this.#piece];
    if (piece?.announced !== undefined) throw new LiteralNeeded();
    if (piece?.literal === undefined) return undefined;
    this.#piece++;
    this.#pos = 0;
    this.#text = this.#pieces[this.#piece]?.text ?? Buffer.alloc(0);
    // RFC 9051 §9: only a literal8 may hold NUL, and no string is one.
    if (piece.literal.includes(0)) throw malformed('NUL in a literal');
    return piece.literal;
  }

  #quoted(): Buffer {
    const from = ++this.#pos;
    let escaped = false;
    let high = 0;
    for (; ; this.#pos++) {
      const c = this.peek();
      if (c === QUOTE) break;
      high |= c;
      if (c < SPACE && c !== 0x09) throw malformed(c < 0 ? 'quoted string not closed' : 'control character in string');
      if (c !== BACKSLASH) continue;
      escaped = true;
      this.#pos++;
      const after = this.peek();
      if (after !== QUOTE && after !== BACKSLASH) throw malformed('only " and \\ are escaped in a quoted string');
    }
    const raw = this.#text.subarray(from, this.#pos);
    this.#pos++;
    // RFC 9755 §3. Others send what they like: what a text is in is asked where it is used.
    if (this.utf8 && high >= 0x80) utf8(raw);
    if (!escaped) return raw;
    const plain = Buffer.alloc(raw.length);
    let n = 0;
    for (let i = 0; i < raw.length; i++) {
      if (raw[i] === BACKSLASH) i++;
      plain[n++] = raw[i] as number;
    }
    return plain.subarray(0, n);
  }
}

export interface NamedMailbox {
  /** In the store. */
  readonly path: string;
  /** As the client spells it. */
  readonly given: string;
}

/** In names of mailboxes to be made, one at the end says that there will be others below (RFC 3501 §6.3.3). */
export function withoutSeparator({ path, given }: NamedMailbox): NamedMailbox {
  return path.endsWith('/') ? { path: path.slice(0, -1), given: given.slice(0, -1) } : { path, given };
}

export function namedMailbox(wire: Uint8Array, utf8: boolean): NamedMailbox {
  const given = nameOnWire(wire, utf8);
  if (given === undefined)
    throw new MailError('folder-name', 'user', utf8 ? 'The name is not UTF-8' : 'The name is not modified UTF-7');
  return { path: canonicalPath(given), given };
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function utf8(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    throw malformed('not UTF-8');
  }
}

/** What a line's end announces: `{n}`, `{n+}`, `~{n}`, `~{n+}`; and where its text ends. */
export function announcedLiteral(
  line: Buffer,
): { readonly literal: AnnouncedLiteral; readonly end: number } | undefined {
  let at = line.length - 1;
  if (at < 2 || line[at] !== 0x7d) return undefined; // }
  at--;
  const nonSync = line[at] === 0x2b;
  if (nonSync) at--;
  let size = 0;
  let scale = 1;
  let digits = 0;
  for (; at >= 0; at--, digits++) {
    const c = line[at] as number;
    if (c < 0x30 || c > 0x39) break;
    // Absurd, but announced all the same: what follows is a literal, and refused as one.
    size = digits < 15 ? size + (c - 0x30) * scale : Number.MAX_SAFE_INTEGER;
    scale *= 10;
  }
  if (digits === 0 || line[at] !== 0x7b) return undefined; // {
  const binary = at > 0 && line[at - 1] === 0x7e;
  return { literal: { size, nonSync, binary }, end: binary ? at - 1 : at };
}
