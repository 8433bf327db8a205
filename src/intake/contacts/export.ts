/** An address book as a file, in pieces. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { csvContact, csvTitles } from '../../mail/contacts/csv-contacts.ts';
import { type VCardVersion, writeVCard } from '../../mail/contacts/vcard-write.ts';
import type { AddressBook, Entry } from './address-book.ts';

export type ExportFormat = { readonly format: 'csv' } | { readonly format: 'vcard'; readonly version: VCardVersion };

const AT_ONCE = 100;

export async function exportContacts(book: AddressBook, entries: readonly Entry[], how: ExportFormat): Promise<string> {
  const groups = new Map<string, string[]>();
  for (const { group } of book.sortedGroups)
    for (const id of group.members) groups.set(id, [...(groups.get(id) ?? []), group.name]);
  // Spreadsheets take a table for one of the system's charset unless it begins so.
  const pieces = how.format === 'csv' ? ['\ufeff', csvTitles()] : [];
  for (const [i, { id, contact }] of entries.entries()) {
    const { uid = id, updated } = contact;
    const of = groups.get(id) ?? [];
    pieces.push(
      how.format === 'csv'
        ? csvContact(uid, contact, of)
        : writeVCard({ uid, fields: contact, groups: of, updated }, how.version),
    );
    if (i % AT_ONCE === AT_ONCE - 1) await nextTurn();
  }
  return pieces.join('');
}
