/** A report as it is attached: plain, gzip (RFC 1952) or a ZIP archive of one file. What grows beyond the limit is a bomb, and is not unpacked. */
import { promisify } from 'node:util';
import { gunzip as gunzipCallback } from 'node:zlib';
import { isZip, zipContent, zipEntries } from '../zip.ts';

const gunzip = promisify(gunzipCallback);

/** Of a report, unpacked. */
export const MOST_REPORT_BYTES = 2 << 20;

/** Undefined when it cannot be unpacked, or has more than `MOST_REPORT_BYTES`. */
export async function unpackReport(content: Buffer): Promise<Buffer | undefined> {
  try {
    if (content.length >= 2 && content.readUInt16BE(0) === 0x1f8b) return await gunzip(content, LIMIT);
    if (isZip(content)) return firstFile(content);
    return content.length <= MOST_REPORT_BYTES ? content : undefined;
  } catch {
    return undefined;
  }
}

const LIMIT = { maxOutputLength: MOST_REPORT_BYTES } as const;

function firstFile(archive: Buffer): Buffer | undefined {
  const [first] = zipEntries(archive, 1) ?? [];
  return first && zipContent(archive, first, MOST_REPORT_BYTES);
}
