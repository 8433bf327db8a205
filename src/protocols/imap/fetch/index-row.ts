/** FETCH rows that need nothing but the index: written from its columns into the output buffer, without an object each. */
import type { FolderView } from '../../../mailstore/api.ts';
import { emailId, threadId } from '../object-id.ts';
import { formatDateTime } from '../wire/date.ts';
import type { IndexItem } from '../wire/fetch-item.ts';
import { formatFlags } from '../wire/flag.ts';
import { type Output, writeNumber } from '../wire/output.ts';
import type { Spans } from '../wire/sequence-set.ts';

/** `FLAGS (...)` for each combination of system flags, by the identity of the keywords. */
const flagRows = new WeakMap<readonly string[], (Buffer | undefined)[]>();

function flagRow(flags: number, keywords: readonly string[]): Buffer {
  let rows = flagRows.get(keywords);
  if (rows === undefined) {
    rows = Array.from({ length: 32 }, () => undefined);
    flagRows.set(keywords, rows);
  }
  return (rows[flags] ??= Buffer.from(`FLAGS (${formatFlags(flags, keywords)})`, 'latin1'));
}

const UID = Buffer.from('UID ');
const SIZE = Buffer.from('RFC822.SIZE ');
const MODSEQ = Buffer.from('MODSEQ (');
const DATE = Buffer.from('INTERNALDATE "');
const SAVED = Buffer.from('SAVEDATE "');
const FETCH = Buffer.from(' FETCH (');
const UIDFETCH = Buffer.from(' UIDFETCH (');

/** Bytes of an item at most, without its flags. */
const ITEM = 64;
/** Rows between two looks at the clock. */
const ROWS = 256;

function put(buffer: Uint8Array, at: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) buffer[at + i] = bytes[i] as number;
  return at + bytes.length;
}

/** The items of one message, separated by spaces. */
export function writeIndexItems(out: Output, view: FolderView, position: number, items: readonly IndexItem[]): void {
  let flags: Buffer | undefined;
  if (items.includes('FLAGS')) flags = flagRow(view.flagsAt(position), view.keywordsAt(position));
  out.need((ITEM + (flags?.length ?? 0)) * items.length);
  const { buffer } = out;
  let at = out.at;
  for (let i = 0; i < items.length; i++) {
    if (i > 0) buffer[at++] = 0x20;
    switch (items[i] as IndexItem) {
      case 'UID':
        at = writeNumber(buffer, put(buffer, at, UID), view.uids[position] as number);
        break;
      case 'FLAGS':
        at = put(buffer, at, flags as Buffer);
        break;
      case 'RFC822.SIZE':
        at = writeNumber(buffer, put(buffer, at, SIZE), view.sizeAt(position));
        break;
      case 'MODSEQ':
        at = writeNumber(buffer, put(buffer, at, MODSEQ), view.modseqAt(position));
        buffer[at++] = 0x29;
        break;
      case 'INTERNALDATE':
        at = put(buffer, at, DATE);
        at += buffer.write(formatDateTime(view.internalDateAt(position)), at, 'latin1');
        buffer[at++] = 0x22;
        break;
      case 'SAVEDATE':
        at = put(buffer, at, SAVED);
        at += buffer.write(formatDateTime(view.savedDateAt(position)), at, 'latin1');
        buffer[at++] = 0x22;
        break;
      case 'EMAILID':
        at += buffer.write(`EMAILID (${emailId(view.emailAt(position))})`, at, 'latin1');
        break;
      case 'THREADID':
        at += buffer.write(`THREADID (${threadId(view.threadAt(position))})`, at, 'latin1');
        break;
    }
  }
  out.at = at;
}

/** Which messages of a set get a row. */
export interface RowFilter {
  /** Those with a higher mod-sequence only. */
  readonly changedSince?: number;
  readonly except?: ReadonlySet<number>;
}

/** A row for every message of the spans that is still there; answers how many are gone. */
export async function writeIndexRows(
  out: Output,
  view: FolderView,
  spans: Spans,
  items: readonly IndexItem[],
  { changedSince = -1, except }: RowFilter = {},
): Promise<number> {
  let gone = 0;
  let rows = 0;
  out.begin();
  for (const [from, to] of spans) {
    for (let position = from; position < to; position++) {
      if (++rows % ROWS === 0 && out.mustPause()) await out.pause();
      if (view.flagsAt(position) < 0) {
        gone++;
        continue;
      }
      if (changedSince >= 0 && view.modseqAt(position) <= changedSince) continue;
      if (except?.has(view.ids[position] as number) === true) continue;
      beginRow(out, view, position);
      writeIndexItems(out, view, position, items);
      endRow(out);
    }
  }
  return gone;
}

/** `* n FETCH (`, or `* uid UIDFETCH (` */
export function beginRow(out: Output, view: FolderView, position: number): void {
  out.need(32);
  const { buffer } = out;
  let at = out.at;
  buffer[at++] = 0x2a;
  buffer[at++] = 0x20;
  at = writeNumber(buffer, at, out.uidOnly ? (view.uids[position] as number) : position + 1);
  out.at = put(buffer, at, out.uidOnly ? UIDFETCH : FETCH);
}

/** `)` CRLF */
export function endRow(out: Output): void {
  out.need(3);
  const { buffer } = out;
  let at = out.at;
  buffer[at++] = 0x29;
  buffer[at++] = 0x0d;
  buffer[at++] = 0x0a;
  out.at = at;
}
