/** The account that gets mail for addresses of a domain that nobody has. It may not send as these: nobody has them. */
import { MailError } from '../mail/error.ts';
import type { Bus } from '../ports/bus.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyValueStore } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { normalDomain } from './address.ts';
import type { AccountInfo, Directory } from './api.ts';
import { DIRECTORY_CHANGED, type DirectoryChange } from './routes.ts';
import { decode, domainPartition, type DomainRow, encode } from './rows.ts';
import { Transactions } from './transact.ts';

export interface CatchAllParts {
  readonly kv: KeyValueStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly bus: Pick<Bus, 'publish'>;
  readonly directory: Pick<Directory, 'account'>;
}

export class CatchAll {
  readonly #parts: CatchAllParts;
  readonly #transactions: Transactions;

  constructor(parts: CatchAllParts) {
    this.#parts = parts;
    this.#transactions = new Transactions(parts.kv, parts.clock, parts.random);
  }

  /** Undefined: such mail is refused. Throws `domain-missing`. */
  async of(name: string): Promise<AccountInfo | undefined> {
    const domain = normalDomain(name);
    const row = known(domain, decode<DomainRow>((await this.#parts.kv.head(domainPartition(domain))).value));
    return row.catchAll === undefined ? undefined : await this.#parts.directory.account(row.catchAll);
  }

  /** Throws `domain-missing`, `account-missing`. */
  async set(name: string, address: string | undefined): Promise<AccountInfo | undefined> {
    const { directory, bus } = this.#parts;
    const domain = normalDomain(name);
    const account = address === undefined ? undefined : await directory.account(address);
    if (address !== undefined && account === undefined)
      throw new MailError('account-missing', 'user', `there is no account ${address}`);
    await this.#transactions.run(domainPartition(domain), ({ header }) => {
      const { catchAll: _, ...row } = known(domain, decode<DomainRow>(header));
      return { batch: { header: encode({ ...row, ...(account && { catchAll: account.id }) }) }, result: undefined };
    });
    const change: DirectoryChange = { domain };
    bus.publish(DIRECTORY_CHANGED, change);
    return account;
  }
}

function known(domain: string, row: DomainRow | undefined): DomainRow {
  if (row === undefined) throw new MailError('domain-missing', 'user', `there is no domain ${domain}`);
  return row;
}
