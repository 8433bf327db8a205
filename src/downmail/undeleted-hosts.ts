/** Servers that kept an original after they had said that it was deleted, as the accounts here found out: for the operator, who judges them. */
import { Transactions } from '../directory/transact.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import { type KeyValueStore, type Partition, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';

export interface UndeletedHost {
  readonly host: string;
  /** As it would stand in a reject list: the domain that answers for the host, or the one author who used it. */
  readonly sender: string;
  /** Who found it out: several are more than one who may have an axe to grind. */
  readonly accounts: readonly AccountId[];
  /** Milliseconds since 1970. */
  readonly first: number;
  readonly last: number;
}

/** Of more the one that was silent longest is forgotten. */
const MOST_HOSTS = 500;
const MOST_ACCOUNTS = 20;
/** No domain is called so. */
const ROW: Partition = partition('d', '.undeleted');

export class UndeletedHosts {
  readonly #kv: KeyValueStore;
  readonly #transactions: Transactions;

  constructor(kv: KeyValueStore, clock: Clock, random: Random) {
    this.#kv = kv;
    this.#transactions = new Transactions(kv, clock, random);
  }

  /** The last ones first. */
  async list(): Promise<readonly UndeletedHost[]> {
    return hostsIn((await this.#kv.head(ROW)).value);
  }

  /** Once more by the same account changes only when that was. Answers what is known of the host now. */
  async note({ host, sender }: Pick<UndeletedHost, 'host' | 'sender'>, account: AccountId, at: number) {
    return this.#transactions.run(ROW, ({ header }) => {
      const known = hostsIn(header);
      const before = known.find((one) => one.host === host && one.sender === sender);
      const accounts = [account, ...(before?.accounts ?? []).filter((one) => one !== account)];
      const result: UndeletedHost = {
        host,
        sender,
        accounts: accounts.slice(0, MOST_ACCOUNTS),
        first: before?.first ?? at,
        last: at,
      };
      const hosts = [result, ...known.filter((one) => one !== before)].slice(0, MOST_HOSTS);
      return { batch: { header: encoded(hosts) }, result };
    });
  }

  /** Answers whether it was known. */
  async forget(host: string): Promise<boolean> {
    return this.#transactions.run(ROW, ({ header }) => {
      const known = hostsIn(header);
      const hosts = known.filter((one) => one.host !== host.toLowerCase());
      return {
        ...(hosts.length < known.length && { batch: { header: encoded(hosts) } }),
        result: hosts.length < known.length,
      };
    });
  }
}

function hostsIn(value: Uint8Array | undefined): readonly UndeletedHost[] {
  return value === undefined ? [] : (JSON.parse(Buffer.from(value).toString()) as { hosts: UndeletedHost[] }).hosts;
}

function encoded(hosts: readonly UndeletedHost[]): Uint8Array {
  return Buffer.from(JSON.stringify({ hosts }));
}
