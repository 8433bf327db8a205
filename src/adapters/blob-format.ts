/**
 * A blob's file: the content, then a checksum (CRC-32) for each 64 KiB of it, then a footer of 16 bytes: the content's
 * size (8), a checksum over size and block checksums (4), and `PBB1`. So any range can be checked without the rest.
 */
import { crc32 } from 'node:zlib';

export const BLOCK = 64 << 10;
export const FOOTER = 16;
const MAGIC = 'PBB1';

/** Gathers the block checksums of a content as it is written. */
export class BlockSums {
  readonly #sums: number[] = [];
  #current = 0;
  #inBlock = 0;
  size = 0;

  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const take = Math.min(BLOCK - this.#inBlock, bytes.length - at);
      this.#current = crc32(bytes.subarray(at, at + take), this.#current);
      this.#inBlock += take;
      at += take;
      if (this.#inBlock === BLOCK) this.#closeBlock();
    }
    this.size += bytes.length;
  }

  #closeBlock(): void {
    this.#sums.push(this.#current);
    this.#current = 0;
    this.#inBlock = 0;
  }

  trailer(): Buffer {
    if (this.#inBlock > 0) this.#closeBlock();
    const sums = this.#sums.length * 4;
    const trailer = Buffer.alloc(sums + FOOTER);
    this.#sums.forEach((sum, i) => trailer.writeUInt32LE(sum, i * 4));
    trailer.writeBigUInt64LE(BigInt(this.size), sums);
    trailer.writeUInt32LE(crc32(trailer.subarray(0, sums + 8)), sums + 8);
    trailer.write(MAGIC, sums + 12, 'latin1');
    return trailer;
  }
}

/** The content's size from the file's, undefined when no content has a file of this size. */
export function contentSize(fileSize: number): number | undefined {
  const rest = fileSize - FOOTER;
  if (rest < 0) return undefined;
  const blocks = Math.ceil(rest / (BLOCK + 4));
  const size = rest - 4 * blocks;
  return size < 0 || Math.ceil(size / BLOCK) !== blocks ? undefined : size;
}

/** The block checksums, or undefined when the trailer is damaged or belongs to another size. */
export function readTrailer(trailer: Buffer, size: number): Uint32Array | undefined {
  const sums = trailer.length - FOOTER;
  if (trailer.toString('latin1', sums + 12) !== MAGIC) return undefined;
  if (trailer.readUInt32LE(sums + 8) !== crc32(trailer.subarray(0, sums + 8))) return undefined;
  if (trailer.readBigUInt64LE(sums) !== BigInt(size)) return undefined;
  return Uint32Array.from({ length: sums / 4 }, (_, i) => trailer.readUInt32LE(i * 4));
}
