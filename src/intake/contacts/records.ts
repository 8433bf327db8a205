/** The records of an address book: contacts, groups, and for each address the contacts that have it. */
import { MailError } from '../../mail/error.ts';
import { addressKey, type ContactFields } from '../../mail/contacts/contact.ts';
import type { MailAccount, RecordChange, RecordKey } from '../../mailstore/api.ts';

export const CONTACT = 'contact';
export const CONTACT_GROUP = 'contact-group';
const CONTACT_ADDRESS = 'contact-address';

export const BOOK_LIMITS = { groups: 100, members: 1_000, groupName: 100, file: 5 << 20 };

export interface Contact extends ContactFields {
  /** The version of the account in which it last changed. */
  readonly revision: string;
  /** Milliseconds since 1970. */
  readonly updated: number;
  /** What it is called in the file that it came from; absent: as here. */
  readonly uid?: string;
}

export interface ContactGroup {
  readonly revision: string;
  readonly name: string;
  /** Ids of contacts; some may be gone. */
  readonly members: readonly string[];
}

export interface NewContact {
  readonly id: string;
  readonly fields: ContactFields;
  readonly uid?: string;
}

type Records = Pick<MailAccount, 'record' | 'records' | 'changeRecords'>;

/** Somebody else changes the same contact: how often that is tried again where the caller does not mind. */
const MOST_ATTEMPTS = 5;

/** Does the address book have this address? One read, or none where there are few. */
export async function isContact(account: Pick<MailAccount, 'record'>, address: string): Promise<boolean> {
  const id = indexId(address);
  return id !== undefined && (await account.record(CONTACT_ADDRESS, id)) !== undefined;
}

/** Addresses in the address book, as they are compared. */
export async function contactAddresses(account: Pick<MailAccount, 'records'>): Promise<readonly string[]> {
  return (await account.records(CONTACT_ADDRESS)).map(({ id }) => id);
}

/** In one commit. */
export async function addContacts(account: Records, added: readonly NewContact[], now: number): Promise<void> {
  const addresses = new Set(added.flatMap(({ fields }) => indexIds(fields)));
  const keys = [...added.map(({ id }) => contactKey(id)), ...Array.from(addresses, addressRow)];
  await account.changeRecords(keys, (before, version) => {
    const index = new AddressIndex(before);
    for (const { id, fields } of added) index.change(id, undefined, fields);
    const revision = String(version);
    return [
      ...added.map(({ id, fields, uid }) => ({
        ...contactKey(id),
        value: { ...fields, revision, updated: now, ...(uid !== undefined && { uid }) },
      })),
      ...index.rows(),
    ];
  });
}

/** Answers whether it was there. Throws `conflict` when it is not of this revision any more. */
export async function changeContact(
  account: Records,
  id: string,
  fields: ContactFields | undefined,
  how: { readonly revision: string | undefined; readonly now: number },
): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    const seen = await account.record<Contact>(CONTACT, id);
    if (seen === undefined) return false;
    if (how.revision !== undefined && how.revision !== seen.revision) throw changedMeanwhile();
    const addresses = new Set([...indexIds(seen), ...(fields ? indexIds(fields) : [])]);
    try {
      await account.changeRecords([contactKey(id), ...Array.from(addresses, addressRow)], (before, version) => {
        if ((before(contactKey(id)) as Contact | undefined)?.revision !== seen.revision) throw changedMeanwhile();
        const index = new AddressIndex(before);
        index.change(id, seen, fields);
        const { uid } = seen;
        const value = fields && { ...fields, revision: String(version), updated: how.now, ...(uid && { uid }) };
        return [{ ...contactKey(id), value }, ...index.rows()];
      });
      return true;
    } catch (error) {
      const again = error instanceof MailError && error.code === 'conflict' && how.revision === undefined;
      if (!again || attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

/** What `change` makes of a group, or undefined to remove it, in the commit itself; it may be asked again. Answers whether it was there. Throws `conflict`,
 * and what `change` throws. */
export async function changeGroup(
  account: Records,
  id: string,
  change: (before: ContactGroup) => Omit<ContactGroup, 'revision'> | undefined,
  expected?: string,
): Promise<boolean> {
  const key = { kind: CONTACT_GROUP, id };
  let found = false;
  await account.changeRecords([key], (before, version) => {
    const group = before(key) as ContactGroup | undefined;
    found = group !== undefined;
    if (group === undefined) return [];
    if (expected !== undefined && expected !== group.revision) throw changedMeanwhile();
    const after = change(group);
    if (after !== undefined && after.members.length > BOOK_LIMITS.members) throw tooManyMembers();
    return [{ ...key, value: after && { ...after, revision: String(version) } }];
  });
  return found;
}

export async function addGroup(account: Records, id: string, group: Omit<ContactGroup, 'revision'>): Promise<void> {
  if (group.members.length > BOOK_LIMITS.members) throw tooManyMembers();
  const key = { kind: CONTACT_GROUP, id };
  await account.changeRecords([key], (_before, version) => [
    { ...key, value: { ...group, revision: String(version) } },
  ]);
}

function changedMeanwhile(): MailError {
  return new MailError('conflict', 'user', 'it was changed in between');
}

function tooManyMembers(): MailError {
  return new MailError('limit', 'user', `a group has ${BOOK_LIMITS.members} members at most`);
}

function contactKey(id: string): RecordKey {
  return { kind: CONTACT, id };
}

function addressRow(id: string): RecordKey {
  return { kind: CONTACT_ADDRESS, id };
}

/** Ids of records have 255 bytes at most; no longer address has ever been seen at work. */
function indexId(address: string): string | undefined {
  const key = addressKey(address);
  return key === undefined || Buffer.byteLength(key) > 255 ? undefined : key;
}

function indexIds({ emails }: Pick<ContactFields, 'emails'>): string[] {
  return emails.map(({ address }) => indexId(address)).filter((id) => id !== undefined);
}

/** The rows by address, as they are to be after some contacts have changed. */
class AddressIndex {
  readonly #before: Parameters<RecordChange>[0];
  readonly #rows = new Map<string, Set<string>>();

  constructor(before: Parameters<RecordChange>[0]) {
    this.#before = before;
  }

  change(contact: string, from: ContactFields | undefined, to: ContactFields | undefined): void {
    for (const id of from ? indexIds(from) : []) this.#row(id).delete(contact);
    for (const id of to ? indexIds(to) : []) this.#row(id).add(contact);
  }

  rows(): (RecordKey & { value: unknown })[] {
    return Array.from(this.#rows, ([id, contacts]) => ({
      ...addressRow(id),
      value: contacts.size === 0 ? undefined : [...contacts],
    }));
  }

  #row(id: string): Set<string> {
    let row = this.#rows.get(id);
    if (row === undefined) {
      row = new Set((this.#before(addressRow(id)) as string[] | undefined) ?? []);
      this.#rows.set(id, row);
    }
    return row;
  }
}
