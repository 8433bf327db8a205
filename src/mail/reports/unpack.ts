/** A report as it is attached: plain, gzip (RFC 1952) or a ZIP archive of one file. What grows beyond the limit is a bomb, and is not unpacked. */
import { promisify } from 'node:util';
import { gunzip as gunzipCallback, inflateRaw as inflateRawCallback } from 'node:zlib';

const gunzip = promisify(gunzipCallback);
const inflateRaw = promisify(inflateRawCallback);

/** Of a report, unpacked. */
export const MOST_REPORT_BYTES = 2 << 20;

const LOCAL_HEADER = 0x04034b50;
const CENTRAL_HEADER = 0x02014b50;
const END_OF_DIRECTORY = 0x06054b50;
const END_SIZE = 22;
/** A comment at the end of an archive. */
const MOST_COMMENT = 0xffff;
const STORED = 0;
const DEFLATED = 8;

/** Undefined when it cannot be unpacked, or has more than `MOST_REPORT_BYTES`. */
export async function unpackReport(content: Buffer): Promise<Buffer | undefined> {
  try {
    if (content.length >= 2 && content.readUInt16BE(0) === 0x1f8b) return await gunzip(content, LIMIT);
    if (content.length >= 4 && content.readUInt32LE(0) === LOCAL_HEADER) return await unzip(content);
    return content.length <= MOST_REPORT_BYTES ? content : undefined;
  } catch {
    return undefined;
  }
}

const LIMIT = { maxOutputLength: MOST_REPORT_BYTES } as const;

/** The first file. Throws on what is no archive. */
async function unzip(archive: Buffer): Promise<Buffer | undefined> {
  const end = endOfDirectory(archive);
  if (end === undefined) return undefined;
  const entry = archive.readUInt32LE(end + 16);
  if (archive.readUInt32LE(entry) !== CENTRAL_HEADER) return undefined;
  const method = archive.readUInt16LE(entry + 10);
  const packed = archive.readUInt32LE(entry + 20);
  const local = archive.readUInt32LE(entry + 42);
  if (archive.readUInt32LE(local) !== LOCAL_HEADER) return undefined;
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  if (start + packed > archive.length) return undefined;
  const bytes = archive.subarray(start, start + packed);
  if (method === DEFLATED) return inflateRaw(bytes, LIMIT);
  return method === STORED && packed <= MOST_REPORT_BYTES ? bytes : undefined;
}

function endOfDirectory(archive: Buffer): number | undefined {
  const lowest = Math.max(0, archive.length - END_SIZE - MOST_COMMENT);
  for (let at = archive.length - END_SIZE; at >= lowest; at -= 1)
    if (archive.readUInt32LE(at) === END_OF_DIRECTORY) return at;
  return undefined;
}
