/**
 * A message on its way in, whether by DATA or BDAT: small ones gather in one buffer, larger ones flow on to whoever
 * takes them while they arrive, with a bounded buffer in between.
 */
import type { RawMail } from '../../intake/arrival.ts';
import { HEAD_LIMIT } from '../../intake/arrival.ts';
import { MailError } from '../../mail/error.ts';
import type { DataSink } from './wire/data-scanner.ts';

const FIRST_BUFFER = 8 << 10;
/** Pieces handed on once the message is larger than the head. */
const BLOCK = 256 << 10;

export class IncomingMail<T> implements DataSink {
  readonly #limit: number;
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
  constructor(limit: number, take: (mail: RawMail) => Promise<T>) {
    this.#limit = limit;
    this.#take = take;
  }

  append(bytes: Buffer, start: number, end: number): void {
    this.size += end - start;
    if (this.size > this.#limit) this.#fail(new MailError('too-large', 'user', `over ${this.#limit} bytes`));
    if (this.#failure !== undefined || this.#settled) return;
    for (let from = start; from < end; ) {
      const room = this.#makeRoom(end - from);
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

  /** The message is complete. Rejects with what `take` rejected with, or with `too-large`. */
  async finish(): Promise<T> {
    if (this.#outcome === undefined) {
      if (this.#failure !== undefined) throw this.#failure;
      return this.#take({ head: this.#buffer.subarray(0, this.#used) });
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
    this.#filled?.resolve();
    this.#emptied?.resolve();
  }

  /** Free bytes in the buffer, at least one. */
  #makeRoom(wanted: number): number {
    const free = this.#buffer.length - this.#used;
    if (free >= wanted || (free > 0 && this.#buffer.length >= BLOCK && this.#outcome !== undefined)) return free;
    if (this.#outcome !== undefined) {
      this.#blocks.push(this.#buffer);
      this.#filled?.resolve();
      this.#buffer = Buffer.allocUnsafe(BLOCK);
      this.#used = 0;
    } else if (this.#buffer.length < HEAD_LIMIT) {
      const larger = Buffer.allocUnsafe(Math.min(HEAD_LIMIT, Math.max(this.#buffer.length * 4, this.#used + wanted)));
      this.#buffer.copy(larger, 0, 0, this.#used);
      this.#buffer = larger;
    } else if (free === 0) {
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
