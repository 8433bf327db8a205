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

/** Largest message a reader takes; the service may allow less. */
export const MAX_FILE_MESSAGE = 1 << 30;
