/**
 * What a session sends. Small answers are gathered and leave together; a long answer goes out in big pieces, waits for a
 * slow reader, and lets others have their turn. An idle session holds no buffer.
 */

import { ConnectionError } from '../../../net/error.ts';
import { encodeMailboxName } from './mailbox-name.ts';

/** Where the bytes go: a connection. */
export interface Sink {
  /** Takes the bytes; the caller does not touch them again. Never waits. */
  write(bytes: Uint8Array): void;
  /** Undefined while the peer keeps up, else resolves once it does. */
  flushed(): Promise<void> | undefined;
  /** Nothing more will go. */
  readonly gone: boolean;
}

const SMALL = 2 * 1024;
const LARGE = 64 * 1024;
/** Bytes above which a piece is handed over as it is instead of being copied. */
const COPIED = 8 * 1024;
/** Milliseconds after which a long answer lets others run. */
const TURN_MS = 10;

const CR = 13;
const LF = 10;
const NONE = Buffer.alloc(0);

export class Output {
  readonly #sink: Sink;
  /** For loops that write bytes themselves: `need(n)`, then at most n bytes at `at`. */
  buffer: Buffer = NONE;
  at = 0;
  /** Mailbox names are told in UTF-8 (RFC 9755 §3, RFC 9051 §5.1). */
  utf8 = false;
  /** Messages are told by their UIDs (RFC 9586 §3.3). */
  uidOnly = false;
  #turnBegan = 0;
  /** Bytes given to the sink since the last pause. */
  #handed = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Makes room for `n` bytes in one piece. */
  need(n: number): void {
    if (this.buffer.length - this.at >= n) return;
    const first = this.buffer.length === 0;
    this.flush();
    this.buffer = Buffer.allocUnsafeSlow(Math.max(n, first ? SMALL : LARGE));
  }

  /** ASCII only. */
  text(text: string): this {
    this.need(text.length);
    this.at += this.buffer.write(text, this.at, 'latin1');
    return this;
  }

  line(text: string): void {
    this.need(text.length + 2);
    this.at += this.buffer.write(text, this.at, 'latin1');
    this.buffer[this.at++] = CR;
    this.buffer[this.at++] = LF;
  }

  bytes(bytes: Uint8Array): this {
    if (bytes.length > COPIED) {
      this.flush();
      this.#hand(bytes);
      return this;
    }
    this.need(bytes.length);
    this.buffer.set(bytes, this.at);
    this.at += bytes.length;
    return this;
  }

  /** Unsigned, a safe integer. */
  number(value: number): this {
    this.need(16);
    this.at = writeNumber(this.buffer, this.at, value);
    return this;
  }

  /** A quoted string where that is possible, else a literal. */
  string(value: string | Uint8Array): this {
    return this.#string(typeof value === 'string' ? Buffer.from(value) : value, 0x7e);
  }

  /** A mailbox name, as a string. */
  mailbox(path: string): this {
    return this.#string(Buffer.from(this.utf8 ? path : encodeMailboxName(path)), 0xff);
  }

  #string(bytes: Uint8Array, highest: number): this {
    if (bytes.length <= 1000 && quotable(bytes, highest)) {
      this.need(bytes.length * 2 + 2);
      const { buffer } = this;
      let at = this.at;
      buffer[at++] = 0x22;
      for (const c of bytes) {
        if (c === 0x22 || c === 0x5c) buffer[at++] = 0x5c;
        buffer[at++] = c;
      }
      buffer[at++] = 0x22;
      this.at = at;
      return this;
    }
    return this.text('{').number(bytes.length).text('}\r\n').bytes(bytes);
  }

  /** Hands everything over. */
  flush(): void {
    const { buffer, at } = this;
    this.buffer = NONE;
    this.at = 0;
    if (at > 0) this.#hand(buffer.subarray(0, at));
  }

  /** Where a long answer begins. */
  begin(): void {
    this.#turnBegan = performance.now();
    this.#handed = 0;
  }

  /** Must `pause` be awaited before more is written? To be asked every few hundred rows of a long answer. */
  mustPause(): boolean {
    return this.#handed >= LARGE || performance.now() - this.#turnBegan > TURN_MS;
  }

  /** Waits for a slow reader, and lets others have their turn. Rejects when the connection is over. */
  async pause(): Promise<void> {
    this.#handed = 0;
    await this.#sink.flushed();
    if (this.#sink.gone) throw new ConnectionError('closed');
    if (performance.now() - this.#turnBegan > TURN_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      this.#turnBegan = performance.now();
    }
  }

  #hand(bytes: Uint8Array): void {
    this.#handed += bytes.length;
    this.#sink.write(bytes);
  }
}

/** What a quoted string may hold: printable ASCII, and above that what the client understands. */
function quotable(bytes: Uint8Array, highest: number): boolean {
  for (const c of bytes) if (c < 0x20 || c === 0x7f || c > highest) return false;
  return true;
}

/** Writes digits; answers the position after them. */
export function writeNumber(buffer: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    buffer[at] = 0x30 + value;
    return at + 1;
  }
  let digits = 1;
  for (let scale = 10; scale <= value; scale *= 10) digits++;
  let left = value;
  for (let i = at + digits - 1; i > at; i--) {
    const rest = Math.trunc(left / 10);
    buffer[i] = 0x30 + (left - rest * 10);
    left = rest;
  }
  buffer[at] = 0x30 + left;
  return at + digits;
}
