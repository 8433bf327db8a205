/** Contacts from a file into an address book, a part at a time; what was read before something went wrong stays. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { addressKey, type FiledContact } from '../../mail/contacts/contact.ts';
import { readCsvContacts } from '../../mail/contacts/csv-contacts.ts';
import { type FiledGroup, readVCards } from '../../mail/contacts/vcard-read.ts';
import { MailError } from '../../mail/error.ts';
import { fold } from '../../mail/search/fold.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import type { AddressBooks } from './address-book.ts';
import { addContacts, addGroup, BOOK_LIMITS, changeGroup, type Contact, type NewContact } from './records.ts';

export type FileFormat = 'vcard' | 'csv';

export interface Imported {
  readonly format: FileFormat;
  readonly added: number;
  /** There already, or twice in the file. */
  readonly skipped: number;
  /** Which of the file could not be used (1 is the first), and why: the first ones. */
  readonly refused: readonly { readonly number: number; readonly reason: string }[];
  /** Groups that were made. */
  readonly groups: number;
}

export interface ImportParts {
  readonly books: AddressBooks;
  readonly newId: () => string;
  readonly now: number;
  /** Contacts that the address book may have. */
  readonly most: number;
  /** Those that are there already come once more. */
  readonly duplicates: 'skip' | 'add';
}

/** Of one commit. */
const AT_ONCE = { contacts: 100, bytes: 128 << 10 };
const MOST_REFUSED = 100;
const TURN_MS = 10;

/** vCard says what it is; anything else that is text may be a table. */
export function formatOf(bytes: Buffer): FileFormat {
  return /^(?:\ufeff|ï»¿)?\s*BEGIN:VCARD/i.test(bytes.toString('latin1', 0, 200)) ? 'vcard' : 'csv';
}

/** Throws `syntax` when there is no contact at all in it, and `limit` when the address book is full: what came before stays. */
export async function importContacts(account: MailAccount, bytes: Buffer, parts: ImportParts): Promise<Imported> {
  const format = formatOf(bytes);
  const book = await parts.books.of(account);
  const known = new Map<string, string>();
  for (const { id, contact } of book.entries.values())
    for (const key of keysOf(contact, contact.uid)) known.set(key, id);
  const refused: { number: number; reason: string }[] = [];
  const wantedGroups = new Map<string, { name: string; members: Set<string> }>();
  const filedGroups: FiledGroup[] = [];
  const byUid = new Map<string, string>();
  let waiting: NewContact[] = [];
  let bytesWaiting = 0;
  let number = 0;
  let added = 0;
  let skipped = 0;
  const flush = async () => {
    await addContacts(account, waiting, parts.now);
    added += waiting.length;
    waiting = [];
    bytesWaiting = 0;
  };
  let began = performance.now();
  for (const one of format === 'vcard' ? readVCards(bytes) : csvCards(bytes)) {
    number++;
    if (performance.now() - began > TURN_MS) {
      await nextTurn();
      began = performance.now();
    }
    if (one === undefined) {
      if (refused.length < MOST_REFUSED) refused.push({ number, reason: 'nothing in it says who it is' });
      continue;
    }
    if ('group' in one) {
      if (filedGroups.length < BOOK_LIMITS.groups) filedGroups.push(one.group);
      continue;
    }
    const { fields, uid, groups } = one.contact;
    const keys = keysOf(fields, uid);
    const there = keys.map((key) => known.get(key)).find((id) => id !== undefined);
    let id = there;
    if (there !== undefined && parts.duplicates === 'skip') skipped++;
    else {
      if (book.entries.size + added + waiting.length >= parts.most) {
        await flush();
        throw new MailError('limit', 'user', `an address book holds ${parts.most} contacts`);
      }
      id = parts.newId();
      for (const key of keys) known.set(key, id);
      waiting.push({ id, fields, ...(uid !== '' && { uid }) });
      bytesWaiting += JSON.stringify(fields).length;
    }
    if (uid !== '') byUid.set(uid, id!);
    for (const name of groups) {
      const wanted = wantedGroups.get(fold(name)) ?? { name, members: new Set() };
      if (wantedGroups.size < BOOK_LIMITS.groups) wantedGroups.set(fold(name), wanted);
      wanted.members.add(id!);
    }
    if (waiting.length >= AT_ONCE.contacts || bytesWaiting >= AT_ONCE.bytes) await flush();
  }
  if (waiting.length > 0) await flush();
  if (added + skipped + filedGroups.length === 0) throw new MailError('syntax', 'user', 'there is no contact in it');
  for (const { name, members } of filedGroups) {
    const wanted = wantedGroups.get(fold(name)) ?? { name, members: new Set() };
    wantedGroups.set(fold(name), wanted);
    for (const uid of members) if (byUid.has(uid)) wanted.members.add(byUid.get(uid)!);
  }
  const made = await fillGroups(account, [...wantedGroups.values()], parts);
  return { format, added, skipped, refused, groups: made };
}

function* csvCards(bytes: Buffer): Generator<{ contact: FiledContact } | undefined> {
  for (const contact of readCsvContacts(bytes)) yield contact && { contact };
}

/** Answers how many groups were made. What is more than a group or an address book may have is left out. */
async function fillGroups(
  account: MailAccount,
  wanted: readonly { readonly name: string; readonly members: ReadonlySet<string> }[],
  { books, newId }: ImportParts,
): Promise<number> {
  await account.refresh();
  const book = await books.of(account);
  let made = 0;
  for (const { name: written, members } of wanted) {
    const name = written.trim().slice(0, BOOK_LIMITS.groupName).toWellFormed();
    const there = book.groupNamed(name);
    if (there !== undefined)
      await changeGroup(account, there.id, (group) => ({
        name: group.name,
        members: [...new Set([...group.members, ...members])].slice(0, BOOK_LIMITS.members),
      }));
    else if (name !== '' && book.groups.size + made < BOOK_LIMITS.groups) {
      await addGroup(account, newId(), { name, members: [...members].slice(0, BOOK_LIMITS.members) });
      made++;
    }
  }
  return made;
}

/** What makes two contacts one: the file's id, or the name together with an address or a number; the name alone where there is no more. */
function keysOf(fields: Pick<Contact, 'name' | 'emails' | 'phones'>, uid: string | undefined): string[] {
  const name = fold(fields.name);
  const keys = [
    ...fields.emails.map(({ address }) => `${name}\n${addressKey(address)}`),
    ...fields.phones.map(({ number }) => `${name}\n${number.replaceAll(/\D/g, '')}`),
  ];
  return [...(uid === undefined || uid === '' ? [] : [`uid ${uid}`]), ...(keys.length === 0 ? [name] : keys)];
}
