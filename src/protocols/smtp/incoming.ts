/**
 * A message on its way in, whether by DATA or BDAT: small ones gather in one buffer, larger ones flow on to whoever
 * takes them while they arrive, with a bounded buffer in between.
 */
import type { RawMail } from '../../intake/arrival.ts';
import { HEAD_LIMIT } from '../../intake/arrival.ts';
import { MailError } from '../../mail/error.ts';
import type { DataSink } from './wire/data-scanner.ts';

const FIRST_BUFFER = 8 << 10;
/** What every message may have, whatever others hold: most mail is smaller. */
const FREE = 4 * FIRST_BUFFER;
/** Pieces handed on once the message is larger than the head. */
const BLOCK = 256 << 10;
const NOTHING = Buffer.alloc(0);

/** Memory for messages while they come in, shared by all sessions of a server: slow senders of large mail cannot have all there is. */
export class IncomingMemory {
  readonly #most: number;
  #used = 0;

  /** Bytes. */
  constructor(most: number) {
    this.#most = most;
  }

  /** False: there is not so much left. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#most) return false;
    this.#used += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
  }
}

export class IncomingMail<T> implements DataSink {
  readonly #limit: number;
  readonly #memory: IncomingMemory;
  /** Bytes taken from it. */
  #taken = 0;
  readonly #take: (mail: RawMail) => Promise<T>;
  /** The head, then the block being filled. */
  #buffer = Buffer.allocUnsafe(FIRST_BUFFER);
  #used = 0;
  /** Bytes of the message so far, also those beyond the limit. */
  size = 0;
  #blocks: Buffer[] = [];
  #outcome: Promise<T> | undefined;
  #settled = false;
  #ended = false;
  #failure: Error | undefined;
  /** Wakes the taker when there is something to take. */
  #filled: PromiseWithResolvers<void> | undefined;
  /** Wakes the sender when everything was taken. */
  #emptied: PromiseWithResolvers<void> | undefined;

  /** `limit` in bytes. `take` runs once: at the end for a small message, on the way for a large one. */
  constructor(limit: number, memory: IncomingMemory, take: (mail: RawMail) => Promise<T>) {
    this.#limit = limit;
    this.#memory = memory;
    this.#take = take;
  }

  append(bytes: Buffer, start: number, end: number): void {
    this.size += end - start;
    if (this.size > this.#limit) this.#fail(new MailError('too-large', 'user', `over ${this.#limit} bytes`));
    if (this.#failure !== undefined || this.#settled) return;
    for (let from = start; from < end; ) {
      const room = this.#makeRoom(end - from);
      if (room === 0) return;
      const to = Math.min(end, from + room);
      bytes.copy(this.#buffer, this.#used, from, to);
      this.#used += to - from;
      from = to;
    }
  }

  /** Undefined while the taker keeps up; else resolves when the sender may go on. */
  ready(): Promise<void> | undefined {
    if (this.#blocks.length === 0 || this.#settled) return undefined;
    this.#emptied ??= Promise.withResolvers<void>();
    return this.#emptied.promise;
  }

  /** The message is complete. Rejects with what `take` rejected with, with `too-large`, or with `busy` when there was no memory for it. */
  async finish(): Promise<T> {
    if (this.#outcome === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      try {
        return await this.#take({ head: this.#buffer.subarray(0, this.#used) });
      } finally {
        this.#giveBack();
      }
    }
    if (this.#used > 0) this.#blocks.push(this.#buffer.subarray(0, this.#used));
    this.#ended = true;
    this.#filled?.resolve();
    return this.#outcome;
  }

  /** The message will never be complete: whoever takes it is told so and forgets it. */
  abort(reason: Error): void {
    this.#fail(reason);
    this.#outcome?.catch(() => undefined);
  }

  #fail(reason: Error): void {
    this.#failure ??= reason;
    this.#blocks = [];
    // Whoever takes it still has its head; what nobody has yet is let go.
    if (this.#outcome === undefined) {
      this.#buffer = NOTHING;
      this.#used = 0;
      this.#giveBack();
    }
    this.#filled?.resolve();
    this.#emptied?.resolve();
  }

  #giveBack(): void {
    this.#memory.giveBack(this.#taken);
    this.#taken = 0;
  }

  /** False: the message has failed. */
  #reserve(bytes: number): boolean {
    const beyond = bytes - this.#taken;
    if (bytes <= FREE || beyond <= 0) return true;
    if (!this.#memory.take(beyond)) {
      this.#fail(new MailError('busy', 'temporary', 'too much mail is coming in at once'));
      return false;
    }
    this.#taken = bytes;
    return true;
  }

  /** Free bytes in the buffer; none when the message has failed. */
  #makeRoom(wanted: number): number {
    const free = this.#buffer.length - this.#used;
    if (free >= wanted || (free > 0 && this.#buffer.length >= BLOCK && this.#outcome !== undefined)) return free;
    if (this.#outcome !== undefined) {
      this.#blocks.push(this.#buffer);
      this.#filled?.resolve();
      this.#buffer = Buffer.allocUnsafe(BLOCK);
      this.#used = 0;
    } else if (this.#buffer.length < HEAD_LIMIT) {
      const length = Math.min(HEAD_LIMIT, Math.max(this.#buffer.length * 4, this.#used + wanted));
      if (!this.#reserve(length)) return 0;
      const larger = Buffer.allocUnsafe(length);
      this.#buffer.copy(larger, 0, 0, this.#used);
      this.#buffer = larger;
    } else if (free === 0) {
      // The head, a block that is filled and one that is written.
      if (!this.#reserve(HEAD_LIMIT + 2 * BLOCK)) return 0;
      this.#flow();
    }
    return this.#buffer.length - this.#used;
  }

  #flow(): void {
    const head = this.#buffer;
    this.#buffer = Buffer.allocUnsafe(BLOCK);
    this.#used = 0;
    const settle = (): void => {
      this.#settled = true;
      this.#blocks = [];
      this.#giveBack();
      this.#emptied?.resolve();
    };
    this.#outcome = this.#take({ head, rest: this.#rest() });
    this.#outcome.then(settle, settle);
  }

  async *#rest(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const block = this.#blocks.shift();
      if (block !== undefined) {
        yield block;
      } else if (this.#ended) {
        return;
      } else {
        this.#emptied?.resolve();
        this.#emptied = undefined;
        this.#filled = Promise.withResolvers<void>();
        await this.#filled.promise;
      }
    }
  }
}
