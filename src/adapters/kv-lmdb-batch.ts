/**
 * How the writes of one turn travel to the thread that owns the LMDB writes: packed one after the other, so that the
 * main thread copies bytes and does nothing else.
 *
 *   operation u8 | table u8 | key length u16 | value length u32 | key | value | room for the seal (puts only)
 *
 * Key and value are neighbours, so that one pass over both is the value's checksum.
 */
import { crc32 } from 'node:zlib';
import { PAGE } from './kv-lmdb-options.ts';
import { SEAL } from './kv-rows.ts';

export const Op = { put: 1, putNew: 2, remove: 3, clear: 4 } as const;
/** Headers, mutable rows, immutable rows, and facts about the store itself. */
export const Table = { heads: 0, rows: 1, immutable: 2, store: 3 } as const;
export const TABLES = ['heads', 'rows', 'immutable', 'store'] as const;

/** Buffers of this size go back and forth between the threads; a larger operation gets one of its own. */
export const BUFFER_BYTES = 256 << 10;
const FRONT = 8;
/** The value that a leaf takes in, and what removing a range may need, whose leaves go as they are emptied. */
const INLINE = 1900;
const CLEAR_PAGES = 32;

/** To the writer: everything issued in one turn; all of it shares a transaction. */
export interface WriteMessage {
  readonly number: number;
  /** Moved on after a failure: whatever was sent before it must not be written any more. */
  readonly epoch: number;
  readonly buffers: readonly ArrayBuffer[];
  readonly lengths: readonly number[];
  /** Pages of the file that this may need at most. */
  readonly pages: number;
  /** Was let in although the disk is nearly full. */
  readonly small: boolean;
}

/** From the writer: all messages up to `number` are on disk, or, with an error, none of those after the last answer. */
export interface WriteAnswer {
  readonly number: number;
  readonly spare: readonly ArrayBuffer[];
  readonly error?: { readonly message: string; readonly full: boolean };
}

export class BatchWriter {
  readonly #spare: ArrayBuffer[] = [];
  #buffers: ArrayBuffer[] = [];
  #lengths: number[] = [];
  #bytes = new Uint8Array(0);
  #at = 0;
  #pages = 0;

  /** Room for one commit, which must not be torn apart. */
  reserve(size: number): void {
    if (this.#at + size <= this.#bytes.length) return;
    this.#flush();
    this.#bytes = new Uint8Array(
      size <= BUFFER_BYTES ? (this.#spare.pop() ?? new ArrayBuffer(BUFFER_BYTES)) : new ArrayBuffer(size),
    );
  }

  /** What an operation takes of the reserved room. */
  static size(prefix: Uint8Array, key: number, value: number): number {
    return FRONT + prefix.length + key + value + SEAL;
  }

  /** The key's beginning and its rest are joined here. */
  write(op: number, table: number, prefix: Uint8Array, key: Uint8Array, value: Uint8Array | undefined): void {
    const bytes = this.#bytes;
    let at = this.#at;
    const keyLength = prefix.length + key.length;
    const valueLength = value ? value.length : 0;
    bytes[at] = op;
    bytes[at + 1] = table;
    bytes[at + 2] = keyLength;
    bytes[at + 3] = keyLength >> 8;
    bytes[at + 4] = valueLength;
    bytes[at + 5] = valueLength >> 8;
    bytes[at + 6] = valueLength >> 16;
    bytes[at + 7] = valueLength >> 24;
    at += FRONT;
    bytes.set(prefix, at);
    at += prefix.length;
    bytes.set(key, at);
    at += key.length;
    if (value) {
      bytes.set(value, at);
      at += valueLength;
    }
    this.#at = op <= Op.putNew ? at + SEAL : at;
    // A copy of the leaf, and another one should it be split; a large value has pages of its own.
    this.#pages += op === Op.clear ? CLEAR_PAGES : valueLength < INLINE ? 2 : 3 + Math.floor(valueLength / PAGE);
  }

  take(): Pick<WriteMessage, 'buffers' | 'lengths' | 'pages'> {
    this.#flush();
    const taken = { buffers: this.#buffers, lengths: this.#lengths, pages: this.#pages };
    this.#buffers = [];
    this.#lengths = [];
    this.#pages = 0;
    return taken;
  }

  recycle(buffers: readonly ArrayBuffer[]): void {
    for (const buffer of buffers) if (this.#spare.length < 8) this.#spare.push(buffer);
  }

  #flush(): void {
    if (this.#at === 0) return;
    this.#buffers.push(this.#bytes.buffer as ArrayBuffer);
    this.#lengths.push(this.#at);
    this.#bytes = new Uint8Array(0);
    this.#at = 0;
  }
}

export type ApplyOperation = (op: number, table: number, key: Uint8Array, value: Uint8Array) => void;

/** Calls `apply` for each operation, with values sealed. */
export function readBatch(buffer: ArrayBuffer, length: number, apply: ApplyOperation): void {
  const bytes = Buffer.from(buffer, 0, length);
  for (let at = 0; at < length; ) {
    const op = bytes[at]!;
    const table = bytes[at + 1]!;
    const key = at + FRONT;
    const value = key + bytes.readUInt16LE(at + 2);
    let end = value + bytes.readUInt32LE(at + 4);
    if (op <= Op.putNew) {
      bytes.writeUInt32LE(crc32(bytes.subarray(key, end), table), end);
      end += SEAL;
    }
    apply(op, table, bytes.subarray(key, value), bytes.subarray(value, end));
    at = end;
  }
}
