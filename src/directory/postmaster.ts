/**
 * Names that every domain must answer to (RFC 5321 §4.5.1, RFC 2142 §5), whether or not somebody has them: their mail
 * reaches an administrator then.
 */
import type { AccountId } from '../mailstore/api.ts';
import type { KeyValueStore } from '../ports/kv.ts';
import { normalAddress } from './address.ts';
import { ADMINISTRATORS, type IdentityRow, textKey } from './rows.ts';
import type { Transactions } from './transact.ts';

const ROLES = new Set(['postmaster', 'abuse']);

/** `local` in normal form, without its detail. */
export function isRole(local: string): boolean {
  return ROLES.has(local);
}

/** The one mailbox that has no domain (RFC 5321 §4.1.1.3). */
export function isBarePostmaster(address: string): boolean {
  return address.toLowerCase() === 'postmaster';
}

export interface Administrator {
  readonly account: AccountId;
  /** Of its first address. */
  readonly domain: string;
  readonly created: number;
}

/** The accounts that may be administrators; the account itself is the truth. Few, so that nobody has to look at all. */
export class Administrators {
  readonly #kv: KeyValueStore;
  readonly #transactions: Transactions;
  readonly #identity: (account: AccountId) => Promise<IdentityRow | undefined>;

  constructor(
    kv: KeyValueStore,
    transactions: Transactions,
    identity: (account: AccountId) => Promise<IdentityRow | undefined>,
  ) {
    this.#kv = kv;
    this.#transactions = transactions;
    this.#identity = identity;
  }

  /** To be called before the account says so. */
  async add(account: AccountId): Promise<void> {
    await this.#put([account]);
  }

  async remove(account: AccountId): Promise<void> {
    const key = textKey(account);
    await this.#transactions.run(ADMINISTRATORS, async (view) =>
      (await view.get(key)) === undefined ? { result: undefined } : { batch: { remove: [key] }, result: undefined },
    );
  }

  /** The oldest who can be reached: of the domain if it has one, else of all. */
  async first(domain?: string): Promise<Administrator | undefined> {
    let first: Administrator | undefined;
    let firstHere: Administrator | undefined;
    for await (const page of this.#kv.scan(ADMINISTRATORS, {})) {
      for (const [key] of page) {
        const account = Buffer.from(key).toString() as AccountId;
        const identity = await this.#identity(account);
        if (identity?.admin !== true || identity.suspended) continue;
        const one = { account, domain: normalAddress(identity.address).domain, created: identity.created };
        if (first === undefined || one.created < first.created) first = one;
        if (one.domain === domain && !(firstHere !== undefined && firstHere.created <= one.created)) firstHere = one;
      }
    }
    return firstHere ?? first;
  }

  /** Once in the life of a store: those that were there before they were listed. */
  async listOnce(known: () => Promise<readonly AccountId[]>): Promise<void> {
    if ((await this.#kv.head(ADMINISTRATORS)).version === 0) await this.#put(await known());
  }

  async #put(accounts: readonly AccountId[]): Promise<void> {
    const put = accounts.map((account) => [textKey(account), Buffer.of(1)] as const);
    await this.#transactions.run(ADMINISTRATORS, () => ({ batch: { put }, result: undefined }));
  }
}
