/**
 * The body as it goes on the wire (RFC 5321 §4.5.2): every line ends in CRLF, and with DATA a dot at the start of a line is
 * doubled. A CR or LF that stands alone becomes a CRLF before dots are looked for, so that no server, however it reads
 * line ends, finds an end of the message where we see none (SMTP smuggling).
 */

const LF = 10;
const CR = 13;
const DOT = 46;
const CRLF = Buffer.from('\r\n');
const DOT_BYTE = Buffer.from('.');
/** Smaller pieces are joined before they go out. */
export const BLOCK = 64 << 10;

export class Framer {
  readonly #stuff: boolean;
  #lineStart = true;
  /** The last byte was a CR: what comes decides what it is. */
  #heldCr = false;

  /** `stuff`: for DATA. */
  constructor(options: { readonly stuff: boolean }) {
    this.#stuff = options.stuff;
  }

  /** The bytes to send for these, as views of them where nothing changes. */
  push(piece: Uint8Array): Buffer[] {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const out: Buffer[] = [];
    const length = bytes.length;
    if (length === 0) return out;
    let from = 0;
    let i = 0;
    if (this.#heldCr) {
      this.#heldCr = false;
      this.#lineStart = true;
      out.push(CRLF);
      if (bytes[0] === LF) i = from = 1;
    }
    while (i < length) {
      if (this.#lineStart && bytes[i] === DOT && this.#stuff) {
        if (i > from) out.push(bytes.subarray(from, i));
        out.push(DOT_BYTE);
        from = i;
        i += 1;
        this.#lineStart = false;
        continue;
      }
      let byte = bytes[i] as number;
      if (byte !== CR && byte !== LF) {
        this.#lineStart = false;
        do i += 1;
        while (i < length && (byte = bytes[i] as number) !== CR && byte !== LF);
        if (i === length) break;
      }
      this.#lineStart = true;
      if (byte === CR && bytes[i + 1] === LF) {
        i += 2;
        continue;
      }
      if (i > from) out.push(bytes.subarray(from, i));
      i += 1;
      from = i;
      if (byte === CR && i === length) {
        this.#heldCr = true;
        this.#lineStart = false;
      } else out.push(CRLF);
    }
    if (length > from) out.push(bytes.subarray(from));
    return out;
  }

  /** What is missing for the last line to be one, and with DATA the end itself. */
  end(): Buffer {
    const line = this.#lineStart ? '' : '\r\n';
    return Buffer.from(this.#stuff ? `${line}.\r\n` : line);
  }
}

/** A body in blocks of one size; the last one may be smaller, or empty. */
export interface Block {
  readonly bytes: Buffer;
  readonly last: boolean;
}

export function framed(
  body: AsyncIterable<Uint8Array>,
  { stuff, block = BLOCK }: { readonly stuff: boolean; readonly block?: number },
): AsyncGenerator<Block> {
  const framer = new Framer({ stuff });
  return blocks(
    body,
    (piece) => framer.push(piece),
    () => framer.end(),
    block,
  );
}

/** The same without a change, for BINARYMIME (RFC 3030), where no byte means anything. */
export function asItIs(body: AsyncIterable<Uint8Array>, block = BLOCK): AsyncGenerator<Block> {
  return blocks(
    body,
    (piece) => [piece],
    () => Buffer.alloc(0),
    block,
  );
}

async function* blocks(
  body: AsyncIterable<Uint8Array>,
  push: (piece: Uint8Array) => readonly Uint8Array[],
  end: () => Buffer,
  block: number,
): AsyncGenerator<Block> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    for (const part of push(piece)) {
      parts.push(part);
      size += part.length;
    }
    if (size < block) continue;
    const joined = Buffer.concat(parts, size);
    let from = 0;
    for (; size - from >= block; from += block) yield { bytes: joined.subarray(from, from + block), last: false };
    parts = [joined.subarray(from)];
    size -= from;
  }
  parts.push(end());
  yield { bytes: Buffer.concat(parts), last: true };
}
