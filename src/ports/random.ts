/** Random: unguessable bytes, and jitter. Tests inject a seeded one. */
export interface Random {
  bytes(length: number): Uint8Array;
  /** 0 (included) to 1 (excluded). */
  fraction(): number;
}
