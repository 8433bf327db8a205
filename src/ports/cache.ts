/** Cache: rate counters, throttles, hot pages. Never truth: any entry may vanish at any moment. Bounded in bytes. */
export interface Cache extends AsyncDisposable {
  get(key: string): Promise<Uint8Array | undefined>;
  set(key: string, value: Uint8Array, ttlMs: number): Promise<void>;
  drop(key: string): Promise<void>;
  /** Adds to a counter and answers its new value; the counter vanishes `ttlMs` after its first increment. */
  increment(key: string, by: number, ttlMs: number): Promise<number>;
}
