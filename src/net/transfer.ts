/** How slowly the body of a message or literal may come: never longer than `idleMs` without a byte, and after `graceMs`
 * at `bytesPerSecond` on average. */
export interface TransferRate {
  readonly bytesPerSecond: number;
  readonly graceMs: number;
  readonly idleMs: number;
}

export const TRANSFER_RATE: TransferRate = { bytesPerSecond: 500, graceMs: 60_000, idleMs: 180_000 };

export class Transfer {
  readonly #rate: TransferRate;
  readonly #start: number;
  /** Those that came. */
  bytes = 0;

  /** `now`: monotonic milliseconds. */
  constructor(rate: TransferRate, now: number) {
    this.#rate = rate;
    this.#start = now;
  }

  /** Milliseconds for which the next byte may be waited for. */
  patience(now: number): number {
    const { bytesPerSecond, graceMs, idleMs } = this.#rate;
    return Math.min(idleMs, this.#start + graceMs + (this.bytes * 1000) / bytesPerSecond - now);
  }
}
