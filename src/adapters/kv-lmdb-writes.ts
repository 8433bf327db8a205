/**
 * The way to the thread that writes: what is issued in one turn of the event loop goes there together, and is answered
 * together. While the thread has enough to do, what comes meanwhile waits here and goes as one: a message to another
 * thread costs more than what is in it. Once a transaction fails, whatever was sent after it fails too.
 */
import type { Worker } from 'node:worker_threads';
import type { Database } from 'lmdb';
import { type CommitId, StoreFailed, StoreFull, type Version } from '../ports/kv.ts';
import { BatchWriter, Table, type WriteAnswer, type WriteMessage } from './kv-lmdb-batch.ts';
import { PAGE, unusedPages } from './kv-lmdb-options.ts';
import type { Part } from './kv-lmdb-parts.ts';

export interface WritesOptions {
  readonly folder: string;
  /** Below this much room on the disk only small commits are taken. */
  readonly minFree: number;
  /** Bytes free on the store's disk. */
  readonly free: (folder: string) => number;
}

const FREE_CHECK_MS = 200;
const RECENT = 32;
/** Groups: one that is being written, and one that the thread finds as soon as it has answered. */
const MOST_SENT = 2;

/** What goes to the thread together. */
export interface Group {
  readonly number: number;
  readonly commits: {
    readonly part: Part;
    readonly expect: Version;
    readonly next: Version;
    readonly id: CommitId;
    readonly value: Buffer | undefined;
  }[];
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class Writes {
  /** What went through since the start. */
  readonly counters = { commits: 0, transactions: 0, bytes: 0 };
  /** Resolves, should the store ever fail, with the reason. */
  readonly failure: Promise<StoreFailed>;

  readonly #options: WritesOptions;
  readonly #tables: readonly Database<Buffer, Buffer>[];
  readonly #worker: Worker;
  readonly #batch = new BatchWriter();
  /** Being filled; sent at the end of the turn, or when the thread has answered. */
  #open: Group | undefined;
  #openBytes = 0;
  /** Sent, not answered, oldest first. */
  #sent: Group[] = [];
  #number = 0;
  #epoch = 0;
  #failed: StoreFailed | undefined;
  readonly #reportFailure: (error: StoreFailed) => void;
  #full = false;
  #freeChecked = Number.NEGATIVE_INFINITY;
  #ended = false;
  #lost = 0;

  /** The worker has said that it is ready. */
  constructor(worker: Worker, tables: readonly Database<Buffer, Buffer>[], options: WritesOptions) {
    this.#worker = worker;
    this.#tables = tables;
    this.#options = options;
    const { promise, resolve } = Promise.withResolvers<StoreFailed>();
    this.failure = promise;
    this.#reportFailure = resolve;
    worker.on('message', (answer: WriteAnswer) => this.#answered(answer));
    worker.on('error', (error: Error) =>
      this.#giveUp(new StoreFailed(`the writer stopped: ${error.message}`, { cause: error })),
    );
    worker.on('exit', () => this.#ended || this.#giveUp(new StoreFailed('the writer stopped')));
    worker.unref();
  }

  /** Writes that were refused, and times that what was on its way was lost. */
  get lost(): number {
    return this.#lost;
  }

  /** Why nothing is acknowledged any more. */
  get failed(): StoreFailed | undefined {
    return this.#failed;
  }

  /** Throws what the store failed with. */
  check(): void {
    if (!this.#failed) return;
    this.#lost++;
    throw this.#failed;
  }

  /** Nothing is taken any more. What is on its way ends as it ends. */
  fail(error: StoreFailed): void {
    this.#failed ??= error;
    this.#reportFailure(this.#failed);
  }

  /** Little room is left: only small commits are taken. */
  get full(): boolean {
    return this.#full;
  }

  /** Throws `StoreFull` when the disk is nearly full and this is more than `small` bytes. */
  roomFor(size: number, small: number): void {
    const now = performance.now();
    if (now - this.#freeChecked > FREE_CHECK_MS) {
      this.#freeChecked = now;
      const free = this.#options.free(this.#options.folder) + (unusedPages(this.#tables) / 2) * PAGE;
      // A little more room is asked for to go back to normal, so that it does not flicker.
      this.#full = free < (this.#full ? this.#options.minFree * 1.25 : this.#options.minFree);
    }
    if (!this.#full || size <= small) return;
    this.#lost++;
    throw new StoreFull(`less than ${this.#options.minFree} bytes are free for ${this.#options.folder}`);
  }

  /** The group that is being filled, with room for so many bytes of operations that belong together. */
  group(size: number): Group {
    this.#batch.reserve(size);
    this.#openBytes += size;
    if (!this.#open) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      promise.catch(() => undefined); // Those who wait for it hear of it.
      this.#open = { number: ++this.#number, commits: [], done: promise, resolve, reject };
      // After everything else that this turn of the event loop still brings.
      if (this.#sent.length < MOST_SENT) setImmediate(() => this.#send());
    }
    return this.#open;
  }

  /** See `BatchWriter`. Belongs to the group asked for before. */
  write(op: number, table: number, prefix: Uint8Array, key: Uint8Array, value: Uint8Array | undefined): void {
    this.#batch.write(op, table, prefix, key, value);
  }

  /** Resolves when nothing is on its way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled([...this.#sent, ...(this.#open ? [this.#open] : [])].map(({ done }) => done));
  }

  /** The thread has ended. */
  async end(): Promise<void> {
    this.#ended = true;
    const ended = new Promise((resolve) => this.#worker.once('exit', resolve));
    if (this.#failed) await this.#worker.terminate();
    else {
      this.#worker.ref();
      this.#worker.postMessage('close');
      await ended;
    }
  }

  #send(): void {
    const group = this.#open;
    this.#open = undefined;
    const { buffers, lengths, pages } = this.#batch.take();
    this.counters.bytes += this.#openBytes;
    this.#openBytes = 0;
    if (!group) return;
    if (this.#sent.push(group) === 1) this.#worker.ref();
    const message: WriteMessage = {
      number: group.number,
      epoch: this.#epoch,
      buffers,
      lengths,
      pages,
      small: this.#full,
    };
    this.#worker.postMessage(message, buffers as ArrayBuffer[]);
  }

  #answered({ number, spare, error }: WriteAnswer): void {
    this.#batch.recycle(spare);
    if (error) {
      const what = `writing to ${this.#options.folder} failed: ${error.message}`;
      if (!error.full) this.#giveUp(new StoreFailed(what));
      else {
        this.#full = true;
        this.#freeChecked = performance.now();
        this.#rollBack(new StoreFull(what));
      }
      return;
    }
    this.counters.transactions++;
    // From now on readers must see it.
    this.#tables[Table.rows]!.resetReadTxn();
    let answered = 0;
    while (answered < this.#sent.length && this.#sent[answered]!.number <= number) {
      const group = this.#sent[answered++]!;
      for (const { part, expect, next, id, value } of group.commits) {
        part.version = next;
        part.commitId = id;
        part.value = value;
        part.inFlight--;
        if (part.last === group) part.last = undefined;
        if (part.recent.push({ expect, id }) > RECENT) part.recent.shift();
      }
      this.counters.commits += group.commits.length;
      group.resolve();
    }
    this.#sent.splice(0, answered);
    if (this.#open) setImmediate(() => this.#send());
    if (this.#sent.length === 0) this.#worker.unref();
  }

  #giveUp(error: StoreFailed): void {
    this.fail(error);
    this.#rollBack(error);
  }

  /** Nothing that is on its way was written, or will be. */
  #rollBack(error: Error): void {
    this.#epoch++;
    this.#lost++;
    const groups = this.#sent;
    this.#sent = [];
    if (this.#open) groups.push(this.#open);
    this.#open = undefined;
    this.#batch.take();
    this.#openBytes = 0;
    for (const { commits } of groups)
      for (const { part } of commits) {
        part.pending = part.version;
        part.pendingValue = part.value;
        part.inFlight = 0;
        part.last = undefined;
      }
    for (const group of groups) group.reject(error);
    this.#worker.unref();
  }
}
