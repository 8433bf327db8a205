/** Reading LMDB straight from the memory map: rows by key, ranges in pages, and a check of the engine's own structure. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database } from 'lmdb';
import type { Key, Partition, PartitionKind, Range, Value } from '../ports/kv.ts';
import { Table, TABLES } from './kv-lmdb-batch.ts';
import { pageProblems } from './kv-lmdb-pages.ts';
import { checkKey, MAX_KEY, unseal } from './kv-rows.ts';

const PAGE_ROWS = 256;
const PAGE_BYTES = 256 << 10;
/** Of a table that changes meanwhile. */
const CHECK_READINGS = 5;
/** More of one table nobody reads. */
const CHECK_PROBLEMS = 20;

export class Reads {
  readonly #tables: readonly Database<Buffer, Buffer>[];
  readonly #file: string;
  readonly #scans = new Set<Disposable>();
  readonly #scratch = Buffer.allocUnsafe(2048);
  #closed = false;

  /** `file`: what LMDB keeps the tables in. */
  constructor(tables: readonly Database<Buffer, Buffer>[], file: string) {
    this.#tables = tables;
    this.#file = file;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Throws once the store is closed. */
  usable(): void {
    if (this.#closed) throw new Error('the store is closed');
  }

  /** Ends what still scans. */
  close(): void {
    this.#closed = true;
    for (const scan of this.#scans) scan[Symbol.dispose]();
  }

  /** The value of a row, verified; `prefix` is how the keys of its partition (and bucket) begin. */
  row(p: Partition, table: number, prefix: Buffer, key: Key): Value | undefined {
    if (key.length > MAX_KEY) checkKey(key);
    const length = prefix.length + key.length;
    this.#scratch.set(prefix);
    this.#scratch.set(key, prefix.length);
    const place = this.#scratch.subarray(0, length);
    const sealed = this.#tables[table]!.getBinary(place);
    return sealed && unseal(place, sealed, () => nameOf(p, table, place, prefix.length), table);
  }

  /** Of one moment, `front` before each key. */
  *pages(p: Partition, table: number, front: Buffer, range: Range): Iterable<[key: Buffer, value: Value][]> {
    this.usable();
    const start = range.start ? Buffer.concat([front, range.start]) : front;
    const end = endOf(front, range.end);
    if ((range.limit ?? 1) <= 0 || Buffer.compare(start, end) >= 0) return;
    const transaction = this.#tables[table]!.useReadTransaction();
    const bounds = range.reverse
      ? { start: end, end: start, reverse: true, exclusiveStart: true, inclusiveEnd: true }
      : { start, end };
    const limit = range.limit === undefined || range.limit === Number.POSITIVE_INFINITY ? {} : { limit: range.limit };
    const rows = this.#tables[table]!.getRange({ ...bounds, ...limit, transaction })[Symbol.iterator]();
    let ended = false;
    const scan = {
      [Symbol.dispose]: () => {
        if (ended) return;
        ended = true;
        rows.return?.();
        transaction.done();
      },
    };
    this.#scans.add(scan);
    try {
      let page: [Buffer, Value][] = [];
      let bytes = 0;
      for (;;) {
        if (ended) throw new Error('the store was closed during a scan');
        const row = rows.next();
        if (row.done) break;
        const { key, value } = row.value;
        page.push([key, unseal(key, value, () => nameOf(p, table, key, front.length), table)]);
        bytes += key.length + value.length;
        if (page.length >= PAGE_ROWS || bytes >= PAGE_BYTES) {
          yield page;
          page = [];
          bytes = 0;
        }
      }
      if (page.length > 0) yield page;
    } finally {
      this.#scans.delete(scan);
      scan[Symbol.dispose]();
    }
  }

  /** The names of a partition's buckets. */
  buckets(prefix: Buffer): string[] {
    const names: string[] = [];
    let start = prefix;
    const end = endOf(prefix, undefined);
    for (;;) {
      const [key] = this.#tables[Table.immutable]!.getKeys({ start, end, limit: 1 });
      if (!key) return names;
      const name = key.subarray(prefix.length, key.indexOf(0, prefix.length)).toString('latin1');
      names.push(name);
      start = Buffer.concat([prefix, Buffer.from(`${name}\x01`)]);
    }
  }

  async *partitions(kind: PartitionKind, after?: Partition): AsyncIterable<Partition> {
    let last = Buffer.from(after ?? `${kind}/`);
    const end = Buffer.from(`${kind}0`); // '0' follows '/'
    for (;;) {
      this.usable();
      // Many in one go, yet never a reader that stays open while the caller works.
      const found: Buffer[] = [];
      while (found.length < PAGE_ROWS) {
        const start = Buffer.concat([last, Buffer.of(0)]);
        const [head] = this.#tables[Table.heads]!.getKeys({ start, end, limit: 1 });
        // Rows of the last partition begin with its name and NUL: 0x01 is behind them all.
        const behind = Buffer.concat([last, Buffer.of(1)]);
        const [row] = this.#tables[Table.immutable]!.getKeys({ start: behind, end, limit: 1 });
        const withRows = row?.subarray(0, row.indexOf(0));
        const next = head && withRows ? (Buffer.compare(head, withRows) < 0 ? head : withRows) : (head ?? withRows);
        if (!next) break;
        last = Buffer.from(next);
        found.push(last);
      }
      for (const name of found) yield name.toString() as Partition;
      if (found.length < PAGE_ROWS) return;
    }
  }

  /** LMDB's pages have no checksums: a bit that flips in one may hide rows, or lead to pages that hold something else. So
   * each table must have as many rows as LMDB has counted, in order, unchanged, and each must be found by its key; and no page
   * may be used twice, or be used and free. */
  async *check(): AsyncIterable<string> {
    for (const table of TABLES.keys()) {
      let problems: string[] = [];
      for (let reading = 1; reading <= CHECK_READINGS; reading++) {
        problems = await this.#checkTable(table);
        if (problems.length === 0) break;
      }
      yield* problems;
    }
    yield* await this.#checkPages();
  }

  async #checkPages(): Promise<string[]> {
    this.usable();
    const table = this.#tables[Table.store]!;
    // While it is open nothing that its state needs is written over, nor what a later state needs.
    const transaction = table.useReadTransaction();
    try {
      for (const _key of table.getKeys({ limit: 1, transaction }));
      return await pageProblems(this.#file);
    } finally {
      transaction.done();
    }
  }

  async #checkTable(number: number): Promise<string[]> {
    this.usable();
    const name = TABLES[number]!;
    const table = this.#tables[number]!;
    const problems: string[] = [];
    const note = (problem: string) => void (problems.length < CHECK_PROBLEMS && problems.push(`${name}: ${problem}`));
    const transaction = table.useReadTransaction();
    const lookup = table as unknown as { get(key: Buffer, options: object): Buffer | undefined };
    let count = 0;
    let last: Buffer | undefined;
    try {
      // Of the latest transaction: a commit in between makes the two differ, hence the repetition.
      const { entryCount } = table.getStats() as { entryCount: number };
      for (const { key, value } of table.getRange({ transaction })) {
        const where = () => `row ${printed(key)}`;
        if (last && Buffer.compare(last, key) >= 0) note(`${where()} is out of order`);
        last = Buffer.from(key);
        try {
          if (number !== Table.store) unseal(key, value, where, number);
        } catch (error) {
          note((error as Error).message);
        }
        if (lookup.get(last, { transaction }) === undefined) note(`${where()} is there, and is not found by its key`);
        if (++count % PAGE_ROWS === 0) await nextTurn();
        // A circle of pages would have no end.
        if (count > 2 * entryCount + CHECK_PROBLEMS) break;
      }
      if (count !== entryCount) note(`${entryCount} rows are noted, ${count} are there`);
    } catch (error) {
      note(`cannot be read: ${(error as Error).message}`);
    } finally {
      transaction.done();
      // After a page that cannot be, LMDB takes nothing more within this transaction, which the next reader would share.
      if (problems.length > 0) table.resetReadTxn();
    }
    return problems;
  }
}

/** The first key that is not of the range any more. */
export function endOf(prefix: Buffer, end: Key | undefined): Buffer {
  if (end) return Buffer.concat([prefix, end]);
  const behind = Buffer.from(prefix);
  behind[behind.length - 1] = 1; // every prefix ends with NUL
  return behind;
}

/** A key, which may be damaged: the name of its partition if it still has one. */
function printed(key: Buffer): string {
  const end = key.indexOf(0);
  return end < 0
    ? key.toString('hex')
    : `of ${JSON.stringify(key.toString('utf8', 0, end))}, ${key.toString('hex', end + 1)}`;
}

function nameOf(p: Partition, table: number, place: Uint8Array, front: number): string {
  return `${TABLES[table]} of ${p}, ${Buffer.from(place.subarray(front)).toString('hex')}`;
}
