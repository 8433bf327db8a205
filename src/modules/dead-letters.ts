/** What a module could not deal with: kept until an operator has it redelivered or drops it. */
import type { AccountId, VersionChanges } from '../mailstore/api.ts';
import { type Batch, type CommitId, type KeyValueStore, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';

export interface DeadLetter {
  /** `<module> <account> <version>`. */
  readonly id: string;
  readonly module: string;
  readonly account: AccountId;
  /** The operation, as the log had it. */
  readonly changes: VersionChanges;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** An operator wants it delivered once more. */
  readonly again: boolean;
}

/** No account has this id: theirs are random and have no dot. */
const PARTITION = partition('m', 'dead.letters');
const ATTEMPTS = 50;
const MOST_BYTES = 200 << 10;

export class DeadLetters {
  readonly #kv: KeyValueStore;
  readonly #random: Random;

  constructor(kv: KeyValueStore, random: Random) {
    this.#kv = kv;
    this.#random = random;
  }

  async add(letter: Omit<DeadLetter, 'id' | 'again'>): Promise<void> {
    const id = `${letter.module} ${letter.account} ${letter.changes.version}`;
    let value = Buffer.from(JSON.stringify({ ...letter, id, again: false }));
    // Of a huge operation only what it was is kept; its messages are still in the account.
    if (value.length > MOST_BYTES) {
      const changes = { ...letter.changes, changes: letter.changes.changes.slice(0, 200) };
      value = Buffer.from(JSON.stringify({ ...letter, changes, id, again: false }));
    }
    await this.#commit({ put: [[Buffer.from(id), value]] });
  }

  async *list(): AsyncIterable<DeadLetter> {
    for await (const page of this.#kv.scan(PARTITION, {}))
      for (const [, value] of page) yield JSON.parse(Buffer.from(value).toString()) as DeadLetter;
  }

  async get(id: string): Promise<DeadLetter | undefined> {
    const [value] = await this.#kv.get(PARTITION, [Buffer.from(id)]);
    return value && (JSON.parse(Buffer.from(value).toString()) as DeadLetter);
  }

  /** The runner takes it up within a minute. Answers whether it was there. */
  async redeliver(id: string): Promise<boolean> {
    const letter = await this.get(id);
    if (letter === undefined) return false;
    await this.#commit({ put: [[Buffer.from(id), Buffer.from(JSON.stringify({ ...letter, again: true }))]] });
    return true;
  }

  async drop(id: string): Promise<boolean> {
    if ((await this.get(id)) === undefined) return false;
    await this.#commit({ remove: [Buffer.from(id)] });
    return true;
  }

  /** Of accounts that are gone. */
  async forget(accounts: ReadonlySet<AccountId>): Promise<void> {
    for await (const { id, account } of this.list()) if (accounts.has(account)) await this.drop(id);
  }

  async #commit(batch: Batch): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const { version } = await this.#kv.head(PARTITION);
      const id = `dead.${Buffer.from(this.#random.bytes(12)).toString('base64url')}` as CommitId;
      const { kind } = await this.#kv.commit(PARTITION, version, version + 1, batch, id);
      if (kind === 'applied') return;
      if (kind === 'unknown' && (await this.#kv.resolve(PARTITION, version, id)) === 'applied') return;
    }
    throw new Error('a dead letter could not be written');
  }
}
