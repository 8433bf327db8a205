/**
 * A message as a multi-line response (RFC 1939 §3): a line that begins with '.' gets another one before it, and the
 * last line is '.'. Works on the pieces as they come from the store; a piece with nothing to change goes as it is.
 *
 * POP3 knows only CRLF. A message that came with bare line feeds (by import, say) gets them completed, since clients
 * that read by LF would else take a lone '.' in it for the end.
 */

const LF = 0x0a;
const CR = 0x0d;
const DOT = 0x2e;

export class DotStuffing {
  /** The last byte of what was sent; the start of the message counts as the start of a line. */
  #last = LF;

  /** The piece with its dots stuffed. */
  push(piece: Uint8Array): Uint8Array {
    const added = this.#count(piece);
    const last = this.#last;
    this.#last = piece.at(-1) ?? last;
    if (added === 0) return piece;
    const out = new Uint8Array(piece.length + added);
    let from = 0;
    let at = 0;
    const copy = (to: number) => {
      out.set(piece.subarray(from, to), at);
      at += to - from;
      from = to;
    };
    if (last === LF && piece[0] === DOT) out[at++] = DOT;
    for (let lf = piece.indexOf(LF); lf !== -1; lf = piece.indexOf(LF, lf + 1)) {
      if ((lf === 0 ? last : piece[lf - 1]) !== CR) {
        copy(lf);
        out[at++] = CR;
      }
      if (piece[lf + 1] === DOT) {
        copy(lf + 1);
        out[at++] = DOT;
      }
    }
    copy(piece.length);
    return out;
  }

  /** What ends the response. */
  end(): string {
    return this.#last === LF ? '.\r\n' : this.#last === CR ? '\n.\r\n' : '\r\n.\r\n';
  }

  #count(piece: Uint8Array): number {
    let added = this.#last === LF && piece[0] === DOT ? 1 : 0;
    for (let lf = piece.indexOf(LF); lf !== -1; lf = piece.indexOf(LF, lf + 1)) {
      if ((lf === 0 ? this.#last : piece[lf - 1]) !== CR) added++;
      if (piece[lf + 1] === DOT) added++;
    }
    return added;
  }
}

/** TOP (RFC 1939 §7): the header, the empty line, and the first `lines` lines of the body. */
export async function* top(message: AsyncIterable<Uint8Array>, lines: number): AsyncIterable<Uint8Array> {
  let inHeader = true;
  let left = lines;
  /** Of the line so far: how long it is, and with what it begins. */
  let length = 0;
  let first = 0;
  for await (const piece of message) {
    let start = 0;
    for (let lf = piece.indexOf(LF); lf !== -1; start = lf + 1, lf = piece.indexOf(LF, start)) {
      if (length === 0) first = piece[start] ?? 0;
      length += lf - start;
      const blank = length === 0 || (length === 1 && first === CR);
      length = 0;
      if (!inHeader) left--;
      else if (blank) inHeader = false;
      if (!inHeader && left <= 0) {
        yield piece.subarray(0, lf + 1);
        return;
      }
    }
    if (length === 0) first = piece[start] ?? 0;
    length += piece.length - start;
    yield piece;
  }
}
