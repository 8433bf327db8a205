/** Further addresses of an account. */
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import { addressText, normalAddress } from './address.ts';
import { type Claims, taken } from './claims.ts';
import { present } from './identity.ts';
import type { Pending } from './pending.ts';
import { decode, encode, identityPartition, type IdentityRow } from './rows.ts';
import type { Transactions } from './transact.ts';

const MAX_ALIASES = 1000;

export interface AliasesParts {
  readonly transactions: Transactions;
  readonly claims: Claims;
  readonly pending: Pending;
  readonly identity: (account: AccountId) => Promise<IdentityRow | undefined>;
}

export class Aliases {
  readonly #parts: AliasesParts;

  constructor(parts: AliasesParts) {
    this.#parts = parts;
  }

  /** Answers the address in normal form. */
  async add(alias: string, account: AccountId): Promise<string> {
    const { claims, pending, identity } = this.#parts;
    const address = addressText(normalAddress(alias));
    const { aliases } = present(account, await identity(account));
    if (aliases.length >= MAX_ALIASES)
      throw new MailError('limit', 'user', `an account has at most ${MAX_ALIASES} aliases`);
    if ((await claims.owner(address)) !== undefined) throw taken(address);
    await pending.run({ what: 'alias', account, address }, async () => {
      await claims.list(address, account, true, true);
      await claims.take(address, account);
      await this.set(account, address, true);
    });
    return address;
  }

  /** Answers the address in normal form. */
  async remove(alias: string): Promise<string> {
    const { claims, pending } = this.#parts;
    const address = addressText(normalAddress(alias));
    const account = await claims.owner(address);
    const identity = account && (await this.#parts.identity(account));
    if (account === undefined || identity === undefined || !identity.aliases.includes(address))
      throw new MailError('account-missing', 'user', `there is no alias ${address}`);
    await pending.run({ what: 'alias', account, address }, async () => {
      await claims.give(address, account);
      await claims.list(address, account, false, true);
      await this.set(account, address, false);
    });
    return address;
  }

  /** What the account's own row says. */
  async set(account: AccountId, alias: string, there: boolean): Promise<void> {
    await this.#parts.transactions.run(identityPartition(account), ({ header }) => {
      const row = decode<IdentityRow>(header);
      if (row === undefined || row.aliases.includes(alias) === there) return { result: undefined };
      const aliases = there ? [...row.aliases, alias] : row.aliases.filter((one) => one !== alias);
      return { batch: { header: encode({ ...row, aliases }) }, result: undefined };
    });
  }
}
