/** The same "random" numbers for the same seed, for tests. */
import type { Random } from '../ports/random.ts';

export class SeededRandom implements Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to 2^32 - 1 (a Weyl sequence through a mixing function). */
  #next(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let x = this.#state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.#next() & 0xff;
    return bytes;
  }

  fraction(): number {
    return this.#next() / 2 ** 32;
  }

  /** A whole number from 0 (included) to `below` (excluded). */
  below(below: number): number {
    return Math.floor(this.fraction() * below);
  }
}
