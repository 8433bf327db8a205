/** As whom an account writes: for each of its addresses a name, and what is put under a mail: text, an image. */
import { hash } from 'node:crypto';
import type { AccountInfo } from '../directory/api.ts';
import type { MailAccount } from '../mailstore/api.ts';

export interface Identity {
  /** One of the account's own. */
  readonly address: string;
  /** Display name; '' for none. */
  readonly name: string;
  /** Plain text; '' for none. */
  readonly signature: string;
  /** Names the image under it, another name for another one; '' for none. */
  readonly image: string;
}

/** What its owner writes of it. */
type Wording = Omit<Identity, 'image'>;

/** Characters; bytes of the image. */
export const IDENTITY_LIMITS = { name: 200, signature: 5_000, image: 40_000 };

const KIND = 'identity';
const IMAGE_KIND = 'identity-image';

type Account = Pick<MailAccount, 'record' | 'records' | 'putRecord'>;
type Owner = Pick<AccountInfo, 'address' | 'aliases' | 'displayName'>;

/** One for each address, the first one first; where nothing was said, with the name of the account. */
export async function identities(account: Account, owner: Owner): Promise<readonly Identity[]> {
  const kept = new Map((await account.records<Identity>(KIND)).map(({ id, value }) => [id, value]));
  return [owner.address, ...owner.aliases].map((address) => ({
    image: '',
    ...(kept.get(idOf(address)) ?? { name: owner.displayName, signature: '' }),
    address,
  }));
}

/** Undefined for what is not one of the account's addresses. */
export async function putIdentity(account: Account, owner: Owner, wording: Wording): Promise<Identity | undefined> {
  const before = await identityAt(account, owner, wording.address);
  if (before === undefined) return undefined;
  const kept = { ...before, ...wording, address: before.address };
  await account.putRecord(KIND, idOf(before.address), kept);
  return kept;
}

/** Another image under it, or none. Undefined for what is not one of the account's addresses. */
export async function putSignatureImage(
  account: Account,
  owner: Owner,
  address: string,
  image: Uint8Array | undefined,
): Promise<Identity | undefined> {
  const before = await identityAt(account, owner, address);
  if (before === undefined) return undefined;
  const id = idOf(address);
  const kept = { ...before, image: image === undefined ? '' : hash('sha256', image, 'base64url').slice(0, 22) };
  // It is there before it is named, and goes after it is named no more.
  if (image !== undefined) await account.putRecord(IMAGE_KIND, id, Buffer.from(image).toString('base64'));
  await account.putRecord(KIND, id, kept);
  if (image === undefined) await account.putRecord(IMAGE_KIND, id, undefined);
  return kept;
}

/** Undefined when there is none. */
export async function signatureImage(account: Account, address: string): Promise<Uint8Array | undefined> {
  const kept = await account.record<string>(IMAGE_KIND, idOf(address));
  return kept === undefined ? undefined : Buffer.from(kept, 'base64');
}

async function identityAt(account: Account, owner: Owner, address: string): Promise<Identity | undefined> {
  return (await identities(account, owner)).find((one) => idOf(one.address) === idOf(address));
}

function idOf(address: string): string {
  return address.normalize('NFC').toLowerCase();
}
