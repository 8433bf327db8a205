/** What has arrived and was not read yet: lines and bytes out of pieces, without copying what lies in one piece. */

const LF = 10;
const CR = 13;
/** So many small pieces are joined into one: a sender of single bytes must not cost a buffer for each. */
const PIECES = 64;
const EMPTY = Buffer.alloc(0);

export type LineFault = 'line-too-long' | 'bare-newline';

export class InputBuffer {
  #pieces: Buffer[] = [];
  /** Where reading stands in the first piece. */
  #pos = 0;
  /** Pieces before this one are known to hold no LF (from `#pos` on). */
  #scanned = 0;
  /** Unread bytes. */
  length = 0;

  push(piece: Buffer): void {
    if (piece.length === 0) return;
    if (this.#pieces.length >= PIECES) this.#join();
    this.#pieces.push(piece);
    this.length += piece.length;
  }

  /** Puts bytes back in front of everything else. */
  unread(piece: Buffer): void {
    if (piece.length === 0) return;
    if (this.#pos > 0) {
      this.#pieces[0] = (this.#pieces[0] as Buffer).subarray(this.#pos);
      this.#pos = 0;
    }
    this.#pieces.unshift(piece);
    this.#scanned = 0;
    this.length += piece.length;
  }

  clear(): void {
    this.#pieces = [];
    this.#pos = this.#scanned = this.length = 0;
  }

  /**
   * The next line without its CRLF; undefined while it has not arrived. A line of more than `limit` bytes (without
   * CRLF) is a fault whether or not its end has come. With `strict` a line that ends in LF alone, or holds a CR, is
   * read over and is a fault; else LF alone ends a line, too.
   */
  takeLine(limit: number, strict: boolean): Buffer | LineFault | undefined {
    let before = 0;
    for (let i = 0; i < this.#pieces.length; i++) {
      const piece = this.#pieces[i] as Buffer;
      const from = i === 0 ? this.#pos : 0;
      const at = i < this.#scanned ? -1 : piece.indexOf(LF, from);
      if (at !== -1) {
        const length = before + at + 1 - from;
        if (length > limit + 2) return 'line-too-long';
        return endOfLine(this.#take(length), limit, strict);
      }
      before += piece.length - from;
    }
    this.#scanned = this.#pieces.length;
    // One byte may be the CR of a line that just fits.
    return before > limit + 1 ? 'line-too-long' : undefined;
  }

  /** Between 1 and `max` bytes, as they lie; undefined when nothing has arrived. */
  takePiece(max: number): Buffer | undefined {
    const first = this.#pieces[0];
    if (first === undefined) return undefined;
    return this.#take(Math.min(max, first.length - this.#pos));
  }

  /** Exactly `size` bytes in one buffer; undefined while they have not all arrived. */
  takeBytes(size: number): Buffer | undefined {
    return this.length < size ? undefined : this.#take(size);
  }

  #take(size: number): Buffer {
    if (size === 0) return EMPTY;
    if ((this.#pieces[0] as Buffer).length - this.#pos < size) this.#join();
    const first = this.#pieces[0] as Buffer;
    const end = this.#pos + size;
    const taken = first.subarray(this.#pos, end);
    this.length -= size;
    if (end < first.length) {
      this.#pos = end;
    } else {
      this.#pieces.shift();
      this.#pos = 0;
      this.#scanned = Math.max(0, this.#scanned - 1);
    }
    return taken;
  }

  #join(): void {
    if (this.#pos > 0) this.#pieces[0] = (this.#pieces[0] as Buffer).subarray(this.#pos);
    const allScanned = this.#scanned === this.#pieces.length;
    this.#pieces = [Buffer.concat(this.#pieces)];
    this.#pos = 0;
    this.#scanned = allScanned ? 1 : 0;
  }
}

function endOfLine(line: Buffer, limit: number, strict: boolean): Buffer | LineFault {
  const crlf = line.length >= 2 && line[line.length - 2] === CR;
  const text = line.subarray(0, line.length - (crlf ? 2 : 1));
  if (text.length > limit) return 'line-too-long';
  if (strict && (!crlf || text.includes(CR))) return 'bare-newline';
  return text;
}
