/** Mail in files: what the readers yield and the writers take. */
import { access } from 'node:fs/promises';

export interface FileMessage {
  /** Path with '/', undefined where the format has none. */
  readonly folder: string | undefined;
  /** `\seen` and so on, and keywords. */
  readonly flags: readonly string[];
  /** Milliseconds since 1970. */
  readonly date: number | undefined;
  /** With CRLF. */
  readonly raw: Uint8Array;
}

export interface MessageSource {
  /** Messages, or bytes, in all; for the progress bar. */
  readonly total: number;
  /** How far one has read, in the unit of `total`. */
  readonly done: () => number;
  readonly messages: () => AsyncIterable<FileMessage>;
}

export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Mail files of other programs end their lines with LF; what has a CRLF anywhere is taken as it is. */
export function withCrlf(raw: Buffer): Buffer {
  if (raw.includes('\r\n')) return raw;
  const lines = countLf(raw);
  if (lines === 0) return raw;
  const out = Buffer.allocUnsafe(raw.length + lines);
  let at = 0;
  for (let from = 0; from < raw.length; ) {
    const end = raw.indexOf(10, from);
    if (end === -1) {
      at += raw.copy(out, at, from);
      break;
    }
    at += raw.copy(out, at, from, end);
    out[at++] = 13;
    out[at++] = 10;
    from = end + 1;
  }
  return out.subarray(0, at);
}

function countLf(raw: Buffer): number {
  let lines = 0;
  for (let at = raw.indexOf(10); at !== -1; at = raw.indexOf(10, at + 1)) lines++;
  return lines;
}

/** Largest message a reader takes; the service may allow less. */
export const MAX_FILE_MESSAGE = 1 << 30;
