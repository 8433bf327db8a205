/** Whose an address is: its claim decides; the row in its domain is there so that a domain's addresses can be listed. */
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { KeyValueStore } from '../ports/kv.ts';
import { normalAddress } from './address.ts';
import {
  claimPartition,
  type ClaimRow,
  decode,
  domainPartition,
  type DomainRow,
  encode,
  type MemberRow,
  textKey,
} from './rows.ts'; // prettier-ignore
import type { Transactions } from './transact.ts';

export class Claims {
  readonly #kv: KeyValueStore;
  readonly #transactions: Transactions;

  constructor(kv: KeyValueStore, transactions: Transactions) {
    this.#kv = kv;
    this.#transactions = transactions;
  }

  /** Addresses here and below are in normal form. */
  async owner(address: string): Promise<AccountId | undefined> {
    return decode<ClaimRow>((await this.#kv.head(claimPartition(address))).value)?.account;
  }

  /** The one commit that decides whose an address is. Throws `account-exists`. */
  async take(address: string, account: AccountId): Promise<void> {
    await this.#transactions.run(claimPartition(address), ({ header }) => {
      const owner = decode<ClaimRow>(header)?.account;
      if (owner === account) return { result: undefined };
      if (owner !== undefined) throw taken(address);
      return { batch: { header: encode({ account }) }, result: undefined };
    });
  }

  async give(address: string, account: AccountId): Promise<void> {
    await this.#transactions.run(claimPartition(address), ({ header }) =>
      decode<ClaimRow>(header)?.account === account
        ? { batch: { header: encode(null) }, result: undefined }
        : { result: undefined },
    );
  }

  /** The row of an address in its domain. Throws `domain-missing` when one is to be added. */
  async list(address: string, account: AccountId, there: boolean, alias: boolean): Promise<void> {
    const { local, domain } = normalAddress(address);
    const key = textKey(local);
    await this.#transactions.run(domainPartition(domain), async (view) => {
      if (there && decode<DomainRow>(view.header) === undefined)
        throw new MailError('domain-missing', 'user', `there is no domain ${domain}`);
      const row = decode<MemberRow>(await view.get(key));
      if (there) {
        if (row?.account === account) return { result: undefined };
        // Somebody else's, whose claim is on its way or whose removal is.
        if (row !== undefined) throw taken(address);
        return { batch: { put: [[key, encode({ account, alias })]] }, result: undefined };
      }
      return row?.account === account ? { batch: { remove: [key] }, result: undefined } : { result: undefined };
    });
  }

  /** Accounts whose first address is in this domain. A row whose claim never came belongs to nobody. */
  async *accountsOf(domain: string): AsyncIterable<AccountId> {
    for await (const page of this.#kv.scan(domainPartition(domain), {})) {
      for (const [key, value] of page) {
        const member = decode<MemberRow>(value);
        if (member === undefined || member.alias) continue;
        if ((await this.owner(`${Buffer.from(key).toString()}@${domain}`)) === member.account) yield member.account;
      }
    }
  }
}

export function taken(address: string): MailError {
  return new MailError('account-exists', 'user', `the address ${address} is taken`);
}
