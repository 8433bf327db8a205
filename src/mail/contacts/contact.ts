/** What an address book says of somebody, and how it is brought into form. */
import { formatMailbox, localKey, parseMailbox } from '../path.ts';

export const PLACES = ['home', 'work', 'other'] as const;
export const PHONE_TYPES = ['mobile', 'home', 'work', 'fax', 'other'] as const;
export type Place = (typeof PLACES)[number];
export type PhoneType = (typeof PHONE_TYPES)[number];

export interface ContactEmail {
  readonly address: string;
  readonly type: Place;
}

export interface ContactPhone {
  readonly number: string;
  readonly type: PhoneType;
}

export interface PostalAddress {
  readonly type: Place;
  readonly street: string;
  readonly city: string;
  readonly region: string;
  readonly postalCode: string;
  readonly country: string;
}

export interface ContactFields {
  /** As it is shown; never empty once it is kept. */
  readonly name: string;
  readonly familyName: string;
  readonly givenName: string;
  readonly nickname: string;
  readonly organization: string;
  readonly department: string;
  readonly title: string;
  /** The preferred one first. */
  readonly emails: readonly ContactEmail[];
  readonly phones: readonly ContactPhone[];
  readonly addresses: readonly PostalAddress[];
  readonly websites: readonly string[];
  /** `1990-01-31`, `--01-31` where nobody knows the year, or ''. */
  readonly birthday: string;
  readonly note: string;
}

/** Characters, and how many there may be of what there may be several. */
export const CONTACT_LIMITS = {
  line: 200,
  number: 50,
  website: 500,
  note: 5_000,
  emails: 20,
  phones: 20,
  addresses: 10,
  websites: 10,
}; // prettier-ignore

/** A contact as a file has it: with what names it there, and the groups that it is said to be in. */
export interface FiledContact {
  readonly fields: ContactFields;
  /** '' when it has none. */
  readonly uid: string;
  readonly groups: readonly string[];
}

export const NO_FIELDS: ContactFields = {
  name: '',
  familyName: '',
  givenName: '',
  nickname: '',
  organization: '',
  department: '',
  title: '',
  emails: [],
  phones: [],
  addresses: [],
  websites: [],
  birthday: '',
  note: '',
};

const HANGUL_OR_HAN = /[\p{Script=Hangul}\p{Script=Han}]/u;

/** The name that is shown when none was given: '' when there is nothing to make one of. */
export function shownName(fields: ContactFields): string {
  const { familyName, givenName } = fields;
  const inEastAsia = HANGUL_OR_HAN.test(familyName + givenName);
  const parts = inEastAsia ? [familyName, givenName] : [givenName, familyName];
  const composed = parts.filter((part) => part !== '').join(inEastAsia ? '' : ' ');
  return (
    fields.name ||
    composed ||
    fields.nickname ||
    fields.organization ||
    (fields.emails[0]?.address ?? '') ||
    (fields.phones[0]?.number ?? '')
  );
}

/** The form in which addresses are compared; undefined for what is none. */
export function addressKey(address: string): string | undefined {
  const mailbox = parseMailbox(address);
  return mailbox && formatMailbox(localKey(mailbox.local), mailbox.domain);
}

const COMPACT_DATE = /^(\d{4}|--)(\d{2})(\d{2})(?!\d)/;
const DATE = /^(?:(\d{4})\D{1,2}|--)(\d{1,2})\D{1,2}(\d{1,2})(?!\d)/;
/** What Apple's programs write for a year that nobody knows. */
const NO_YEAR = '1604';

/** Any of the forms in which files have a date, the year first; '' for what is none. */
export function birthdayOf(text: string): string {
  const [, year = '--', month = '', day = ''] = COMPACT_DATE.exec(text.trim()) ?? DATE.exec(text.trim()) ?? [];
  const known = year !== '--' && year !== NO_YEAR;
  const monthAndDay = `${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  // 2000 was a leap year: a day without its year may be its 29th of February.
  const date = new Date(`${known ? year : '2000'}-${monthAndDay}T00:00:00Z`);
  if (Number.isNaN(date.getTime()) || date.getUTCDate() !== Number(day)) return '';
  return `${known ? year : '-'}-${monthAndDay}`;
}

/** One line without what cannot be seen, of so many characters at most. */
export function oneLine(text: string, most = CONTACT_LIMITS.line): string {
  return shortened(text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim(), most);
}

/** Never through the middle of a character. */
export function shortened(text: string, most: number): string {
  const well = text.toWellFormed();
  if (well.length <= most) return well;
  return well.slice(0, most).replace(/[\ud800-\udbff]$/, '');
}

export function isWebsite(text: string): boolean {
  return text.length <= CONTACT_LIMITS.website && /^https?:\/\/[^\s\p{Cc}]+$/iu.test(text) && URL.canParse(text);
}

/**
 * What a file says, in the limits of a contact: too long is cut, and what has no place (an address that is none, the
 * twenty-first number) goes into the note, so that it is not lost.
 */
export function fitted(found: ContactFields): ContactFields {
  const left: string[] = [];
  const emails: ContactEmail[] = [];
  const known = new Set<string>();
  for (const one of found.emails) {
    const address = one.address.trim();
    const key = addressKey(address);
    if (key !== undefined && known.has(key)) continue;
    if (key !== undefined && emails.length < CONTACT_LIMITS.emails) {
      known.add(key);
      emails.push({ address, type: one.type });
    } else if (address !== '') left.push(oneLine(address, 400));
  }
  const phones = found.phones.map(({ number, type }) => ({ number: oneLine(number, 200), type }));
  const fitting = phones.filter(({ number }) => number !== '' && number.length <= CONTACT_LIMITS.number);
  left.push(...phones.filter((one) => !fitting.includes(one) && one.number !== '').map(({ number }) => number));
  left.push(...fitting.slice(CONTACT_LIMITS.phones).map(({ number }) => number));
  const websites = found.websites.map((site) => (/^www\./i.test(site.trim()) ? `http://${site.trim()}` : site.trim()));
  left.push(...websites.filter((site) => site !== '' && !isWebsite(site)).map((site) => oneLine(site, 500)));
  const note = [multiLine(found.note), ...left.slice(0, 50)].filter((text) => text !== '').join('\n');
  const fields: ContactFields = {
    name: oneLine(found.name),
    familyName: oneLine(found.familyName),
    givenName: oneLine(found.givenName),
    nickname: oneLine(found.nickname),
    organization: oneLine(found.organization),
    department: oneLine(found.department),
    title: oneLine(found.title),
    emails,
    phones: fitting.slice(0, CONTACT_LIMITS.phones),
    addresses: found.addresses
      .map((one) => ({
        type: one.type,
        street: oneLine(one.street),
        city: oneLine(one.city),
        region: oneLine(one.region),
        postalCode: oneLine(one.postalCode, 50),
        country: oneLine(one.country),
      }))
      .filter(({ street, city, region, postalCode, country }) => street + city + region + postalCode + country !== '')
      .slice(0, CONTACT_LIMITS.addresses),
    websites: websites.filter(isWebsite).slice(0, CONTACT_LIMITS.websites),
    birthday: birthdayOf(found.birthday),
    note: shortened(note, CONTACT_LIMITS.note),
  };
  return { ...fields, name: oneLine(shownName(fields)) };
}

function multiLine(text: string): string {
  // Line ends stay, tabs too; what else is no text does not.
  return text
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, '')
    .trim(); // prettier-ignore
}
