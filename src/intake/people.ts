/** What an owner wants for the mail of particular people (D-35), one record each. */
import { hash } from 'node:crypto';
import { normalAddress } from '../directory/address.ts';
import { MailError } from '../mail/error.ts';
import { parseQuery } from '../mail/search/query.ts';
import type { FolderId, MailAccount } from '../mailstore/api.ts';
import { isContact } from './contacts/records.ts';
import type { IntakePayload } from './entry.ts';
import { correspondent } from './spam/correspondents.ts';

export interface Person {
  /** As it was written. */
  readonly address: string;
  readonly importance?: 'high' | 'low';
  /** Where their mail goes when no rule says otherwise. */
  readonly folder?: FolderId;
  /** Who is sent a notice of it. */
  readonly notify?: readonly string[];
  /** What is written under a mail to them; for the program that writes it. */
  readonly signature?: string;
  /** Their mail is always taken: the owner's reject list and the spam check do not apply. */
  readonly accept?: boolean;
  /** Images of other servers in their mail are shown, where it is theirs. */
  readonly images?: boolean;
}

export const PEOPLE_LIMITS = { people: 1_000, notify: 5, signature: 5_000 };

const KIND = 'person';
/** Mails to somebody that are looked through for one that the owner sent. */
const MOST_LOOKED_AT = 200;

type Account = Pick<MailAccount, 'record' | 'records' | 'putRecord'>;

/** Undefined for what is no address, and for somebody of whom nothing is said. */
export async function personAt(account: Account, address: string): Promise<Person | undefined> {
  const id = idOf(address);
  return id === undefined ? undefined : account.record<Person>(KIND, id);
}

export async function people(account: Account): Promise<readonly Person[]> {
  const all = (await account.records<Person>(KIND)).map(({ value }) => value);
  return all.toSorted((a, b) => (a.address < b.address ? -1 : 1));
}

/** Throws `address-syntax`, `limit`. */
export async function putPerson(account: Account, person: Person): Promise<void> {
  const id = idOf(person.address);
  if (id === undefined) throw new MailError('address-syntax', 'user', `${person.address} is no address`);
  const known = await account.records<Person>(KIND);
  if (known.length >= PEOPLE_LIMITS.people && !known.some((one) => one.id === id))
    throw new MailError('limit', 'user', `${PEOPLE_LIMITS.people} people are the most there can be`);
  await account.putRecord(KIND, id, person);
}

/** Answers whether there was one. */
export async function removePerson(account: Account, address: string): Promise<boolean> {
  const id = idOf(address);
  if (id === undefined || (await account.record(KIND, id)) === undefined) return false;
  await account.putRecord(KIND, id, undefined);
  return true;
}

/** Is it one of the owner's people, in the address book, or somebody whom the owner has written to? */
export async function isKnown(account: MailAccount, address: string, now: number): Promise<boolean> {
  if (address === '' || address.includes('"')) return false;
  if (isHandled(await personAt(account, address)) || (await isContact(account, address))) return true;
  if ((await correspondent(account, address)) !== undefined) return true;
  const sent = account.folderWithRole('sent');
  if (sent === undefined) return false;
  const query = parseQuery(`to:"${address}"`, now);
  const { hits } = await account.search({ query, sort: 'date', limit: MOST_LOOKED_AT });
  for (const { id } of hits) {
    if (account.meta(id)?.folder !== sent.id) continue;
    const { to, cc, bcc } = (await account.details(id)).envelope;
    if ([...to, ...cc, ...bcc].some((one) => one.address.toLowerCase() === address.toLowerCase())) return true;
  }
  return false;
}

/** Whoever only looks at somebody's pictures does not know him. */
function isHandled(person: Person | undefined): boolean {
  if (person === undefined) return false;
  const { address: _address, images: _images, ...handling } = person;
  return Object.keys(handling).length > 0 || person.images === undefined;
}

/** Did the author's domain send it? Mail of our own users did not come from outside, and is theirs. */
export function isProven({ authentication }: Pick<IntakePayload, 'authentication'>): boolean {
  if (authentication === undefined) return true;
  const { result, spfAligned, dkimAligned } = authentication.dmarc;
  return result === 'pass' || spfAligned || dkimAligned;
}

function idOf(address: string): string | undefined {
  try {
    const { local, domain } = normalAddress(address);
    return hash('sha256', `${local}@${domain}`, 'base64url').slice(0, 22);
  } catch {
    return undefined;
  }
}
