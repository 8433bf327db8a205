/** MTA-STS policies of other domains as rows of `c/mta-sts-<0..f>`, by the first digit of the domain's hash. */
import { hash } from 'node:crypto';
import { Transactions } from '../../directory/transact.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Entry, type KeyValueStore, type Partition, partition } from '../../ports/kv.ts';
import type { Random } from '../../ports/random.ts';
import type { KeptPolicy, PolicyStore } from './mta-sts.ts';

/** A longer one holds as long as the process does. */
const MOST_BYTES = 16 << 10;
/** Of one partition. */
const MOST_ROWS = 500;

export class KvPolicyStore implements PolicyStore {
  readonly #kv: KeyValueStore;
  readonly #clock: Clock;
  readonly #mostRows: number;
  readonly #transactions: Transactions;

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
    if (value.length > MOST_BYTES) return;
    const key = Buffer.from(domain);
    await this.#transactions.run(shardOf(domain), async (view) => {
      const others = (await view.rows({})).filter(([other]) => !key.equals(other));
      return { batch: { put: [[key, value] as const], remove: this.#spare(others) }, result: undefined };
    });
  }

  /** What has ended, and what is too much. */
  #spare(rows: readonly Entry[]): Uint8Array[] {
    const now = this.#clock.now();
    const ends = rows.map(([key, row]) => ({ key, until: policyIn(row).until })).sort((a, b) => b.until - a.until);
    return ends.filter(({ until }, i) => until <= now || i >= this.#mostRows - 1).map(({ key }) => key);
  }
}

function policyIn(row: Uint8Array): KeptPolicy {
  return JSON.parse(Buffer.from(row).toString()) as KeptPolicy;
}

function shardOf(domain: string): Partition {
  return partition('c', `mta-sts-${hash('sha256', domain, 'hex').charAt(0)}`);
}
