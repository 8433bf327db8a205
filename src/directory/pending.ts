/** Changes over several partitions. When one fails in the middle, now or by a crash, it is finished or undone. */
import type { KeyValueStore } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { decode, encode, PENDING, type PendingRow } from './rows.ts';
import type { Transactions } from './transact.ts';

export class Pending {
  readonly #kv: KeyValueStore;
  readonly #transactions: Transactions;
  readonly #random: Random;
  /** Finishes or undoes; harmless when repeated. */
  readonly #settleOne: (row: PendingRow) => Promise<void>;

  constructor(
    kv: KeyValueStore,
    transactions: Transactions,
    random: Random,
    settleOne: (row: PendingRow) => Promise<void>,
  ) {
    this.#kv = kv;
    this.#transactions = transactions;
    this.#random = random;
    this.#settleOne = settleOne;
  }

  async run<T>(row: PendingRow, act: () => Promise<T>): Promise<T> {
    const key = this.#random.bytes(12);
    await this.#transactions.run(PENDING, () => ({ batch: { put: [[key, encode(row)]] }, result: undefined }));
    let result: T;
    try {
      result = await act();
    } catch (error) {
      // If that fails, too, the next start settles.
      await this.#settleOne(row)
        .then(() => this.#finish(key))
        .catch(() => undefined);
      throw error;
    }
    await this.#finish(key);
    return result;
  }

  /** What a crash left. */
  async settle(): Promise<void> {
    for await (const page of this.#kv.scan(PENDING, {})) {
      for (const [key, value] of page) {
        const row = decode<PendingRow>(value);
        if (row !== undefined) await this.#settleOne(row);
        await this.#finish(key);
      }
    }
  }

  #finish(key: Uint8Array): Promise<void> {
    return this.#transactions.run(PENDING, () => ({ batch: { remove: [key] }, result: undefined }));
  }
}
