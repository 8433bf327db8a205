/** Our domains. A domain's own header is the truth; the list of all is only where to look. */
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyValueStore } from '../ports/kv.ts';
import { normalDomain } from './address.ts';
import type { DomainInfo } from './api.ts';
import { ALL_DOMAINS, decode, domainPartition, type DomainRow, encode, textKey } from './rows.ts';
import type { Transactions } from './transact.ts';

export class Domains {
  readonly #kv: KeyValueStore;
  readonly #transactions: Transactions;
  readonly #clock: Clock;

  constructor(kv: KeyValueStore, transactions: Transactions, clock: Clock) {
    this.#kv = kv;
    this.#transactions = transactions;
    this.#clock = clock;
  }

  async add(name: string): Promise<DomainInfo> {
    const domain = normalDomain(name);
    if (domain.startsWith('[')) throw new MailError('address-syntax', 'syntax', `${domain} is not a domain`);
    await this.#transactions.run(ALL_DOMAINS, () => ({
      batch: { put: [[textKey(domain), Buffer.of(1)]] },
      result: undefined,
    }));
    const row: DomainRow = { created: this.#clock.now() };
    await this.#transactions.run(domainPartition(domain), ({ header }) => {
      if (decode<DomainRow>(header) !== undefined)
        throw new MailError('domain-exists', 'user', `the domain ${domain} exists already`);
      return { batch: { header: encode(row) }, result: undefined };
    });
    return { name: domain, created: row.created };
  }

  async all(): Promise<readonly DomainInfo[]> {
    const found: DomainInfo[] = [];
    for await (const page of this.#kv.scan(ALL_DOMAINS, {})) {
      for (const [key] of page) {
        const info = await this.find(Buffer.from(key).toString());
        if (info !== undefined) found.push(info);
      }
    }
    return found;
  }

  async find(name: string): Promise<DomainInfo | undefined> {
    const domain = normalDomain(name);
    const row = decode<DomainRow>((await this.#kv.head(domainPartition(domain))).value);
    return row && { name: domain, created: row.created };
  }

  /** The account that gets mail for what nobody has there. */
  async catchAll(domain: string): Promise<AccountId | undefined> {
    return decode<DomainRow>((await this.#kv.head(domainPartition(domain))).value)?.catchAll;
  }

  /** Throws `conflict` while somebody lives there. */
  async remove(name: string): Promise<void> {
    const domain = normalDomain(name);
    await this.#transactions.run(domainPartition(domain), async (view) => {
      if (decode<DomainRow>(view.header) === undefined)
        throw new MailError('domain-missing', 'user', `there is no domain ${domain}`);
      const [member] = await view.rows({ limit: 1 });
      if (member !== undefined)
        throw new MailError('conflict', 'user', `${Buffer.from(member[0]).toString()}@${domain} still exists`);
      return { batch: { header: encode(null) }, result: undefined };
    });
    await this.#transactions.run(ALL_DOMAINS, () => ({ batch: { remove: [textKey(domain)] }, result: undefined }));
  }
}
