/** Whom somebody means who begins to type an address: people of the address book, groups, and people one has written to. */
import { addressKey } from '../../mail/contacts/contact.ts';
import { hasHangul, indexOfTyped } from '../../mail/contacts/hangul.ts';
import { fold } from '../../mail/search/fold.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import { suggest } from '../../mailstore/search/suggest.ts';
import type { AddressBook } from './address-book.ts';

export type Completion =
  | { readonly kind: 'contact'; readonly name: string; readonly address: string; readonly contact: string }
  | { readonly kind: 'history'; readonly name: string; readonly address: string }
  | { readonly kind: 'group'; readonly name: string; readonly group: string; readonly members: number };

/** People of the mails that are looked through for a name. */
const FROM_MAIL = 20;

/** The best first: who is written to more often, then who is in the address book. */
export async function complete(
  account: MailAccount,
  book: AddressBook,
  typed: string,
  limit: number,
): Promise<readonly Completion[]> {
  const wanted = fold(typed.trim());
  const found = new Map<string, { readonly one: Completion; readonly rank: number }>();
  const add = (address: string, rank: number, one: Completion) => {
    const key = addressKey(address);
    if (key === undefined || found.has(key)) return;
    const { sent = 0, last = 0 } = book.correspondents.get(key) ?? {};
    // Frequency tells more than age, and age decides between equals.
    found.set(key, { one, rank: rank + Math.min(sent, 1_000) * 10 + last / 1e14 });
  };
  for (const { id, contact } of book.sorted) {
    const named = [contact.name, contact.familyName + contact.givenName, contact.nickname, contact.organization];
    const byName = Math.max(...named.map((name) => fit(fold(name), wanted)));
    for (const { address } of contact.emails) {
      const rank = Math.max(byName, fit(fold(address), wanted));
      if (rank > 0) add(address, rank + 20, { kind: 'contact', name: contact.name, address, contact: id });
    }
  }
  const people = wanted === '' ? [] : (await suggest(account, typed, FROM_MAIL)).people;
  const own = new Map(people.map(({ name, address }) => [addressKey(address), name]));
  for (const [address, { name: named = '' }] of book.correspondents) {
    const rank = Math.max(fit(fold(address), wanted), named === '' ? 0 : fit(fold(named), wanted));
    if (rank > 0) add(address, rank, { kind: 'history', name: own.get(addressKey(address)) || named, address });
  }
  for (const { name, address } of people) add(address, 0, { kind: 'history', name, address });
  const groups = book.sortedGroups
    .map(({ id, group }) => ({ id, group, rank: wanted === '' ? 0 : fit(fold(group.name), wanted) }))
    .filter(({ rank }) => rank > 0)
    .map(({ id, group, rank }) => ({
      one: { kind: 'group' as const, name: group.name, group: id, members: book.membersOf(group).length },
      rank: rank + 15,
    }));
  return [...found.values(), ...groups]
    .sort((a, b) => b.rank - a.rank)
    .slice(0, limit)
    .map(({ one }) => one);
}

const WORD = /[\p{L}\p{N}]/u;

/** How well it fits: at the beginning, at that of a word, in the middle of a Korean name, not at all (0). */
function fit(text: string, wanted: string): number {
  if (wanted === '') return 1;
  const first = indexOfTyped(text, wanted);
  if (first <= 0) return first === 0 ? 4 : 0;
  for (let at = first; at > 0; at = indexOfTyped(text, wanted, at + 1)) if (!WORD.test(text[at - 1]!)) return 3;
  return hasHangul(wanted) ? 2 : 0;
}
