/** People and groups as the service keeps them. */
import type { contactView, groupSummary, newContact } from '../../../src/protocols/http/schemas-contacts.ts';
import { call, query, type Shape } from '../api.ts';

/** What its owner writes. */
export type ContactFields = Shape<typeof newContact>;
export type Contact = Shape<typeof contactView>;
export type Group = Shape<typeof groupSummary>;
export type Email = ContactFields['emails'][number];
export type Phone = ContactFields['phones'][number];
export type PostalAddress = ContactFields['addresses'][number];

export const NOBODY: ContactFields = {
  name: '',
  familyName: '',
  givenName: '',
  nickname: '',
  organization: '',
  department: '',
  title: '',
  emails: [{ address: '', type: 'home' }],
  phones: [],
  addresses: [],
  websites: [],
  birthday: '',
  note: '',
};

/** Without lines that were left empty. */
export function fieldsOf(contact: ContactFields): ContactFields {
  const { name, familyName, givenName, nickname, organization, department, title, birthday, note } = contact;
  return {
    name: name.trim(),
    familyName,
    givenName,
    nickname,
    organization,
    department,
    title,
    birthday,
    note,
    emails: contact.emails.filter(({ address }) => address.trim() !== ''),
    phones: contact.phones.filter(({ number }) => number.trim() !== ''),
    addresses: contact.addresses,
    websites: contact.websites,
  };
}

interface Page {
  readonly items: readonly Contact[];
  readonly total: number;
  readonly next?: string;
}

export function contactsPage(of: {
  readonly q: string;
  readonly group?: string;
  readonly cursor?: string;
}): Promise<Page> {
  const { q, group, cursor } = of;
  return call<Page>('GET', `/v1/contacts${query({ q: q || undefined, group, cursor, limit: 100 })}`);
}

export async function save(
  contact: ContactFields & { readonly id?: string; readonly revision?: string },
): Promise<Contact> {
  const { id, revision } = contact;
  const fields = fieldsOf(contact);
  if (id === undefined) return await call<Contact>('POST', '/v1/contacts', { body: fields, key: crypto.randomUUID() });
  return await call<Contact>('PUT', `/v1/contacts/${id}`, { body: { ...fields, revision } });
}
