/**
 * Small rows that change with nearly every mail and need not be exact: what is known of senders and servers. They change in
 * memory and are written behind, many in a commit: a crash costs the changes of the last seconds, a proper end none. One
 * process at a time has the partition.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Transactions } from '../directory/transact.ts';
import type { Clock } from '../ports/clock.ts';
import type { Entry, Key, KeyValueStore, Partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import type { Log } from '../telemetry/log.ts';

export interface KeptRowsParts {
  readonly kv: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface KeptRowsOptions<Row> {
  readonly partition: Partition;
  /** Nothing is lost with this row any more; it is forgotten for good. */
  readonly stale: (row: Row, now: number) => boolean;
  /** Rows in memory. */
  readonly most?: number;
}

const WRITE_EVERY_MS = 30_000;
const SWEEP_EVERY_MS = 86_400_000;
const ROWS_PER_COMMIT = 1_000;
/** Keys come from outside; longer ones are not worth a row. */
const KEY_BYTES = 400;

export class KeptRows<Row> implements AsyncDisposable {
  readonly #parts: KeptRowsParts;
  readonly #options: Required<KeptRowsOptions<Row>>;
  readonly #transactions: Transactions;
  /** Least recently used first. */
  readonly #rows = new Map<string, Row>();
  readonly #loading = new Map<string, Promise<Row | undefined>>();
  #dirty = new Set<string>();
  /** Being written: the store does not have them yet. */
  #leaving: ReadonlySet<string> = new Set();
  #timer: Disposable | undefined;
  #writing: Promise<void> = Promise.resolve();
  #sweepAt: number;
  #closed = false;

  constructor(parts: KeptRowsParts, options: KeptRowsOptions<Row>) {
    this.#parts = parts;
    this.#options = { most: 20_000, ...options };
    this.#transactions = new Transactions(parts.kv, parts.clock, parts.random);
    this.#sweepAt = parts.clock.now() + SWEEP_EVERY_MS;
  }

  /** Undefined: there is none. */
  async get(key: string): Promise<Row | undefined> {
    if (this.#rows.has(key)) return this.#rows.get(key);
    const stored = await this.#load(key);
    return this.#rows.get(key) ?? stored;
  }

  /** Several changes of one row at once come one after the other. */
  async change(key: string, change: (row: Row | undefined) => Row): Promise<Row> {
    const stored = this.#rows.has(key) ? undefined : await this.#load(key);
    // From here on to the end nobody else gets a turn.
    const after = change(this.#rows.get(key) ?? stored);
    if (Buffer.byteLength(key) > KEY_BYTES) return after;
    // The one that was used last goes to the end.
    this.#rows.delete(key);
    this.#rows.set(key, after);
    this.#dirty.add(key);
    this.#schedule();
    return after;
  }

  /** For good. What is noted afterwards begins anew. */
  async remove(key: string): Promise<void> {
    const { kv } = this.#parts;
    const { partition } = this.#options;
    this.#rows.delete(key);
    this.#dirty.delete(key);
    // What is being written may have it still.
    await this.#writing.catch(() => undefined);
    const [stored] = await kv.get(partition, [keyOf(key)]);
    if (stored !== undefined)
      await this.#transactions.run(partition, () => ({ batch: { remove: [keyOf(key)] }, result: undefined }));
  }

  /** All of them, in order of their keys, as they are now. */
  async *all(): AsyncIterable<readonly [key: string, row: Row]> {
    await this.write();
    for await (const page of this.#parts.kv.scan(this.#options.partition, {})) {
      for (const [key, value] of page) {
        const name = Buffer.from(key).toString();
        yield [name, this.#rows.get(name) ?? this.#decode(value)];
      }
      // A start reads all of them, and a store that is read from memory never waits by itself.
      await nextTurn();
    }
  }

  /** Resolves when what was changed so far is durable. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(
      () => this.#write(),
      () => this.#write(),
    );
    return this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
    await this.write().catch((error: unknown) => this.#failed(error));
  }

  #load(key: string): Promise<Row | undefined> {
    const under = this.#loading.get(key);
    if (under !== undefined) return under;
    const { kv } = this.#parts;
    const loading = (async () => {
      const [value] = await kv.get(this.#options.partition, [keyOf(key)]);
      const row = value === undefined ? undefined : this.#decode(value);
      if (row !== undefined && !this.#rows.has(key)) this.#rows.set(key, row);
      this.#forgetSome();
      return row;
    })().finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer ??= this.#parts.clock.after(WRITE_EVERY_MS, () => {
      this.#timer = undefined;
      void this.write().catch((error: unknown) => this.#failed(error));
    });
  }

  #failed(error: unknown): void {
    this.#parts.log.warn(
      { err: error, partition: this.#options.partition },
      'what is known of senders was not written',
    );
    this.#schedule();
  }

  async #write(): Promise<void> {
    const keys = [...this.#dirty];
    this.#leaving = this.#dirty;
    this.#dirty = new Set();
    for (let at = 0; at < keys.length; at += ROWS_PER_COMMIT) {
      const some = keys.slice(at, at + ROWS_PER_COMMIT);
      const put = some.flatMap((key): Entry[] => {
        const row = this.#rows.get(key);
        return row === undefined ? [] : [[keyOf(key), Buffer.from(JSON.stringify(row))]];
      });
      try {
        await this.#transactions.run(this.#options.partition, () => ({ batch: { put }, result: undefined }));
      } catch (error) {
        for (const key of keys.slice(at)) this.#dirty.add(key);
        throw error;
      }
    }
    this.#leaving = new Set();
    this.#forgetSome();
    if (this.#parts.clock.now() >= this.#sweepAt) await this.#sweep();
  }

  #forgetSome(): void {
    const { most } = this.#options;
    if (this.#rows.size <= most) return;
    for (const key of this.#rows.keys()) {
      if (this.#rows.size <= most) return;
      if (!this.#dirty.has(key) && !this.#leaving.has(key)) this.#rows.delete(key);
    }
  }

  async #sweep(): Promise<void> {
    const { kv, clock } = this.#parts;
    const { partition, stale } = this.#options;
    const now = clock.now();
    this.#sweepAt = now + SWEEP_EVERY_MS;
    for await (const page of kv.scan(partition, {})) {
      const remove = page.flatMap(([key, value]): Key[] => {
        const name = Buffer.from(key).toString();
        if (this.#dirty.has(name) || !stale(this.#rows.get(name) ?? this.#decode(value), now)) return [];
        this.#rows.delete(name);
        return [key];
      });
      if (remove.length > 0) await this.#transactions.run(partition, () => ({ batch: { remove }, result: undefined }));
    }
  }

  #decode(value: Uint8Array): Row {
    return JSON.parse(Buffer.from(value).toString()) as Row;
  }
}

function keyOf(key: string): Key {
  return Buffer.from(key);
}
