/**
 * Contacts as CSV. Every program has columns of its own: read are those of Outlook, Google and Korean mail services (the
 * names of columns compared without case, blanks and signs), and what is written here.
 */
import {
  type ContactEmail,
  type ContactFields,
  type ContactPhone,
  fitted,
  type FiledContact,
  NO_FIELDS,
  type PhoneType,
  PLACES,
  type Place,
  type PostalAddress,
} from './contact.ts';
import { csvRow, plainCell, readCsv } from './csv.ts';

/** What a column says. */
type Column =
  | { readonly to: PlainColumn }
  | { readonly to: 'email'; readonly type: Place; readonly number: string }
  | { readonly to: 'phone'; readonly type: PhoneType; readonly number: string }
  /** What kind of address or number its neighbour holds. */
  | { readonly to: 'email-type' | 'phone-type' | 'address-type'; readonly number: string }
  | {
      readonly to: 'address';
      readonly part: keyof Omit<PostalAddress, 'type'>;
      readonly type: Place;
      readonly number: string;
    };

type PlainColumn =
  | 'name'
  | 'familyName'
  | 'givenName'
  | 'middleName'
  | 'nickname'
  | 'organization'
  | 'department'
  | 'title'
  | 'birthday'
  | 'note'
  | 'groups'
  | 'website'
  | 'uid';
const PLAIN_NAMES: readonly (readonly [to: PlainColumn, names: string])[] = [
  ['name', 'name fullname displayname fileas 이름 성명 표시이름 전체이름'],
  ['familyName', 'familyname lastname surname 성 last'],
  ['givenName', 'givenname firstname first'],
  ['middleName', 'middlename additionalname'],
  ['nickname', 'nickname 별명 닉네임 애칭'],
  ['organization', 'organization company companyname organization1name organizationname 회사 회사명 직장 소속'],
  ['department', 'department organization1department organizationdepartment 부서 부서명'],
  ['title', 'title jobtitle organization1title organizationtitle 직위 직책 직함'],
  ['birthday', 'birthday 생일 생년월일'],
  ['note', 'note notes memo 메모 비고 설명'],
  ['groups', 'groups group categories labels groupmembership 그룹 그룹명 범주 분류'],
  ['website', 'website webpage website1value businesswebpage personalwebpage url 홈페이지 웹페이지 웹사이트'],
  ['uid', 'uid'],
];
const PLAIN = new Map(PLAIN_NAMES.flatMap(([to, names]) => names.split(' ').map((name) => [name, to] as const)));

const ADDRESS_PARTS = new Map<string, keyof Omit<PostalAddress, 'type'>>([
  ['street', 'street'],
  ['streetaddress', 'street'],
  ['address', 'street'],
  ['formatted', 'street'],
  ['주소', 'street'],
  ['번지', 'street'],
  ['city', 'city'],
  ['시', 'city'],
  ['구군시', 'city'],
  ['state', 'region'],
  ['region', 'region'],
  ['시도', 'region'],
  ['postalcode', 'postalCode'],
  ['zip', 'postalCode'],
  ['zipcode', 'postalCode'],
  ['우편번호', 'postalCode'],
  ['country', 'country'],
  ['countryregion', 'country'],
  ['국가', 'country'],
]);

/** Rows of a table with a line of names; nothing where no column has a name that is known. Undefined: nothing in a row can be used. */
export function* readCsvContacts(bytes: Buffer): Generator<FiledContact | undefined> {
  let columns: (Column | undefined)[] | undefined;
  for (const row of readCsv(bytes)) {
    if (columns === undefined) {
      columns = row.map(columnOf);
      if (!columns.some((column) => isNaming(column))) return;
      columns = withGivenName(columns);
    } else yield contactOf(columns, row.map(plainCell));
  }
}

function isNaming(column: Column | undefined): boolean {
  return column !== undefined && /^(?:name|familyName|givenName|nickname|organization|email|phone)$/.test(column.to);
}

/** With a column for the family name, the one for "name" holds the rest of it: so Korean programs call it (성, 이름). */
function withGivenName(columns: readonly (Column | undefined)[]): (Column | undefined)[] {
  const has = (to: Column['to']) => columns.some((column) => column?.to === to);
  if (!has('familyName') || has('givenName')) return [...columns];
  return columns.map((column) => (column?.to === 'name' ? { to: 'givenName' } : column));
}

function columnOf(title: string): Column | undefined {
  const name = title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')
    .slice(0, 60); // prettier-ignore
  const plain = PLAIN.get(name);
  if (plain !== undefined) return { to: plain };
  const number = /\d+/.exec(name)?.[0] ?? '';
  const base = name.replace(number, '');
  const place: Place = /home|personal|집|자택/.test(base)
    ? 'home'
    : /business|work|office|company|회사|직장|사무/.test(base)
      ? 'work'
      : 'other'; // prettier-ignore
  if (
    /^(?:(?:home|work|other|business|personal|개인|회사)?(?:email|전자메일|이메일|메일)(?:address|주소)?|email(?:value|addressvalue))$/.test(
      base,
    )
  )
    return { to: 'email', type: place, number };
  if (/^email(?:type|label)$/.test(base)) return { to: 'email-type', number };
  if (/^phone(?:type|label)$/.test(base)) return { to: 'phone-type', number };
  if (/^address(?:type|label)$/.test(base)) return { to: 'address-type', number };
  if (/fax|팩스/.test(base)) return { to: 'phone', type: 'fax', number };
  if (/mobile|cell|휴대|핸드폰/.test(base)) return { to: 'phone', type: 'mobile', number };
  if (/phone|전화|telephone|^tel$|연락처/.test(base)) return { to: 'phone', type: place, number };
  const part = ADDRESS_PARTS.get(base.replace(/^(?:home|business|work|other|집|회사|직장|근무지|address)(?=.)/, ''));
  return part === undefined ? undefined : { to: 'address', part, type: place, number };
}

const NO_ADDRESS = { street: '', city: '', region: '', postalCode: '', country: '' };

type Draft = { -readonly [K in keyof ContactFields]: ContactFields[K] } & { middleName: string };

function contactOf(columns: readonly (Column | undefined)[], row: readonly string[]): FiledContact | undefined {
  const draft: Draft = { ...NO_FIELDS, middleName: '' };
  const emails: (ContactEmail & { number: string })[] = [];
  const phones: (ContactPhone & { number: string; of: string })[] = [];
  const addresses = new Map<string, { -readonly [K in keyof PostalAddress]: PostalAddress[K] } & { number: string }>();
  const types = new Map<string, string>();
  const websites: string[] = [];
  const groups: string[] = [];
  let uid = '';
  for (const [i, column] of columns.entries()) {
    const cell = row[i] ?? '';
    if (column === undefined || cell === '') continue;
    switch (column.to) {
      case 'email':
        for (const address of several(cell)) emails.push({ address, type: column.type, number: column.number });
        break;
      case 'phone':
        for (const number of several(cell)) phones.push({ number, type: column.type, of: column.number });
        break;
      case 'email-type':
      case 'phone-type':
      case 'address-type':
        types.set(`${column.to} ${column.number}`, cell.toLowerCase());
        break;
      case 'address': {
        const key = `${column.type} ${column.number}`;
        const known = addresses.get(key) ?? { ...NO_ADDRESS, type: column.type, number: column.number };
        // A column with all of it beside those with its parts says nothing new.
        known[column.part] ||= cell;
        addresses.set(key, known);
        break;
      }
      case 'groups':
        groups.push(...cell.split(/\s*(?:;|,|:::)\s*/).map((name) => name.replace(/^\*\s*/, '')));
        break;
      case 'website':
        websites.push(cell);
        break;
      case 'uid':
        uid = cell.slice(0, 200);
        break;
      default:
        draft[column.to] ||= cell;
    }
  }
  const said = (what: string, number: string) => types.get(`${what}-type ${number}`);
  const fields = fitted({
    ...draft,
    givenName: [draft.givenName, draft.middleName].filter((name) => name !== '').join(' '),
    emails: emails.map(({ address, type, number }) => ({ address, type: placeSaid(said('email', number), type) })),
    phones: phones.map(({ number, type, of }) => ({ number, type: phoneSaid(said('phone', of), type) })),
    addresses: Array.from(addresses.values(), ({ number, ...one }) => ({
      ...one,
      type: placeSaid(said('address', number), one.type),
    })),
    websites,
  });
  return fields.name === '' ? undefined : { fields, uid, groups: groups.filter((name) => name !== '').slice(0, 50) };
}

/** Google puts several values of one kind into one cell. */
function several(cell: string): string[] {
  return cell.split(/\s*:::\s*/).slice(0, 20);
}

function placeSaid(said: string | undefined, otherwise: Place): Place {
  if (said === undefined) return otherwise;
  return PLACES.find((place) => said.includes(place)) ?? 'other';
}

function phoneSaid(said: string | undefined, otherwise: PhoneType): PhoneType {
  if (said === undefined) return otherwise;
  return said.includes('fax') ? 'fax' : /mobile|cell/.test(said) ? 'mobile' : placeSaid(said, 'other');
}

const EMAILS = 3;
const PHONES = 4;
const ADDRESSES = 2;
const ADDRESS_COLUMNS = ['street', 'city', 'region', 'postalCode', 'country'] as const;

function numbered(count: number, titles: (n: number) => readonly string[]): string[] {
  return Array.from({ length: count }, (_, i) => titles(i + 1)).flat();
}

/** The line of names. With so many addresses and numbers as most people have: vCard has all. */
export function csvTitles(): string {
  return csvRow([
    'Name',
    'Family Name',
    'Given Name',
    'Nickname',
    'Organization',
    'Department',
    'Title',
    ...numbered(EMAILS, (n) => [`E-mail ${n} - Type`, `E-mail ${n} - Value`]),
    ...numbered(PHONES, (n) => [`Phone ${n} - Type`, `Phone ${n} - Value`]),
    ...numbered(ADDRESSES, (n) => [
      `Address ${n} - Type`,
      ...['Street', 'City', 'Region', 'Postal Code', 'Country'].map((part) => `Address ${n} - ${part}`),
    ]),
    'Website',
    'Birthday',
    'Note',
    'Groups',
    'UID',
  ]);
}

export function csvContact(uid: string, fields: ContactFields, groups: readonly string[]): string {
  const pad = (cells: readonly string[], length: number) => Array.from({ length }, (_, i) => cells[i] ?? '');
  return csvRow([
    fields.name,
    fields.familyName,
    fields.givenName,
    fields.nickname,
    fields.organization,
    fields.department,
    fields.title,
    ...pad(
      fields.emails.slice(0, EMAILS).flatMap(({ type, address }) => [type, address]),
      EMAILS * 2,
    ),
    ...pad(
      fields.phones.slice(0, PHONES).flatMap(({ type, number }) => [type, number]),
      PHONES * 2,
    ),
    ...pad(
      fields.addresses.slice(0, ADDRESSES).flatMap((one) => [one.type, ...ADDRESS_COLUMNS.map((part) => one[part])]),
      ADDRESSES * (1 + ADDRESS_COLUMNS.length),
    ),
    fields.websites[0] ?? '',
    fields.birthday,
    fields.note,
    groups.map((name) => name.replaceAll(/[;,]/g, ' ')).join('; '),
    uid,
  ]);
}
