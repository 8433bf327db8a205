/** Reject lists of domains and of the whole service, in the header of a partition each: their administrators change them. */
import { MailError } from '../mail/error.ts';
import { REJECT_LIMITS, type RejectEntry, rejectEntry } from '../mail/reject-list.ts';
import type { Clock } from '../ports/clock.ts';
import { type KeyValueStore, type Partition, partition, type Version } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { normalDomain } from './address.ts';
import { decode, domainPartition, type DomainRow, encode } from './rows.ts';
import { Transactions } from './transact.ts';

/** No domain is called so. */
const SYSTEM: Partition = partition('d', '.reject');
const NONE: readonly RejectEntry[] = [];
const MOST_DOMAINS = 1_000;

interface SystemRow {
  readonly reject: readonly RejectEntry[];
}

export class RejectLists {
  readonly #kv: KeyValueStore;
  readonly #transactions: Transactions;
  readonly #known = new Map<Partition, { readonly version: Version; readonly entries: readonly RejectEntry[] }>();

  constructor(kv: KeyValueStore, clock: Clock, random: Random) {
    this.#kv = kv;
    this.#transactions = new Transactions(kv, clock, random);
  }

  /** Of a domain, '' for the whole service; none for a domain that is not ours. */
  async of(domain: string): Promise<readonly RejectEntry[]> {
    const p = domain === '' ? SYSTEM : domainPartition(normalDomain(domain));
    const { version, value } = await this.#kv.head(p);
    const known = this.#known.get(p);
    if (known?.version === version) return known.entries;
    const entries = decode<Partial<SystemRow>>(value)?.reject ?? NONE;
    if (this.#known.size >= MOST_DOMAINS) this.#known.clear();
    this.#known.set(p, { version, entries });
    return entries;
  }

  /** Puts an entry there, or another action in its place. Throws `domain-missing`, `address-syntax`, `limit`. */
  async put(domain: string, entry: RejectEntry): Promise<readonly RejectEntry[]> {
    const one = rejectEntry(entry);
    return this.#change(domain, (entries) => {
      const others = entries.filter(({ sender }) => sender !== one.sender);
      if (others.length >= REJECT_LIMITS.entries)
        throw new MailError('limit', 'user', `${REJECT_LIMITS.entries} entries are the most there can be`);
      return [...others, one];
    });
  }

  /** Throws `domain-missing`. */
  async remove(domain: string, sender: string): Promise<readonly RejectEntry[]> {
    const gone = rejectEntry({ sender, action: 'refuse' }).sender;
    return this.#change(domain, (entries) => entries.filter((one) => one.sender !== gone));
  }

  #change(
    domain: string,
    change: (entries: readonly RejectEntry[]) => readonly RejectEntry[],
  ): Promise<readonly RejectEntry[]> {
    const name = domain === '' ? '' : normalDomain(domain);
    return this.#transactions.run(name === '' ? SYSTEM : domainPartition(name), ({ header }) => {
      const row = decode<DomainRow>(header);
      if (row === undefined && name !== '') throw new MailError('domain-missing', 'user', `there is no domain ${name}`);
      const reject = change(row?.reject ?? NONE);
      return { batch: { header: encode({ ...row, reject } as DomainRow) }, result: reject };
    });
  }
}
