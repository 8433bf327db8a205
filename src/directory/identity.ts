/** What an account's row of identity says, in the words of those who ask. */
import { MailError } from '../mail/error.ts';
import type { AccountId, Principal } from '../mailstore/api.ts';
import { addressText, normalAddress } from './address.ts';
import type { AccountInfo } from './api.ts';
import type { IdentityRow } from './rows.ts';

/** As addresses are shown; undefined for what is none. */
export function readable(address: string): string | undefined {
  try {
    return addressText(normalAddress(address));
  } catch {
    return undefined;
  }
}

/** Throws `account-missing`. */
export function present(id: AccountId, identity: IdentityRow | undefined): IdentityRow {
  if (identity === undefined) throw new MailError('account-missing', 'user', `there is no account ${id}`);
  return identity;
}

/** Throws `account-suspended`. */
export function principal({
  account,
  identity,
  credential,
}: {
  readonly account: AccountId;
  readonly identity: IdentityRow;
  readonly credential: string;
}): Principal & { kind: 'user' } {
  if (identity.suspended)
    throw new MailError('account-suspended', 'user', `the account ${identity.address} is suspended`);
  return { kind: 'user', account, address: identity.address, admin: identity.admin, credential };
}

/** Without what nobody but the directory may know. */
export function info(id: AccountId, row: IdentityRow): AccountInfo {
  return {
    id,
    address: row.address,
    displayName: row.displayName,
    aliases: row.aliases,
    admin: row.admin,
    suspended: row.suspended,
    ...(row.waits && { waits: true as const }),
    quota: row.quota ?? undefined,
    ...(row.categories && row.categories.length > 0 && { categories: row.categories }),
    created: row.created,
  };
}
