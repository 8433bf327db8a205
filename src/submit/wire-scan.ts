/** What a message asks of those who carry it (RFC 6152, RFC 3030, RFC 6532): its bytes are looked at once, on their way in. */

import { createHash } from 'node:crypto';

const LF = 0x0a;
const CR = 0x0d;

export class WireScan {
  /** A byte beyond ASCII. */
  eightBit = false;
  /** One in the header: it is in UTF-8. */
  headerEightBit = false;
  /** NUL, or CR or LF alone: only BDAT carries it. */
  binary = false;
  #inHeader = true;
  #last = 0;
  /** Bytes of the line so far. */
  #column = 0;

  push(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (byte >= 0x80) {
        this.eightBit = true;
        if (this.#inHeader) this.headerEightBit = true;
      } else if (byte === LF) {
        if (this.#last !== CR) this.binary = true;
        else if (this.#column === 1) this.#inHeader = false;
      }
      if (byte === 0 || (this.#last === CR && byte !== LF)) this.binary = true;
      this.#column = byte === LF ? 0 : this.#column + 1;
      this.#last = byte;
    }
  }

  async *through(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of pieces) {
      this.push(piece);
      yield piece;
    }
  }
}

/** SHA-256 of what goes by. */
export class WireDigest {
  readonly #hash = createHash('sha256');

  through(raw: Uint8Array | AsyncIterable<Uint8Array>): Uint8Array | AsyncIterable<Uint8Array> {
    if (!(raw instanceof Uint8Array)) return this.#pieces(raw);
    this.#hash.update(raw);
    return raw;
  }

  async *#pieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of pieces) {
      this.#hash.update(piece);
      yield piece;
    }
  }

  /** Once, when all of it went by. */
  hex(): string {
    return this.#hash.digest('hex');
  }
}
