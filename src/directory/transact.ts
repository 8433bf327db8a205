/** Small transactions on one partition: read, decide, commit if nobody else did meanwhile, else again. */
import type { Clock } from '../ports/clock.ts';
import type { Batch, CommitId, Entry, Key, KeyValueStore, Partition, Range, Value, Version } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import { identityPartition } from './rows.ts';

/** The partition as one attempt sees it. */
export interface View {
  readonly version: Version;
  readonly header: Value | undefined;
  get(key: Key): Promise<Value | undefined>;
  rows(range: Range): Promise<Entry[]>;
}

/** No batch: nothing is to be written. */
export interface Decision<T> {
  readonly batch?: Batch;
  readonly result: T;
}

/** What those need who keep rows of their own in a partition. */
export interface RowParts {
  readonly kv: KeyValueStore;
  readonly transactions: Transactions;
  readonly clock: Clock;
  readonly random: Random;
}

/** Of what opens an account. */
export interface CredentialRowParts extends RowParts {
  /** Something of the account's may open it no more. */
  readonly ended: (account: AccountId) => void;
}

/** Conflicts in a row before a partition counts as busy. */
const ATTEMPTS = 50;

/** Answers whether there was such a row beside the account. */
export function removeRow(transactions: Transactions, account: AccountId, key: Key): Promise<boolean> {
  return transactions.run(identityPartition(account), async (view) =>
    (await view.get(key)) === undefined ? { result: false } : { batch: { remove: [key] }, result: true },
  );
}

export class Transactions {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #random: Random;
  /** The last transaction of each partition in use: those of one process wait for each other instead of colliding. */
  readonly #tails = new Map<Partition, Promise<unknown>>();

  constructor(kv: KeyValueStore, clock: Clock, random: Random) {
    this.#kv = kv;
    this.#clock = clock;
    this.#random = random;
  }

  /** Durable when resolved. `decide` may be called several times; what it throws ends the transaction. */
  async run<T>(p: Partition, decide: (view: View) => Promise<Decision<T>> | Decision<T>): Promise<T> {
    const before = this.#tails.get(p) ?? Promise.resolve();
    const mine = before.then(
      () => this.#attempts(p, decide),
      () => this.#attempts(p, decide),
    );
    this.#tails.set(p, mine);
    try {
      return await mine;
    } finally {
      if (this.#tails.get(p) === mine) this.#tails.delete(p);
    }
  }

  async #attempts<T>(p: Partition, decide: (view: View) => Promise<Decision<T>> | Decision<T>): Promise<T> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0) await this.#clock.sleep(this.#random.fraction() * Math.min(100, 2 ** attempt));
      const { version, value } = await this.#kv.head(p);
      const { batch, result } = await decide({
        version,
        header: value,
        get: async (key) => (await this.#kv.get(p, [key]))[0],
        rows: (range) => this.#rows(p, range),
      });
      if (batch === undefined) return result;
      const id = `d.${Buffer.from(this.#random.bytes(15)).toString('base64url')}` as CommitId;
      const { kind } = await this.#kv.commit(p, version, version + 1, batch, id);
      if (kind === 'applied') return result;
      if (kind === 'unknown' && (await this.#kv.resolve(p, version, id)) === 'applied') return result;
    }
    throw new MailError('busy', 'temporary', `${p} changes too often to be changed`);
  }

  async #rows(p: Partition, range: Range): Promise<Entry[]> {
    const rows: Entry[] = [];
    for await (const page of this.#kv.scan(p, range)) rows.push(...page);
    return rows;
  }
}
