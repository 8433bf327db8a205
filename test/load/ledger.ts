/**
 * The ledger: what a client was promised. The load client writes a line after it read the acknowledgement, never
 * before; the checker then compares the ledger with what the service still has.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

export interface LedgerEntry {
  /** Names the message; stands in its X-Load-Id field. */
  readonly id: string;
  readonly recipient: string;
  /** SHA-256 of the message as it was sent, in hex, and its size in bytes. */
  readonly sha256: string;
  readonly size: number;
  /** When the acknowledgement was read, in milliseconds since 1970. */
  readonly at: number;
}

/** Append-only. The client is not what crashes: a line needs no sync, only to be written before the next message goes out. */
export class Ledger implements Disposable {
  readonly path: string;
  readonly #file: number;
  #entries = 0;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, 'a');
  }

  get entries(): number {
    return this.#entries;
  }

  append(entries: readonly LedgerEntry[]): void {
    writeSync(this.#file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    this.#entries += entries.length;
  }

  /** Everything acknowledged before this line is before the cut (backups, power cuts). */
  mark(name: string): void {
    writeSync(this.#file, `${JSON.stringify({ mark: name, at: Date.now() })}\n`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}

/** Of a whole ledger, or of what stands before a mark. A half line at the end (the client was killed) is not an entry. */
export function readLedger(path: string, untilMark?: string): LedgerEntry[] {
  const entries: LedgerEntry[] = [];
  const lines = readFileSync(path, 'utf8').split('\n');
  lines.pop();
  for (const line of lines) {
    const row = JSON.parse(line) as LedgerEntry | { readonly mark: string };
    if ('id' in row) entries.push(row);
    else if (row.mark === untilMark) return entries;
  }
  if (untilMark !== undefined) throw new Error(`the ledger ${path} has no mark '${untilMark}'`);
  return entries;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
