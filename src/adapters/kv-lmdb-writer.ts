/**
 * The thread that writes to LMDB. Whatever waits in its inbox shares one transaction and one sync; the answer leaves
 * after `mdb_txn_commit` has returned, which is after the data and then the root page that makes it visible are synced.
 * A transaction that fails is rolled back whole.
 */
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type Database, open } from 'lmdb';
import { BUFFER_BYTES, Op, readBatch, TABLES, type WriteAnswer, type WriteMessage } from './kv-lmdb-batch.ts';
import { LMDB_OPTIONS, PAGE, TABLE_OPTIONS, unusedPages } from './kv-lmdb-options.ts';

/** No transaction takes in more once it has this much. */
const TRANSACTION_BYTES = 16 << 20;
/** Rows that a range removal looks up at a time. */
const CLEAR_CHUNK = 1000;
/** The file grows by this much at a time. */
const GROW_BYTES = 4 << 20;
/** Room in the file that only small commits may use, so that mail can be removed from a full disk. */
const RESERVE_BYTES = 2 << 20;
/** Pages that a transaction may need beside those of its rows: the trees' upper levels, the list of free pages. */
const OTHER_PAGES = 64;
const NO_ROOM = ['ENOSPC', 'EDQUOT', 'EFBIG'];

type Bytes = Database<Buffer, Buffer>;
const { path, mapSize } = workerData as { path: string; mapSize: number };
const root = open({ path, ...LMDB_OPTIONS, mapSize });
const tables = TABLES.map((name) => root.openDB<Buffer, Buffer>(name, TABLE_OPTIONS));
/** lmdb's own view of the file; its types leave it out. */
const environment = (root as unknown as { env: { info(): { lastPageNumber: number } } }).env;
const port = parentPort!;
/** A page at a time: larger writes make large folios in the page cache, and syncing single pages of those took twice as long. */
const ZEROS = Buffer.alloc(PAGE);
const file = openSync(join(path, 'data.mdb'), constants.O_RDWR);
let reserved = fstatSync(file).size;
let refusedEpoch = -1;

port.on('message', (first: WriteMessage | 'close') => {
  if (first === 'close') return close();
  const messages = [first];
  let bytes = size(first);
  let last = false;
  while (bytes < TRANSACTION_BYTES) {
    const next = receiveMessageOnPort(port) as { message: WriteMessage | 'close' } | undefined;
    if (!next) break;
    if (next.message === 'close') {
      last = true;
      break;
    }
    messages.push(next.message);
    bytes += size(next.message);
  }
  const live = messages.filter(({ epoch }) => epoch !== refusedEpoch);
  if (live.length > 0) answer(live);
  if (last) close();
});

function size(message: WriteMessage): number {
  let sum = 0;
  for (const length of message.lengths) sum += length;
  return sum;
}

function answer(messages: readonly WriteMessage[]): void {
  const last = messages.at(-1)!;
  const spare = messages.flatMap(({ buffers }) => buffers.filter(({ byteLength }) => byteLength === BUFFER_BYTES));
  let reply: WriteAnswer;
  let reached = false;
  try {
    reserve(messages);
    reached = true;
    root.transactionSync(() => {
      for (const { buffers, lengths } of messages)
        for (const [i, buffer] of buffers.entries()) readBatch(buffer, lengths[i]!, apply);
    });
    reply = { number: last.number, spare };
  } catch (error) {
    refusedEpoch = last.epoch;
    const { message, code } = error as NodeJS.ErrnoException;
    // An error of LMDB's own writes is never merely a full disk: see `reserve`.
    reply = { number: last.number, spare, error: { message, full: !reached && NO_ROOM.includes(code ?? '') } };
  }
  port.postMessage(reply, spare);
}

/**
 * Makes sure that the file has room on the disk for a transaction before LMDB writes: LMDB must never meet a full disk
 * (3.5.6 corrupts its process's memory when a page cannot be written). The room is filled with zeros, which makes the
 * syncs cheaper, too: they find no new blocks to enter into the file system's journal. Throws with the system's code.
 */
function reserve(messages: readonly WriteMessage[]): void {
  let pages = OTHER_PAGES;
  for (const message of messages) pages += message.pages;
  const keep = messages.some(({ small }) => small) ? 0 : RESERVE_BYTES;
  const end = (environment.info().lastPageNumber + 1 + pages) * PAGE;
  if (end + keep <= reserved) return;
  let left = Math.ceil((end + keep - reserved) / GROW_BYTES) * GROW_BYTES;
  try {
    while (left > 0) {
      const written = writeSync(file, ZEROS, 0, Math.min(left, ZEROS.length), reserved);
      reserved += written;
      left -= written;
    }
  } catch (error) {
    // No more to be had: then from what removed rows left behind, unless somebody still reads it: hence only half.
    if (end + keep > reserved + (unusedPages(tables) / 2) * PAGE) throw error;
  }
}

function apply(op: number, table: number, key: Uint8Array, value: Uint8Array): void {
  const rows = tables[table]!;
  // Inside transactionSync these are done at once; what they return says only whether a condition held.
  if (op === Op.put) void rows.put(key as Buffer, value as Buffer);
  else if (op === Op.putNew) void (rows as unknown as PutNew).put(key, value, { noOverwrite: true });
  else if (op === Op.remove) void rows.remove(key as Buffer);
  else clear(rows, key as Buffer, value as Buffer);
}

/** lmdb's types leave this form of `put` out. */
interface PutNew {
  put(key: Uint8Array, value: Uint8Array, options: { readonly noOverwrite: true }): Promise<boolean>;
}

function clear(rows: Bytes, start: Buffer, end: Buffer): void {
  for (;;) {
    const keys = Array.from(rows.getKeys({ start, end, limit: CLEAR_CHUNK }));
    for (const key of keys) void rows.remove(key);
    if (keys.length < CLEAR_CHUNK) return;
  }
}

function close(): void {
  closeSync(file);
  void root.close().then(() => port.close());
}

port.postMessage('ready');
