/** The machine's randomness. */
import { randomFillSync } from 'node:crypto';
import type { Random } from '../ports/random.ts';

const POOL = 8192;

export class SystemRandom implements Random {
  readonly #pool = Buffer.allocUnsafeSlow(POOL);
  #used = POOL;

  bytes(length: number): Uint8Array {
    if (length > POOL / 8) return randomFillSync(Buffer.allocUnsafe(length));
    if (this.#used + length > POOL) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += length;
    const bytes = Uint8Array.prototype.slice.call(this.#pool, start, this.#used);
    // Nothing handed out stays behind in memory.
    this.#pool.fill(0, start, this.#used);
    return bytes;
  }

  fraction(): number {
    return Math.random();
  }
}
