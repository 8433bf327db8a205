/**
 * How often words stood in spam and in other mail: a table of fixed size in which a word's place is its hash. Words that share a place
 * blur each other a little; in return it never grows, whatever it is fed. When a counter is full all are halved, so old mail fades.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Two counters of a byte each: what is stored fits a record even where nothing compresses. */
const PLACES = 16_384;
const FULL = 255;

export type Verdict = 'spam' | 'ham';

/** As it is stored. */
export interface StoredTable {
  readonly spam: number;
  readonly ham: number;
  /** Deflated, base64. */
  readonly counters: string;
}

export class TokenTable {
  readonly #counters: Uint8Array;
  /** Mails it was taught, faded like the counters. */
  spam: number;
  ham: number;

  constructor(stored?: StoredTable) {
    const bytes = stored && inflateRawSync(Buffer.from(stored.counters, 'base64'), { maxOutputLength: 2 * PLACES });
    this.#counters = new Uint8Array(2 * PLACES);
    if (bytes?.length === 2 * PLACES) this.#counters.set(bytes);
    this.spam = stored?.spam ?? 0;
    this.ham = stored?.ham ?? 0;
  }

  toJSON(): StoredTable {
    return { spam: this.spam, ham: this.ham, counters: deflateRawSync(this.#counters).toString('base64') };
  }

  /** `by` -1 takes back what was taught before. */
  teach(tokens: ReadonlySet<number>, verdict: Verdict, by: 1 | -1 = 1): void {
    this[verdict] = Math.max(0, this[verdict] + by);
    const offset = verdict === 'spam' ? 0 : 1;
    for (const token of tokens) {
      const at = 2 * (token % PLACES) + offset;
      if (by === 1 && this.#counters[at] === FULL) this.#fade();
      this.#counters[at] = Math.max(0, this.#counters[at]! + by);
    }
  }

  /** Of a token: in how many mails of each kind. */
  counts(token: number): readonly [spam: number, ham: number] {
    const at = 2 * (token % PLACES);
    return [this.#counters[at]!, this.#counters[at + 1]!];
  }

  #fade(): void {
    for (let i = 0; i < this.#counters.length; i++) this.#counters[i] = this.#counters[i]! >> 1;
    this.spam = Math.ceil(this.spam / 2);
    this.ham = Math.ceil(this.ham / 2);
  }
}
