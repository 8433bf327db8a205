/** Numbers of variable length: seven bits a byte, the lowest first. */
import { Damaged } from '../../ports/kv.ts';

/** Bytes that grow. */
export class VarWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 16) {
    this.bytes = new Uint8Array(capacity);
  }

  #room(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(this.length + count, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  u8(value: number): void {
    this.#room(1);
    this.bytes[this.length++] = value;
  }

  /** A whole number from 0 to 2^53. */
  put(value: number): void {
    if (this.length + 8 > this.bytes.length) this.#room(8);
    const { bytes } = this;
    let at = this.length;
    let rest = value;
    while (rest > 0x7fffffff) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest >= 0x80) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** In UTF-8, its bytes counted in front. */
  text(text: string): void {
    let size = 0;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if ((unit & 0xf800) === 0xd800) {
        const whole = Buffer.from(text);
        this.put(whole.length);
        this.raw(whole);
        return;
      }
      size += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    }
    this.put(size);
    this.#room(size);
    const { bytes } = this;
    let at = this.length;
    // Encoded here: there are very many, and most are short.
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit < 0x80) bytes[at++] = unit;
      else {
        if (unit < 0x800) bytes[at++] = 0xc0 | (unit >> 6);
        else {
          bytes[at++] = 0xe0 | (unit >> 12);
          bytes[at++] = 0x80 | ((unit >> 6) & 0x3f);
        }
        bytes[at++] = 0x80 | (unit & 0x3f);
      }
    }
    this.length = at;
  }

  /** Begins anew, in the room that it has. */
  clear(): void {
    this.length = 0;
  }

  /** What was written; good until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  /** A copy; the writer begins anew. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}

/** Throws `Damaged` when it is asked for more than there is. */
export class VarReader {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  get more(): boolean {
    return this.at < this.end;
  }

  u8(): number {
    if (this.at >= this.end) throw short();
    return this.bytes[this.at++]!;
  }

  get(): number {
    let { at } = this;
    const { bytes, end } = this;
    let value = 0;
    for (let scale = 1; at < end; scale *= 0x80) {
      const byte = bytes[at++]!;
      if (byte < 0x80) {
        this.at = at;
        return value + byte * scale;
      }
      value += (byte & 0x7f) * scale;
      if (scale > 2 ** 49) throw new Damaged('search: a number that is none');
    }
    throw short();
  }

  skip(count: number): void {
    let { at } = this;
    const { bytes, end } = this;
    for (let left = count; left > 0 && at <= end; left--) while (bytes[at++]! >= 0x80);
    if (at > end) throw short();
    this.at = at;
  }

  raw(count: number): Uint8Array {
    if (count > this.end - this.at) throw short();
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
}

function short(): Damaged {
  return new Damaged('search: a segment is shorter than it says');
}
