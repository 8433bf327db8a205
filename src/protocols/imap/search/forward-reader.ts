/** Reads stretches of a body one behind the other without opening it anew for each: a mail may have thousands of parts. */
import type { Body } from '../../../mailstore/api.ts';

/** What lies between two stretches is read over up to this many bytes; beyond a larger gap the body is opened again. */
const READ_OVER = 256 * 1024;
const NOTHING = Buffer.alloc(0);

export class ForwardReader implements AsyncDisposable {
  readonly #body: Pick<Body, 'stream'>;
  #pieces: AsyncIterator<Uint8Array> | undefined;
  /** Where the next byte stands that has not been answered: the first one of `#piece`. */
  #at = 0;
  #piece: Uint8Array = NOTHING;

  constructor(body: Pick<Body, 'stream'>) {
    this.#body = body;
  }

  /** Bytes `start` (included) to `end` (excluded). Cheap when `start` is at or little behind the `end` before. */
  async bytes(start: number, end: number): Promise<Uint8Array> {
    if (this.#pieces === undefined || start < this.#at || start > this.#at + this.#piece.length + READ_OVER) {
      await this[Symbol.asyncDispose]();
      this.#pieces = this.#body.stream(start)[Symbol.asyncIterator]();
      this.#at = start;
      this.#piece = NOTHING;
    }
    const found: Uint8Array[] = [];
    for (;;) {
      const from = Math.min(start - this.#at, this.#piece.length);
      const to = Math.min(end - this.#at, this.#piece.length);
      if (from < to) {
        found.push(this.#piece.subarray(Math.max(0, from), to));
        start = this.#at + to;
      }
      if (start >= end) break;
      const { value, done } = await this.#pieces.next();
      if (done === true) break;
      this.#at += this.#piece.length;
      this.#piece = value;
    }
    return found.length === 1 ? found[0]! : Buffer.concat(found);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pieces?.return?.();
    this.#pieces = undefined;
  }
}
