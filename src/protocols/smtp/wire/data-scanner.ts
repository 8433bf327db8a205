/**
 * The body of a DATA command (RFC 5321 §4.1.1.4, §4.5.2): takes the stuffed dots out and finds the end, in pieces as they
 * arrive. Only CRLF ends a line: a CR or LF of its own is a fault, because two servers that differ about where a line
 * ends can be made to differ about where a message ends (SMTP smuggling). After a fault the true end is still looked for.
 */

export interface DataSink {
  /** Bytes `start` (included) to `end` (excluded) belong to the message. Not kept by the caller. */
  append(bytes: Buffer, start: number, end: number): void;
}

const LF = 10;
const CR = 13;
const DOT = 46;

const LINE_START = 0;
const TEXT = 1;
const AFTER_CR = 2;
/** A dot at the start of a line: stuffed, or the end. */
const AFTER_DOT = 3;
const AFTER_DOT_CR = 4;

export class DataScanner {
  #state = LINE_START;
  /** The end was seen. */
  done = false;
  /** A CR or LF stood alone. */
  bareNewline = false;

  /** Takes a piece; answers how many of its bytes belong to the body (all, unless it is `done`). */
  scan(bytes: Buffer, sink: DataSink): number {
    const length = bytes.length;
    let state = this.#state;
    /** What is not handed over yet begins here. */
    let from = 0;
    let i = 0;
    while (i < length) {
      if (state === TEXT) {
        // Most bytes end here: nothing up to CR can be anything but text.
        while (i < length && (bytes[i] as number) > CR) i++;
        if (i === length) break;
      }
      const byte = bytes[i] as number;
      i++;
      if (byte === CR) {
        if (state === AFTER_DOT) {
          // Held back until it is known whether this is the end.
          if (i - 1 > from) sink.append(bytes, from, i - 1);
          from = i;
          state = AFTER_DOT_CR;
        } else {
          if (state === AFTER_CR || state === AFTER_DOT_CR) this.bareNewline = true;
          state = AFTER_CR;
        }
      } else if (byte === LF) {
        if (state === AFTER_DOT_CR) {
          this.done = true;
          this.#state = LINE_START;
          return i;
        }
        if (state === AFTER_CR) {
          state = LINE_START;
        } else {
          this.bareNewline = true;
          state = TEXT;
        }
      } else if (state === LINE_START && byte === DOT) {
        if (i - 1 > from) sink.append(bytes, from, i - 1);
        from = i;
        state = AFTER_DOT;
      } else {
        if (state === AFTER_CR || state === AFTER_DOT_CR) this.bareNewline = true;
        state = TEXT;
      }
    }
    if (length > from) sink.append(bytes, from, length);
    this.#state = state;
    return length;
  }
}

/** Whether every CR and LF is part of a CRLF, over pieces: what DATA enforces, for messages that come by BDAT. */
export class NewlineCheck {
  #afterCr = false;
  #bare = false;

  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte > CR && !this.#afterCr) continue;
      if ((byte === LF) !== this.#afterCr) this.#bare = true;
      this.#afterCr = byte === CR;
    }
  }

  /** To be asked when all is there: a CR at the very end is bare, too. */
  get bareNewline(): boolean {
    return this.#bare || this.#afterCr;
  }
}
