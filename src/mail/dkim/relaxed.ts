/** The relaxed canonical forms of DKIM (RFC 6376 §3.4.2, §3.4.4): what is hashed in place of what is sent. */
import { createHash } from 'node:crypto';

const TAB = 9;
const LF = 10;
const CR = 13;
const SPACE = 32;

/** One field with its folds, one character per byte; without line end. */
export function relaxedField(field: string): string {
  const colon = field.indexOf(':');
  const name = field.slice(0, colon).trim().toLowerCase();
  const value = field
    .slice(colon + 1)
    .replaceAll(/\r?\n/g, '')
    .replaceAll(/[\t ]+/g, ' ');
  const start = value.startsWith(' ') ? 1 : 0;
  return `${name}:${value.slice(start, value.endsWith(' ') ? -1 : undefined)}`;
}

/** Filled and hashed within one call. */
const scratch = Buffer.allocUnsafe(32 << 10);

/** SHA-256 of a body that comes in pieces. A line ends with CRLF, or with LF alone as verifiers take it; a CR alone is a byte as any other. */
export class RelaxedBody {
  readonly #hash = createHash('sha256');
  #filled = 0;
  /** Line ends and white space count when more follows. */
  #lineEnds = 0;
  #space = false;
  /** The last byte was a CR: what comes decides what it is. */
  #heldCr = false;
  #empty = true;

  push(piece: Uint8Array): void {
    for (let i = 0; i < piece.length; ) {
      const byte = piece[i] as number;
      if (byte === LF) {
        this.#heldCr = this.#space = false;
        this.#lineEnds++;
        i++;
        continue;
      }
      if (this.#heldCr) this.#content(CR);
      this.#heldCr = byte === CR;
      if (byte === SPACE || byte === TAB) this.#space = true;
      if (byte === CR || byte === SPACE || byte === TAB) {
        i++;
        continue;
      }
      this.#content(byte);
      for (i++; i < piece.length && (piece[i] as number) > SPACE; i++) this.#put(piece[i] as number);
    }
    this.#flush();
  }

  /** Base64. */
  end(): string {
    if (this.#heldCr) this.#content(CR);
    // Empty lines at the end do not count, and the last line has an end.
    if (!this.#empty) {
      this.#put(CR);
      this.#put(LF);
    }
    this.#flush();
    return this.#hash.digest('base64');
  }

  #content(byte: number): void {
    for (; this.#lineEnds > 0; this.#lineEnds--) {
      this.#put(CR);
      this.#put(LF);
    }
    if (this.#space) this.#put(SPACE);
    this.#space = this.#empty = false;
    this.#put(byte);
  }

  #put(byte: number): void {
    if (this.#filled === scratch.length) this.#flush();
    scratch[this.#filled++] = byte;
  }

  #flush(): void {
    if (this.#filled > 0) this.#hash.update(scratch.subarray(0, this.#filled));
    this.#filled = 0;
  }
}
