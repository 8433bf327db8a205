/** Contacts as vCard: 4.0 (RFC 6350), and 3.0 (RFC 2426) for programs that know no other. */
import type { ContactFields, PhoneType, Place } from './contact.ts';

export type VCardVersion = '4.0' | '3.0';

export interface WrittenContact {
  readonly uid: string;
  readonly fields: ContactFields;
  readonly groups: readonly string[];
  /** Milliseconds since 1970. */
  readonly updated: number;
}

const MOST_OCTETS = 75;

export function writeVCard({ uid, fields, groups, updated }: WrittenContact, version: VCardVersion): string {
  const is4 = version === '4.0';
  const revised = new Date(updated).toISOString();
  const lines = [
    'BEGIN:VCARD',
    `VERSION:${version}`,
    'PRODID:-//Pabal//Contacts//EN',
    `UID:${escaped(uid)}`,
    `FN:${escaped(fields.name)}`,
    `N:${escaped(fields.familyName)};${escaped(fields.givenName)};;;`,
  ];
  const add = (name: string, value: string) => {
    if (value !== '') lines.push(`${name}:${value}`);
  };
  add('NICKNAME', escaped(fields.nickname));
  if (fields.organization !== '' || fields.department !== '')
    add('ORG', [fields.organization, ...(fields.department === '' ? [] : [fields.department])].map(escaped).join(';'));
  add('TITLE', escaped(fields.title));
  for (const [i, { address, type }] of fields.emails.entries()) {
    const preferred = i === 0 && fields.emails.length > 1;
    add(
      `EMAIL${typed([...placeType(type), ...(preferred && !is4 ? ['pref'] : [])])}${preferred && is4 ? ';PREF=1' : ''}`,
      escaped(address),
    ); // prettier-ignore
  }
  for (const { number, type } of fields.phones) add(`TEL${typed(phoneType(type))}`, escaped(number));
  for (const { type, street, city, region, postalCode, country } of fields.addresses)
    add(`ADR${typed(placeType(type))}`, ['', '', street, city, region, postalCode, country].map(escaped).join(';'));
  for (const site of fields.websites) add('URL', site);
  add('BDAY', is4 ? fields.birthday.replaceAll(/(?<!^-?)-(?=\d)/g, '') : fields.birthday);
  add('NOTE', escaped(fields.note));
  add('CATEGORIES', groups.map(escaped).join(','));
  add('REV', is4 ? `${revised.slice(0, 19).replaceAll(/[-:]/g, '')}Z` : revised);
  lines.push('END:VCARD');
  return lines.map((line) => `${folded(line)}\r\n`).join('');
}

function escaped(text: string): string {
  return text.replaceAll(/[\\,;]/g, String.raw`\$&`).replaceAll(/\r\n|[\r\n]/g, String.raw`\n`);
}

function typed(types: readonly string[]): string {
  return types.length === 0 ? '' : `;TYPE=${types.join(',')}`;
}

function placeType(type: Place): string[] {
  return type === 'other' ? [] : [type];
}

function phoneType(type: PhoneType): string[] {
  return type === 'mobile' ? ['cell'] : type === 'fax' ? ['fax'] : placeType(type);
}

/** Lines of 75 octets at most, never through the middle of a character (RFC 6350 §3.2). */
function folded(line: string): string {
  if (Buffer.byteLength(line) <= MOST_OCTETS) return line;
  let out = '';
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > MOST_OCTETS) {
      out += '\r\n ';
      octets = 1;
    }
    out += character;
    octets += size;
  }
  return out;
}
