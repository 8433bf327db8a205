/** Answers kept a short while: every recipient of every mail asks where it goes. */
import type { Clock } from '../ports/clock.ts';

const TTL_MS = 10_000;
const MAX_ENTRIES = 50_000;

/** Least recently used goes first. Entries that were being looked up while something was dropped are not kept. */
export class ShortMemory<T> {
  readonly #clock: Clock;
  readonly #entries = new Map<string, { readonly value: T; readonly ends: number }>();
  #epoch = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async get(key: string, look: () => Promise<T>): Promise<T> {
    const known = this.#entries.get(key);
    if (known !== undefined && known.ends > this.#clock.monotonic()) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.value;
    }
    const epoch = this.#epoch;
    const value = await look();
    if (epoch !== this.#epoch) return value;
    this.#entries.delete(key);
    this.#entries.set(key, { value, ends: this.#clock.monotonic() + TTL_MS });
    if (this.#entries.size > MAX_ENTRIES) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    return value;
  }

  drop(keys: Iterable<string>): void {
    this.#epoch++;
    for (const key of keys) this.#entries.delete(key);
  }

  clear(): void {
    this.#epoch++;
    this.#entries.clear();
  }
}
