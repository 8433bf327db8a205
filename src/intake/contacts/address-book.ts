/**
 * Address books in memory, to be listed, searched and completed from at every key that somebody presses. Each is a copy
 * of what the account has, and brought forward by the account's log.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { addressKey } from '../../mail/contacts/contact.ts';
import { indexOfTyped } from '../../mail/contacts/hangul.ts';
import { fold } from '../../mail/search/fold.ts';
import type { AccountId, MailAccount } from '../../mailstore/api.ts';
import type { Version } from '../../ports/kv.ts';
import { Turns } from '../sieve/turns.ts';
import { CORRESPONDENT, type Correspondent } from '../spam/correspondents.ts';
import { CONTACT, CONTACT_GROUP, type Contact, type ContactGroup } from './records.ts';

export interface Entry {
  readonly id: string;
  readonly contact: Contact;
  /** The name, folded. */
  readonly sort: string;
  /** All that a search looks at, folded; and the digits of its numbers. */
  readonly text: string;
  readonly digits: string;
}

export interface Group {
  readonly id: string;
  readonly group: ContactGroup;
}

/** Contacts and correspondents of all books together. */
const MOST_KEPT = 100_000;
/** Further behind than that a book is read anew. */
const MOST_BEHIND = 1_000;
const LOOK_EVERY = 200;
const DIGITS = /^[\d\s().+-]+$/;
const KINDS = new Set([CONTACT, CONTACT_GROUP, CORRESPONDENT]);

export class AddressBook {
  version: Version = 0;
  readonly entries = new Map<string, Entry>();
  readonly groups = new Map<string, ContactGroup>();
  /** By address, without case. */
  readonly correspondents = new Map<string, Pick<Correspondent, 'sent' | 'last' | 'name'>>();
  #sorted: readonly Entry[] | undefined;
  #byAddress: ReadonlyMap<string, Entry> | undefined;

  get size(): number {
    return this.entries.size + this.groups.size + this.correspondents.size;
  }

  put(kind: string, id: string, value: unknown): void {
    if (kind === CONTACT) {
      if (value === undefined) this.entries.delete(id);
      else this.entries.set(id, entryOf(id, value as Contact));
      this.#sorted = undefined;
      this.#byAddress = undefined;
    } else if (kind === CONTACT_GROUP) {
      if (value === undefined) this.groups.delete(id);
      else this.groups.set(id, value as ContactGroup);
    } else if (value === undefined) this.correspondents.delete(id);
    else {
      const { sent, last, name } = value as Correspondent;
      this.correspondents.set(id, { sent, last, ...(name !== undefined && { name }) });
    }
  }

  /** By name. */
  get sorted(): readonly Entry[] {
    this.#sorted ??= [...this.entries.values()].sort(compareEntries);
    return this.#sorted;
  }

  get sortedGroups(): readonly Group[] {
    return Array.from(this.groups, ([id, group]) => ({ id, group })).sort((a, b) =>
      compare(a.group.name, b.group.name),
    );
  }

  groupNamed(name: string): Group | undefined {
    const wanted = fold(name);
    return this.sortedGroups.find(({ group }) => fold(group.name) === wanted);
  }

  /** Of those that are there, in their order. */
  membersOf(group: ContactGroup): readonly Entry[] {
    return group.members.map((id) => this.entries.get(id)).filter((entry) => entry !== undefined);
  }

  groupsOf(contact: string): readonly Group[] {
    return this.sortedGroups.filter(({ group }) => group.members.includes(contact));
  }

  /** Who has this address. */
  withAddress(key: string): Entry | undefined {
    this.#byAddress ??= new Map(
      this.sorted.flatMap((entry) =>
        entry.contact.emails.map(({ address }) => [addressKey(address) ?? address, entry] as const),
      ),
    );
    return this.#byAddress.get(key);
  }

  /** In the order of names. '' finds all. */
  search(typed: string): readonly Entry[] {
    const wanted = fold(typed.trim());
    if (wanted === '') return this.sorted;
    const digits = DIGITS.test(wanted) ? digitsOf(wanted) : '';
    return this.sorted.filter(
      (entry) => indexOfTyped(entry.text, wanted) >= 0 || (digits.length >= 3 && entry.digits.includes(digits)),
    );
  }
}

export class AddressBooks {
  /** The one that was asked last is the last. */
  readonly #books = new Map<AccountId, AddressBook>();
  readonly #turns = new Turns();

  /** As the account is; its caller has refreshed it. */
  async of(account: MailAccount): Promise<AddressBook> {
    return await this.#turns.run(account.id, async () => {
      const known = this.#books.get(account.id);
      this.#books.delete(account.id);
      const book = (known && (await broughtForward(known, account))) ?? (await read(account));
      this.#books.set(account.id, book);
      this.#forget();
      return book;
    });
  }

  #forget(): void {
    let kept = 0;
    for (const [id, book] of [...this.#books].reverse()) {
      // The last one is in use, whatever its size.
      if (kept > 0 && kept + book.size > MOST_KEPT) this.#books.delete(id);
      kept += book.size + 1;
    }
  }
}

/** Undefined when it is too far behind. */
async function broughtForward(book: AddressBook, account: MailAccount): Promise<AddressBook | undefined> {
  const { version } = account;
  if (book.version >= version) return book;
  if (version - book.version > MOST_BEHIND) return undefined;
  const log = account.changesSince(book.version);
  if (log === undefined) return undefined;
  const changed = new Map<string, { kind: string; id: string }>();
  for await (const { changes } of log)
    for (const change of changes)
      if (change.type === 'record' && KINDS.has(change.kind))
        changed.set(`${change.kind} ${change.id}`, { kind: change.kind, id: change.id });
  if (changed.size > MOST_BEHIND) return undefined;
  for (const { kind, id } of changed.values()) book.put(kind, id, await account.record(kind, id));
  book.version = version;
  return book;
}

async function read(account: MailAccount): Promise<AddressBook> {
  const book = new AddressBook();
  const { version } = account;
  let count = 0;
  for (const kind of KINDS)
    for (const { id, value } of await account.records(kind)) {
      book.put(kind, id, value);
      if (++count % LOOK_EVERY === 0) await nextTurn();
    }
  book.version = version;
  return book;
}

function entryOf(id: string, contact: Contact): Entry {
  const { name, familyName, givenName, nickname, organization, department, title, emails, phones } = contact;
  const parts = [name, familyName + givenName, `${givenName} ${familyName}`, nickname, organization, department, title];
  const text = fold([...parts, ...emails.map(({ address }) => address)].join('\n'));
  return { id, contact, sort: fold(name), text, digits: phones.map(({ number }) => digitsOf(number)).join('\n') };
}

function digitsOf(text: string): string {
  return text.replaceAll(/\D/g, '');
}

function compareEntries(a: Entry, b: Entry): number {
  return compare(a.sort, b.sort) || compare(a.id, b.id);
}

/** Hangul is in the order of its alphabet so, and behind Latin. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
