/**
 * Writing a zip file (PKWARE APPNOTE 6.3) as it goes: nothing is packed, sizes and checksums stand behind each entry, and zip64 where there are more
 * than 65,535 entries or 4 GiB. An entry is less than 4 GiB.
 */
import { crc32 } from 'node:zlib';

const VERSION = 45;
/** Size and checksum follow the content; names are UTF-8. */
const FLAGS = 0x0808;
const MOST_16 = 0xffff;
const MOST_32 = 0xffffffff;
const MOST_NAME = 0xffff;

export class ZipWriter {
  readonly #directory: Buffer[] = [];
  #at = 0;

  /** `modified` in milliseconds since 1970, shown as UTC. What `content` throws ends the entry where it is, and is thrown. */
  async *entry(
    name: string,
    modified: number,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): AsyncGenerator<Uint8Array> {
    const nameBytes = Buffer.from(name);
    if (nameBytes.length > MOST_NAME) throw new RangeError(`the name of an entry is too long: ${name.slice(0, 100)}`);
    const start = this.#at;
    const [time, date] = dosTime(modified);
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(VERSION, 4);
    head.writeUInt16LE(FLAGS, 6);
    head.writeUInt16LE(time, 10);
    head.writeUInt16LE(date, 12);
    head.writeUInt16LE(nameBytes.length, 26);
    yield* this.#put(head, nameBytes);
    let size = 0;
    let crc = 0;
    let failure: { readonly error: unknown } | undefined;
    try {
      for await (const piece of content) {
        size += piece.length;
        if (size > MOST_32) throw new RangeError(`${name} has 4 GiB or more`);
        crc = crc32(piece, crc);
        yield* this.#put(piece);
      }
    } catch (error) {
      failure = { error };
    }
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(0x08074b50, 0);
    tail.writeUInt32LE(crc, 4);
    tail.writeUInt32LE(size, 8);
    tail.writeUInt32LE(size, 12);
    yield* this.#put(tail);
    this.#list(nameBytes, [time, date], { size, crc, start });
    if (failure !== undefined) throw failure.error;
  }

  /** What comes last. */
  *end(): Generator<Uint8Array> {
    const start = this.#at;
    for (const row of this.#directory) yield* this.#put(row);
    const count = this.#directory.length;
    const length = this.#at - start;
    const large = Buffer.alloc(76);
    const at = this.#at;
    large.writeUInt32LE(0x06064b50, 0);
    large.writeBigUInt64LE(44n, 4);
    large.writeUInt16LE(VERSION, 12);
    large.writeUInt16LE(VERSION, 14);
    large.writeBigUInt64LE(BigInt(count), 24);
    large.writeBigUInt64LE(BigInt(count), 32);
    large.writeBigUInt64LE(BigInt(length), 40);
    large.writeBigUInt64LE(BigInt(start), 48);
    large.writeUInt32LE(0x07064b50, 56);
    large.writeBigUInt64LE(BigInt(at), 64);
    large.writeUInt32LE(1, 72);
    if (count >= MOST_16 || start >= MOST_32 || length >= MOST_32) yield* this.#put(large);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(Math.min(count, MOST_16), 8);
    end.writeUInt16LE(Math.min(count, MOST_16), 10);
    end.writeUInt32LE(Math.min(length, MOST_32), 12);
    end.writeUInt32LE(Math.min(start, MOST_32), 16);
    yield* this.#put(end);
  }

  *#put(...pieces: readonly Uint8Array[]): Generator<Uint8Array> {
    for (const piece of pieces) {
      this.#at += piece.length;
      yield piece;
    }
  }

  #list(
    name: Buffer,
    [time, date]: readonly [number, number],
    { size, crc, start }: { readonly size: number; readonly crc: number; readonly start: number },
  ): void {
    const far = start >= MOST_32;
    const row = Buffer.alloc(46 + name.length + (far ? 12 : 0));
    row.writeUInt32LE(0x02014b50, 0);
    // Made under Unix, so that the permissions below are understood.
    row.writeUInt16LE((3 << 8) | VERSION, 4);
    row.writeUInt16LE(VERSION, 6);
    row.writeUInt16LE(FLAGS, 8);
    row.writeUInt16LE(time, 12);
    row.writeUInt16LE(date, 14);
    row.writeUInt32LE(crc, 16);
    row.writeUInt32LE(size, 20);
    row.writeUInt32LE(size, 24);
    row.writeUInt16LE(name.length, 28);
    row.writeUInt16LE(far ? 12 : 0, 30);
    row.writeUInt32LE((0o100600 << 16) >>> 0, 38);
    row.writeUInt32LE(Math.min(start, MOST_32), 42);
    name.copy(row, 46);
    if (far) {
      row.writeUInt16LE(1, 46 + name.length);
      row.writeUInt16LE(8, 48 + name.length);
      row.writeBigUInt64LE(BigInt(start), 50 + name.length);
    }
    this.#directory.push(row);
  }
}

/** From 1980 on, in steps of two seconds. */
function dosTime(at: number): readonly [time: number, date: number] {
  const when = new Date(Math.min(Math.max(at, Date.UTC(1980, 0)), Date.UTC(2107, 11, 31)));
  const time = (when.getUTCHours() << 11) | (when.getUTCMinutes() << 5) | (when.getUTCSeconds() >> 1);
  const date = ((when.getUTCFullYear() - 1980) << 9) | ((when.getUTCMonth() + 1) << 5) | when.getUTCDate();
  return [time, date];
}
