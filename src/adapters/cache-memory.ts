/** A cache inside one process: least recently used goes first, life is measured by the monotonic clock. */
import type { Cache } from '../ports/cache.ts';
import type { Clock } from '../ports/clock.ts';

interface Slot {
  readonly value: Uint8Array | number;
  readonly ends: number;
  readonly cost: number;
}

/** What an entry costs beside its key and value. */
const OVERHEAD = 128;

export class MemoryCache implements Cache {
  readonly #clock: Clock;
  readonly #limit: number;
  /** In order of use, the oldest first. */
  readonly #slots = new Map<string, Slot>();
  #bytes = 0;

  constructor(clock: Clock, limitBytes = 16 << 20) {
    this.#clock = clock;
    this.#limit = limitBytes;
  }

  /** Bytes in use; never above the limit. */
  get bytes(): number {
    return this.#bytes;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const slot = this.#live(key);
    if (!slot || typeof slot.value === 'number') return undefined;
    this.#slots.delete(key);
    this.#slots.set(key, slot);
    return slot.value;
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    this.#store(key, Uint8Array.from(value), this.#clock.monotonic() + ttlMs);
  }

  async drop(key: string): Promise<void> {
    this.#remove(key);
  }

  async increment(key: string, by: number, ttlMs: number): Promise<number> {
    const slot = this.#live(key);
    const counter = slot && typeof slot.value === 'number' ? slot : undefined;
    const value = ((counter?.value as number | undefined) ?? 0) + by;
    this.#store(key, value, counter?.ends ?? this.#clock.monotonic() + ttlMs);
    return value;
  }

  #live(key: string): Slot | undefined {
    const slot = this.#slots.get(key);
    if (slot && slot.ends <= this.#clock.monotonic()) {
      this.#remove(key);
      return undefined;
    }
    return slot;
  }

  #store(key: string, value: Uint8Array | number, ends: number): void {
    this.#remove(key);
    const cost = OVERHEAD + 2 * key.length + (typeof value === 'number' ? 8 : value.length);
    if (cost > this.#limit) return;
    this.#slots.set(key, { value, ends, cost });
    this.#bytes += cost;
    for (const oldest of this.#slots.keys()) {
      if (this.#bytes <= this.#limit) break;
      this.#remove(oldest);
    }
  }

  #remove(key: string): void {
    const slot = this.#slots.get(key);
    if (!slot) return;
    this.#slots.delete(key);
    this.#bytes -= slot.cost;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#slots.clear();
    this.#bytes = 0;
  }
}
