/** People and groups as the service keeps them. */
import { call, query } from '../api.ts';

export interface Email {
  readonly address: string;
  readonly type: 'home' | 'work' | 'other';
}

export interface Phone {
  readonly number: string;
  readonly type: 'mobile' | 'home' | 'work' | 'fax' | 'other';
}

export interface PostalAddress {
  readonly type: 'home' | 'work' | 'other';
  readonly street: string;
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
  readonly country: string;
}

/** What its owner writes. */
export interface ContactFields {
  readonly name: string;
  readonly familyName: string;
  readonly givenName: string;
  readonly nickname: string;
  readonly organization: string;
  readonly department: string;
  readonly title: string;
  readonly emails: readonly Email[];
  readonly phones: readonly Phone[];
  readonly addresses: readonly PostalAddress[];
  readonly websites: readonly string[];
  readonly birthday: string;
  readonly note: string;
}

export interface Contact extends ContactFields {
  readonly id: string;
  readonly revision: string;
  readonly updated: string;
  readonly groups: readonly string[];
}

export interface Group {
  readonly id: string;
  readonly revision: string;
  readonly name: string;
  /** How many. */
  readonly members: number;
}

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
