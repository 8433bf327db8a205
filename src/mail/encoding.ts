/** Content transfer encodings (RFC 2045 §6), whole and as streams. Never throw: garbage decodes to something. */
import { hexDigit } from './words.ts';

/** A whole (or the beginning of an) encoded body, decoded. Unknown encodings pass. */
export function decodeBody(bytes: Buffer, encoding: string): Buffer {
  if (encoding !== 'base64' && encoding !== 'quoted-printable') return bytes;
  const decoder = bodyDecoder(encoding);
  const decoded = decoder.push(bytes);
  const rest = decoder.end();
  return rest.length === 0 ? decoded : Buffer.concat([decoded, rest]);
}

export interface BodyDecoder {
  push(encoded: Uint8Array): Buffer;
  end(): Buffer;
}

/** Decodes a body that comes in pieces. Unknown encodings pass. */
export function bodyDecoder(encoding: string): BodyDecoder {
  if (encoding === 'base64') return new Base64Decoder();
  if (encoding === 'quoted-printable') return new QuotedPrintableDecoder();
  return { push: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), end: () => NOTHING };
}

const NOTHING = Buffer.alloc(0);

const BASE64_VALUES = new Uint8Array(256).fill(255);
const BASE64_ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
for (const [value, character] of BASE64_ALPHABET.entries()) BASE64_VALUES[character] = value;
const PAD = 0x3d;

/** What is no base64 is skipped; '=' ends a group, and another may follow (concatenated bodies are seen). */
class Base64Decoder implements BodyDecoder {
  #bits = 0;
  #count = 0;

  push(encoded: Uint8Array): Buffer {
    const out = Buffer.allocUnsafe((((this.#count + encoded.length) * 3) >> 2) + 3);
    let length = 0;
    let bits = this.#bits;
    let count = this.#count;
    for (let i = 0; i < encoded.length; i += 1) {
      const byte = encoded[i]!;
      const value = BASE64_VALUES[byte]!;
      if (value < 64) {
        bits = (bits << 6) | value;
        count += 1;
        if (count === 4) {
          out[length] = bits >> 16;
          out[length + 1] = bits >> 8;
          out[length + 2] = bits;
          length += 3;
          bits = 0;
          count = 0;
        }
      } else if (byte === PAD) {
        length = unfinished(bits, count, out, length);
        bits = 0;
        count = 0;
      }
    }
    this.#bits = bits;
    this.#count = count;
    return out.subarray(0, length);
  }

  end(): Buffer {
    const out = Buffer.allocUnsafe(2);
    return out.subarray(0, unfinished(this.#bits, this.#count, out, 0));
  }
}

/** Writes the whole bytes of a group of fewer than four characters. */
function unfinished(bits: number, count: number, out: Buffer, at: number): number {
  if (count === 2) {
    out[at] = bits >> 4;
    return at + 1;
  }
  if (count === 3) {
    out[at] = bits >> 10;
    out[at + 1] = bits >> 2;
    return at + 2;
  }
  return at;
}

/** More white space than this at the end of a chunk is taken as text. */
const MAX_HELD = 1000;

/** Soft line breaks and white space at line ends go (RFC 2045 §6.7); what is no valid escape stays. */
class QuotedPrintableDecoder implements BodyDecoder {
  #held: Buffer = NOTHING;

  push(encoded: Uint8Array): Buffer {
    const chunk = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.byteLength);
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const end = decidable(bytes);
    this.#held = Buffer.from(bytes.subarray(end));
    return decodeQuotedPrintable(bytes, end);
  }

  end(): Buffer {
    const rest = decodeQuotedPrintable(this.#held, this.#held.length);
    this.#held = NOTHING;
    return rest;
  }
}

/** Up to where the meaning does not depend on what comes next. */
function decidable(bytes: Buffer): number {
  const floor = Math.max(0, bytes.length - MAX_HELD);
  let end = bytes.length;
  if (end > 0 && bytes[end - 1] === 0x0d) end -= 1;
  while (end > floor && (bytes[end - 1] === 0x20 || bytes[end - 1] === 0x09)) end -= 1;
  if (end > 1 && bytes[end - 2] === PAD) return end - 2;
  return end > 0 && bytes[end - 1] === PAD ? end - 1 : end;
}

/** Decodes up to `to`, and looks ahead to the end. */
function decodeQuotedPrintable(bytes: Buffer, to: number): Buffer {
  const out = Buffer.allocUnsafe(to);
  let length = 0;
  /** Where the white space at the end of the line begins in `out`. */
  let solid = 0;
  for (let i = 0; i < to; i += 1) {
    const byte = bytes[i]!;
    if (byte === PAD) {
      const value = (hexDigit(bytes[i + 1] ?? 0) << 4) | hexDigit(bytes[i + 2] ?? 0);
      if (value >= 0) {
        out[length] = value;
        length += 1;
        solid = length;
        i += 2;
        continue;
      }
      // A soft break, perhaps after white space that was added on the way.
      let end = i + 1;
      while (bytes[end] === 0x20 || bytes[end] === 0x09) end += 1;
      if (bytes[end] === 0x0d && bytes[end + 1] === 0x0a) end += 1;
      if (end >= bytes.length || bytes[end] === 0x0a) {
        solid = length;
        i = end;
        continue;
      }
    } else if (byte === 0x0a || (byte === 0x0d && bytes[i + 1] === 0x0a)) {
      length = solid;
    } else if (byte === 0x20 || byte === 0x09) {
      out[length] = byte;
      length += 1;
      continue;
    }
    out[length] = byte;
    length += 1;
    solid = length;
  }
  return out.subarray(0, length);
}
