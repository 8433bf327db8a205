/** Contacts from vCard files: 4.0 (RFC 6350), 3.0 (RFC 2426) and 2.1. What a contact has no place for, such as photos, is left out. */
import {
  type ContactEmail,
  type ContactFields,
  type ContactPhone,
  fitted,
  type FiledContact,
  NO_FIELDS,
  type PhoneType,
  type Place,
  type PostalAddress,
} from './contact.ts';
import { fieldsOf, properties, type Property, textOf } from './vcard-lines.ts';

/** A group of a file, and the UIDs of those in it (RFC 6350 §6.6.5). */
export interface FiledGroup {
  readonly name: string;
  readonly members: readonly string[];
}

export type Card = { readonly contact: FiledContact } | { readonly group: FiledGroup };

/** Of one card; what comes behind them is not looked at. */
const MOST_PROPERTIES = 500;
const MOST_GROUPS = 50;

/** Undefined stands for a card in which nothing can be read. A card in a card (AGENT) is not looked at. */
export function* readVCards(bytes: Buffer): Generator<Card | undefined> {
  let depth = 0;
  let found: Property[] = [];
  for (const property of properties(bytes)) {
    const isCard = property.value.trim().toUpperCase() === 'VCARD';
    if (property.name === 'BEGIN' && isCard) {
      if (depth++ === 0) found = [];
    } else if (property.name === 'END' && isCard) {
      if (depth > 0 && --depth === 0) yield cardOf(found);
    } else if (depth === 1 && found.length < MOST_PROPERTIES) found.push(property);
  }
  // A file that was cut off: what is there of the last one is as good as any.
  if (depth > 0) yield cardOf(found);
}

function cardOf(found: readonly Property[]): Card | undefined {
  const named = (name: string) => found.filter((one) => one.name === name);
  const first = (name: string) => textOf(named(name)[0]?.value ?? '').trim();
  const uid = withoutUrn(first('UID')).slice(0, 200);
  if (first('KIND').toLowerCase() === 'group') {
    const members = named('MEMBER').map(({ value }) => withoutUrn(textOf(value).trim()));
    return first('FN') === '' ? undefined : { group: { name: first('FN'), members } };
  }
  const [familyName = '', givenName = '', middleName = ''] = fieldsOf(named('N')[0]?.value ?? '', ';');
  const [organization = '', ...units] = fieldsOf(named('ORG')[0]?.value ?? '', ';');
  const fields: ContactFields = fitted({
    ...NO_FIELDS,
    name: first('FN'),
    familyName,
    givenName: [givenName, middleName].filter((name) => name.trim() !== '').join(' '),
    nickname: first('NICKNAME'),
    organization,
    department: units.filter((unit) => unit.trim() !== '').join(', '),
    title: first('TITLE') || first('ROLE'),
    emails: byPreference(named('EMAIL')).map(email),
    phones: byPreference(named('TEL')).map(phone),
    addresses: byPreference(named('ADR')).map(postalAddress),
    websites: named('URL').map(({ value }) => textOf(value)),
    birthday: first('BDAY'),
    note: named('NOTE')
      .map(({ value }) => textOf(value))
      .join('\n'),
  });
  if (fields.name === '') return undefined;
  const groups = named('CATEGORIES').flatMap(({ value }) => fieldsOf(value, ',').map((name) => name.trim()));
  return { contact: { fields, uid, groups: groups.filter((name) => name !== '').slice(0, MOST_GROUPS) } };
}

/** PREF=1 to PREF=100 (RFC 6350 §5.3), TYPE=PREF before that. */
function byPreference(found: readonly Property[]): readonly Property[] {
  const rank = (one: Property) => {
    const number = Number(one.params.get('PREF')?.[0] ?? Number.NaN);
    if (number >= 1 && number <= 100) return number;
    return typesOf(one).has('pref') ? 1 : 101;
  };
  return found.toSorted((a, b) => rank(a) - rank(b));
}

function typesOf({ params }: Property): ReadonlySet<string> {
  return new Set((params.get('TYPE') ?? []).map((type) => type.trim().toLowerCase()));
}

function place(types: ReadonlySet<string>): Place {
  return types.has('home') ? 'home' : types.has('work') ? 'work' : 'other';
}

function email(property: Property): ContactEmail {
  return {
    address: textOf(property.value)
      .trim()
      .replace(/^mailto:/i, ''),
    type: place(typesOf(property)),
  };
}

function phone(property: Property): ContactPhone {
  const types = typesOf(property);
  const number = textOf(property.value).trim();
  const type: PhoneType = types.has('fax')
    ? 'fax'
    : types.has('cell') || types.has('mobile') || types.has('iphone')
      ? 'mobile'
      : place(types);
  return { number: number.replace(/^tel:/i, '').replace(/;.*$/s, ''), type };
}

function postalAddress(property: Property): PostalAddress {
  const [box = '', extended = '', street = '', city = '', region = '', postalCode = '', country = ''] = fieldsOf(
    property.value,
    ';',
  ); // prettier-ignore
  const lines = [street, extended, box].map((line) => line.trim()).filter((line) => line !== '');
  return { type: place(typesOf(property)), street: lines.join(', '), city, region, postalCode, country };
}

function withoutUrn(uid: string): string {
  return uid.replace(/^urn:uuid:/i, '').toLowerCase();
}
