/** Reading the entries of a zip file (PKWARE APPNOTE 6.3) that is at hand as a whole. Not zip64, nothing encrypted. */
import { inflateRawSync } from 'node:zlib';

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
/** The end has a comment of at most so many bytes. */
const MOST_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;
const ENCRYPTED = 1;

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly flags: number;
  /** Bytes in the file. */
  readonly packed: number;
  /** Of its local header. */
  readonly offset: number;
}

/** Does it begin as one does? */
export function isZip(file: Buffer): boolean {
  return file.length >= 4 && file.readUInt32LE(0) === LOCAL_HEADER;
}

/** At most `most` entries; undefined for what is no zip file. Never throws. */
export function zipEntries(file: Buffer, most: number): readonly ZipEntry[] | undefined {
  const end = endOfDirectory(file);
  if (end < 0) return undefined;
  const count = Math.min(most, file.readUInt16LE(end + 10));
  const entries: ZipEntry[] = [];
  for (let at = file.readUInt32LE(end + 16); entries.length < count && at + 46 <= file.length; ) {
    if (file.readUInt32LE(at) !== DIRECTORY_ENTRY) break;
    const name = file.readUInt16LE(at + 28);
    entries.push({
      name: file.toString('utf8', at + 46, at + 46 + name),
      flags: file.readUInt16LE(at + 8),
      method: file.readUInt16LE(at + 10),
      packed: file.readUInt32LE(at + 20),
      offset: file.readUInt32LE(at + 42),
    });
    at += 46 + name + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return entries;
}

/** Its content; undefined when that cannot be read, or is more than `most` bytes: a bomb costs no more than these. */
export function zipContent(
  file: Buffer,
  { offset, packed, method, flags }: ZipEntry,
  most: number,
): Buffer | undefined {
  if (offset + 30 > file.length || file.readUInt32LE(offset) !== LOCAL_HEADER || flags & ENCRYPTED) return undefined;
  const start = offset + 30 + file.readUInt16LE(offset + 26) + file.readUInt16LE(offset + 28);
  if (start + packed > file.length) return undefined;
  const bytes = file.subarray(start, start + packed);
  if (method === STORED) return bytes.length <= most ? bytes : undefined;
  if (method !== DEFLATED || most <= 0) return undefined;
  try {
    return inflateRawSync(bytes, { maxOutputLength: most });
  } catch {
    return undefined;
  }
}

function endOfDirectory(file: Buffer): number {
  const first = Math.max(0, file.length - 22 - MOST_COMMENT);
  for (let at = file.length - 22; at >= first; at--) if (file.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  return -1;
}
