/** As whom an account writes: for each of its addresses a name, and what is put under a mail. */
import type { AccountInfo } from '../directory/api.ts';
import type { MailAccount } from '../mailstore/api.ts';

export interface Identity {
  /** One of the account's own. */
  readonly address: string;
  /** Display name; '' for none. */
  readonly name: string;
  /** Plain text; '' for none. */
  readonly signature: string;
}

/** Characters. */
export const IDENTITY_LIMITS = { name: 200, signature: 5_000 };

const KIND = 'identity';

type Account = Pick<MailAccount, 'record' | 'records' | 'putRecord'>;
type Owner = Pick<AccountInfo, 'address' | 'aliases' | 'displayName'>;

/** One for each address, the first one first; where nothing was said, with the name of the account. */
export async function identities(account: Account, owner: Owner): Promise<readonly Identity[]> {
  const kept = new Map((await account.records<Identity>(KIND)).map(({ id, value }) => [id, value]));
  return [owner.address, ...owner.aliases].map((address) => ({
    ...(kept.get(idOf(address)) ?? { name: owner.displayName, signature: '' }),
    address,
  }));
}

/** Undefined for what is not one of the account's addresses. */
export async function putIdentity(account: Account, owner: Owner, identity: Identity): Promise<Identity | undefined> {
  const id = idOf(identity.address);
  const address = [owner.address, ...owner.aliases].find((one) => idOf(one) === id);
  if (address === undefined) return undefined;
  const kept = { ...identity, address };
  await account.putRecord(KIND, id, kept);
  return kept;
}

function idOf(address: string): string {
  return address.normalize('NFC').toLowerCase();
}
