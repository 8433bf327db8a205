/** MTA-STS policies of other domains as rows of `c/mta-sts-<0..f>`, by the first digit of the domain's hash. */
import { hash } from 'node:crypto';
import { Transactions } from '../../directory/transact.ts';
import type { Clock } from '../../ports/clock.ts';
import { type KeyValueStore, type Partition, partition } from '../../ports/kv.ts';
import type { Random } from '../../ports/random.ts';
import type { KeptPolicy, PolicyStore } from './mta-sts.ts';

/** A longer one holds as long as the process does. */
const MOST_BYTES = 16 << 10;
/** Of one partition. */
const MOST_ROWS = 500;
/** A longer name is none. */
const MOST_KEY = 255;
const ROWS_A_TURN = 20;

export class KvPolicyStore implements PolicyStore {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #mostRows: number;
  readonly #transactions: Transactions;
  readonly #ends = new Map<Partition, Promise<Map<string, number>>>();

  /** `mostRows` of each partition: those that end first go. */
  constructor(kv: KeyValueStore, clock: Clock, random: Random, mostRows = MOST_ROWS) {
    this.#kv = kv;
    this.#clock = clock;
    this.#mostRows = mostRows;
    this.#transactions = new Transactions(kv, clock, random);
  }

  async load(domain: string): Promise<KeptPolicy | undefined> {
    const [row] = await this.#kv.get(shardOf(domain), [Buffer.from(domain)]);
    return row && policyIn(row);
  }

  async save(domain: string, policy: KeptPolicy): Promise<void> {
    const value = Buffer.from(JSON.stringify(policy));
    const key = Buffer.from(domain);
    if (value.length > MOST_BYTES || key.length > MOST_KEY) return;
    const shard = shardOf(domain);
    const ends = await this.#endsIn(shard);
    await this.#transactions.run(shard, () => {
      const remove = this.#spare(ends, domain);
      return {
        batch: { put: [[key, value] as const], remove: remove.map((name) => Buffer.from(name)) },
        result: undefined,
      };
    });
    for (const name of this.#spare(ends, domain)) ends.delete(name);
    ends.set(domain, policy.until);
  }

  /** When the rows of a partition end: read once, for whoever saves needs all of them. */
  #endsIn(shard: Partition): Promise<Map<string, number>> {
    let ends = this.#ends.get(shard);
    if (ends === undefined) {
      ends = this.#read(shard);
      this.#ends.set(shard, ends);
      ends.catch(() => this.#ends.delete(shard));
    }
    return ends;
  }

  async #read(shard: Partition): Promise<Map<string, number>> {
    const ends = new Map<string, number>();
    for await (const page of this.#kv.scan(shard, {}))
      for (const [key, row] of page) {
        ends.set(Buffer.from(key).toString(), policyIn(row).until);
        // Together they may be megabytes of JSON.
        if (ends.size % ROWS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    return ends;
  }

  /** What has ended, and what is too much beside `domain`. */
  #spare(ends: ReadonlyMap<string, number>, domain: string): string[] {
    const now = this.#clock.now();
    const others = [...ends].filter(([name]) => name !== domain).sort(([, a], [, b]) => b - a);
    return others.filter(([, until], i) => until <= now || i >= this.#mostRows - 1).map(([name]) => name);
  }
}

function policyIn(row: Uint8Array): KeptPolicy {
  return JSON.parse(Buffer.from(row).toString()) as KeptPolicy;
}

function shardOf(domain: string): Partition {
  return partition('c', `mta-sts-${hash('sha256', domain, 'hex').charAt(0)}`);
}
