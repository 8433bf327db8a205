/** Writing and reading the store's own binary values. Whole numbers are big-endian; strings carry their length. */
import { Damaged } from '../ports/kv.ts';

export class ByteWriter {
  #bytes = Buffer.allocUnsafe(512);
  #at = 0;

  get length(): number {
    return this.#at;
  }

  #room(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#at + count, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#at));
      this.#bytes = larger;
    }
    return this.#bytes;
  }

  /** Forgets what an encoding left that failed in the middle. */
  begin(): this {
    this.#at = 0;
    return this;
  }

  u8(value: number): this {
    this.#room(1)[this.#at++] = value;
    return this;
  }

  u16(value: number): this {
    this.#at = this.#room(2).writeUInt16BE(value, this.#at);
    return this;
  }

  u32(value: number): this {
    this.#at = this.#room(4).writeUInt32BE(value, this.#at);
    return this;
  }

  /** A safe integer, or any other number. */
  f64(value: number): this {
    this.#at = this.#room(8).writeDoubleBE(value, this.#at);
    return this;
  }

  /** Hexadecimal digits as bytes, without a length. */
  hex(value: string): this {
    const count = value.length >> 1;
    if (this.#room(count).write(value, this.#at, count, 'hex') !== count) throw new RangeError(`not hex: ${value}`);
    this.#at += count;
    return this;
  }

  /** With its length in front. */
  string(value: string): this {
    const count = Buffer.byteLength(value);
    this.u32(count);
    this.#room(count).write(value, this.#at, count);
    this.#at += count;
    return this;
  }

  /** With its length in front. */
  bytes(value: Uint8Array): this {
    return this.u32(value.length).raw(value);
  }

  raw(value: Uint8Array): this {
    this.#room(value.length).set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  /** What was written, as bytes of its own; the writer begins anew. */
  take(): Uint8Array {
    const taken = Uint8Array.prototype.slice.call(this.#bytes, 0, this.#at);
    this.#at = 0;
    if (this.#bytes.length > 1 << 20) this.#bytes = Buffer.allocUnsafe(512);
    return taken;
  }
}

/** Throws `Damaged` when it is asked for more than there is. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) throw new Damaged('a stored value is shorter than it says');
    this.#at = at + count;
    return at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  f64(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  hex(count: number): string {
    const at = this.#take(count);
    return this.#bytes.toString('hex', at, at + count);
  }

  string(): string {
    const count = this.u32();
    const at = this.#take(count);
    return this.#bytes.toString('utf8', at, at + count);
  }

  bytes(): Uint8Array {
    return this.raw(this.u32());
  }

  /** A view, not a copy. */
  raw(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }
}
