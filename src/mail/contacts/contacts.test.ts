/** Contacts in files, as phones and programs write them. */
import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { fold } from '../search/fold.ts';
import { birthdayOf, CONTACT_LIMITS, fitted, NO_FIELDS, shownName } from './contact.ts';
import { csvContact, csvTitles, readCsvContacts } from './csv-contacts.ts';
import { indexOfTyped } from './hangul.ts';
import { readVCards } from './vcard-read.ts';
import { type VCardVersion, writeVCard } from './vcard-write.ts';

function cards(lines: readonly (string | Buffer)[]) {
  const bytes = Buffer.concat(lines.map((one) => Buffer.concat([Buffer.from(one), Buffer.from('\r\n')])));
  return [...readVCards(bytes)];
}

function contact(lines: readonly (string | Buffer)[]) {
  const [one] = cards(['BEGIN:VCARD', ...lines, 'END:VCARD']);
  if (one === undefined || !('contact' in one)) throw new Error('no contact');
  return one.contact;
}

const full = fitted({
  ...NO_FIELDS,
  name: '김철수, 부장; "철수"',
  familyName: '김',
  givenName: '철수',
  nickname: 'C\\S',
  organization: '파발; 우편',
  department: '개발,1팀',
  title: 'Head',
  emails: [
    { address: 'cs@example.kr', type: 'work' },
    { address: 'kim@집.example', type: 'home' },
  ],
  phones: [
    { number: '+82 10-1234-5678', type: 'mobile' },
    { number: '02-123-4567', type: 'fax' },
  ],
  addresses: [
    { type: 'work', street: '세종대로 1', city: '서울', region: '', postalCode: '03154', country: '대한민국' },
  ],
  websites: ['https://example.kr/?a=1,2;3'],
  birthday: '1980-02-29',
  note: `${'여러 줄로 된 아주 긴 메모. '.repeat(10)}\n둘째 줄`,
});

describe('vCard', () => {
  test.each(['4.0', '3.0'] as VCardVersion[])('%s is read as it was written, in lines of 75 octets', (version) => {
    const file = writeVCard({ uid: 'u1', fields: full, groups: ['동창', 'a,b'], updated: 1_700_000_000_000 }, version);
    for (const line of file.split('\r\n')) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect([...readVCards(Buffer.from(file))]).toEqual([
      { contact: { fields: full, uid: 'u1', groups: ['동창', 'a,b'] } },
    ]);
  });

  test('2.1 of an old phone: quoted-printable with soft breaks, in UTF-8 and EUC-KR, and types without names', () => {
    const name = iconv.encode('홍길동', 'euc-kr');
    const quoted = Array.from(name, (byte) => `=${byte.toString(16).toUpperCase()}`).join('');
    const utf8 = Array.from(Buffer.from('서울시 종로구'), (byte) => `=${byte.toString(16).toUpperCase()}`).join('');
    const { fields } = contact([
      'VERSION:2.1',
      `N;CHARSET=EUC-KR;ENCODING=QUOTED-PRINTABLE:${quoted.slice(0, 6)};${quoted.slice(6)}`,
      `FN;ENCODING=QUOTED-PRINTABLE;CHARSET=EUC-KR:${quoted.slice(0, 9)}=`,
      quoted.slice(9),
      'TEL;CELL;PREF:010-1111-2222',
      'TEL;WORK;FAX:02-333-4444',
      `ADR;HOME;CHARSET=UTF-8;QUOTED-PRINTABLE:;;${utf8.slice(0, 18)}=`,
      `${utf8.slice(18)};;;03000;`,
      'EMAIL;INTERNET:hong@example.kr',
      'PHOTO;JPEG;ENCODING=BASE64:/9j/4AAQSkZJRg',
      ' ABAQAAAQABAAD/',
      '',
    ]);
    expect(fields).toMatchObject({
      name: '홍길동',
      familyName: '홍',
      givenName: '길동',
      phones: [
        { number: '010-1111-2222', type: 'mobile' },
        { number: '02-333-4444', type: 'fax' },
      ],
      addresses: [{ type: 'home', street: '서울시 종로구', postalCode: '03000' }],
      emails: [{ address: 'hong@example.kr', type: 'other' }],
    });
  });

  test('EUC-KR without a word of it, as CHARSET alone, and lines folded in the middle of a character', () => {
    expect(contact([Buffer.concat([Buffer.from('FN:'), iconv.encode('이순신', 'cp949')])]).fields.name).toBe('이순신');
    const named = Buffer.concat([Buffer.from('FN;CHARSET=ks_c_5601-1987:'), iconv.encode('쀼', 'cp949')]);
    expect(contact([named]).fields.name).toBe('쀼');
    const bytes = Buffer.from('FN:세종대왕');
    const folded = Buffer.concat([bytes.subarray(0, 7), Buffer.from('\r\n '), bytes.subarray(7)]);
    expect(contact([folded]).fields.name).toBe('세종대왕');
  });

  test('Apple groups its lines, Google prefers by number; members of a group are named by UID', () => {
    const found = cards([
      'BEGIN:VCARD',
      'VERSION:3.0',
      'UID:urn:uuid:A1',
      'FN:Ann Example',
      'item1.EMAIL;type=INTERNET:other@example.com',
      'EMAIL;TYPE="work,home";PREF=1:ann@example.com',
      'item1.X-ABLabel:_$!<Other>!$_',
      'BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-06',
      'TEL;VALUE=uri;TYPE="cell,voice":tel:+1-555-0100;ext=1',
      'END:VCARD',
      'BEGIN:VCARD',
      'VERSION:4.0',
      'KIND:group',
      'FN:Friends',
      'MEMBER:urn:uuid:a1',
      'END:VCARD',
      'BEGIN:VCARD',
      'VERSION:4.0',
      'NOTE:nobody',
      'END:VCARD',
    ]);
    expect(found).toMatchObject([
      {
        contact: {
          uid: 'a1',
          fields: {
            emails: [
              { address: 'ann@example.com', type: 'home' },
              { address: 'other@example.com', type: 'other' },
            ],
            birthday: '--05-06',
            phones: [{ number: '+1-555-0100', type: 'mobile' }],
          },
        },
      },
      { group: { name: 'Friends', members: ['a1'] } },
      undefined,
    ]);
  });

  test('what has no place goes into the note, a card in a card is not one, a file that is cut off loses only its end', () => {
    const found = cards([
      'BEGIN:VCARD',
      'FN:A',
      'AGENT:',
      'BEGIN:VCARD',
      'FN:B',
      'END:VCARD',
      'EMAIL:not an address',
      ...Array.from({ length: 25 }, (_, i) => `TEL:${i}`),
      'URL:javascript:alert(1)',
      'NOTE:first',
    ]);
    expect(found).toHaveLength(1);
    const fields = found[0] && 'contact' in found[0] ? found[0].contact.fields : NO_FIELDS;
    expect(fields).toMatchObject({ name: 'A', emails: [], websites: [] });
    expect(fields.phones).toHaveLength(CONTACT_LIMITS.phones);
    expect(fields.note).toBe('first\nnot an address\n20\n21\n22\n23\n24\njavascript:alert(1)');
  });
});

describe('CSV', () => {
  const read = (text: string | Buffer) => [...readCsvContacts(Buffer.from(text))];

  test('is read as it was written, and a spreadsheet calculates nothing of it', () => {
    const file = csvTitles() + csvContact('u1', { ...full, note: '=HYPERLINK("x")', title: '-1+2' }, ['동창', '가족']);
    expect(file).toContain(`"'=HYPERLINK(""x"")"`);
    expect(file).toContain(",'-1+2,");
    expect(file).toContain(',+82 10-1234-5678,');
    const fields = { ...full, note: '=HYPERLINK("x")', title: '-1+2' };
    expect(read(`\ufeff${file}`)).toEqual([{ fields, uid: 'u1', groups: ['동창', '가족'] }]);
  });

  test('Outlook in Korean: semicolons or commas, cp949, names in two columns', () => {
    const table =
      '이름;성;회사;전자 메일 주소;휴대폰;근무지 주소 번지;생일;범주\r\n' +
      '길동;홍;"율도국; 본사";hong@example.kr;010-1;"세종로\r\n2층";1990. 1. 5;친구;\r\n;;;;;;;\r\n';
    expect(read(iconv.encode(table, 'cp949'))).toMatchObject([
      {
        fields: {
          name: '홍길동',
          familyName: '홍',
          givenName: '길동',
          organization: '율도국; 본사',
          emails: [{ address: 'hong@example.kr' }],
          phones: [{ number: '010-1', type: 'mobile' }],
          birthday: '1990-01-05',
        },
        groups: ['친구'],
      },
    ]);
  });

  test('Google and Outlook in English, UTF-16 with tabs', () => {
    const google =
      'Name,Given Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value,Address 1 - Type,Address 1 - City\n' +
      'Ann Example,Ann,Example,* myContacts ::: Work,* Work,ann@example.com ::: a@example.org,Mobile,555,Home,Seoul\n';
    expect(read(google)).toMatchObject([
      {
        fields: {
          name: 'Ann Example',
          emails: [
            { address: 'ann@example.com', type: 'work' },
            { address: 'a@example.org', type: 'work' },
          ],
          phones: [{ number: '555', type: 'mobile' }],
          addresses: [{ type: 'home', city: 'Seoul' }],
        },
        groups: ['myContacts', 'Work'],
      },
    ]);
    const outlook =
      'First Name\tLast Name\tE-mail Address\tBusiness Fax\tBusiness Street\r\nAnn\tExample\tann@example.com\t1\tRoad 1\r\n';
    expect(read(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(outlook, 'utf16le')]))).toMatchObject([
      {
        fields: {
          name: 'Ann Example',
          phones: [{ number: '1', type: 'fax' }],
          addresses: [{ type: 'work', street: 'Road 1' }],
        },
      },
    ]);
  });

  test('a table of something else has no contact in it', () => {
    expect(read('Date,Amount\n2026-01-01,5\n')).toEqual([]);
    expect(read('')).toEqual([]);
    expect(read('Name,Phone\n,\n"never closed')).toMatchObject([{ fields: { name: 'never closed' } }]);
  });
});

test('Korean is found by initial consonants, and while it is being composed', () => {
  const found = (text: string, typed: string) => indexOfTyped(fold(text), fold(typed));
  expect(found('김철수', 'ㄱㅊㅅ')).toBe(0);
  expect(found('김철수', 'ㅊㅅ')).toBe(1);
  expect(found('김철수', '김ㅊ')).toBe(0);
  expect(found('김철수', '김처')).toBe(0);
  expect(found('김철수', '기철')).toBe(-1);
  expect(found('김철수', 'ㄱㅅ')).toBe(-1);
  expect(found('Ann Lee', 'lee')).toBe(4);
});

test('names are put together as they are spoken, days as calendars know them', () => {
  expect(shownName({ ...NO_FIELDS, familyName: '김', givenName: '철수' })).toBe('김철수');
  expect(shownName({ ...NO_FIELDS, familyName: 'Lee', givenName: 'Ann' })).toBe('Ann Lee');
  expect(['19900131', '1990-01-31T00:00:00Z', '--0229', '1990-02-30', '1990. 1. 5.', 'x'].map(birthdayOf)).toEqual([
    '1990-01-31',
    '1990-01-31',
    '--02-29',
    '',
    '1990-01-05',
    '',
  ]);
});
