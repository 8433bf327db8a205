/** What somebody who types may mean: people they wrote with, and words of their subjects. */
import { ALL_FIELDS, FieldBit } from '../../mail/search/document.ts';
import { fold } from '../../mail/search/fold.ts';
import { phrase } from '../../mail/search/query.ts';
import type { MailAddress } from '../../mail/message.ts';
import type { MailAccount, MessageDetails } from '../api.ts';

export interface Suggestions {
  readonly people: readonly { readonly name: string; readonly address: string }[];
  readonly words: readonly string[];
}

/** The newest messages say it best. */
const LOOKED_AT = 200;
const PEOPLE = FieldBit.from | FieldBit.to | FieldBit.cc;
const EDGES = /^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu;

export async function suggest(account: MailAccount, typed: string, limit: number): Promise<Suggestions> {
  const text = typed.trim();
  if (phrase(text, false, ALL_FIELDS).op !== 'phrase') return { people: [], words: [] };
  const wanted = fold(text);
  const people = new Counted<{ name: string; address: string }>();
  for await (const { envelope } of newest(account, text, PEOPLE))
    for (const one of [envelope.from, envelope.to, envelope.cc].flatMap(flat)) {
      const named = fold(`${one.name} ${one.address}`);
      if (one.address !== '' && beginsWord(named, wanted)) people.count(fold(one.address), one);
    }
  const words = new Counted<string>();
  for await (const { envelope } of newest(account, text, FieldBit.subject))
    for (const part of envelope.subject.split(/\s+/)) {
      const word = part.replaceAll(EDGES, '');
      if (fold(word).startsWith(wanted)) words.count(fold(word), word);
    }
  return { people: people.most(limit), words: words.most(limit) };
}

async function* newest(account: MailAccount, text: string, fields: number): AsyncIterable<MessageDetails> {
  const query = phrase(`${text}*`, false, fields);
  const { hits } = await account.search({ query, sort: 'date', limit: LOOKED_AT });
  for await (const details of account.detailsOf(hits.map(({ id }) => id))) if (details) yield details;
}

function flat(list: readonly MailAddress[]): { name: string; address: string }[] {
  return list.flatMap(({ name, address, group }) => (group ? flat(group.members) : [{ name, address }]));
}

function beginsWord(text: string, start: string): boolean {
  for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, at + 1))
    if (at === 0 || !/[\p{L}\p{N}]/u.test(text[at - 1]!)) return true;
  return false;
}

/** The most frequent first, then those met first, which are the newest. */
class Counted<T> {
  readonly #all = new Map<string, { readonly value: T; count: number }>();

  count(key: string, value: T): void {
    const known = this.#all.get(key);
    if (known) known.count++;
    else this.#all.set(key, { value, count: 1 });
  }

  most(limit: number): T[] {
    return [...this.#all.values()]
      .sort((a, b) => b.count - a.count)
      .slice(0, limit)
      .map(({ value }) => value);
  }
}
