/** Files of contacts are anybody's: they are read to their end, in form and limits, or not at all. */
import fc from 'fast-check';
import { test } from 'vitest';
import { CONTACT_LIMITS, type ContactFields, fitted, shownName } from './contact.ts';
import { readCsvContacts } from './csv-contacts.ts';
import { readVCards } from './vcard-read.ts';
import { writeVCard } from './vcard-write.ts';

const numRuns = Number(process.env['FUZZ_RUNS'] ?? 20_000) / 4;

const WORDS =
  'BEGIN:VCARD|END:VCARD|FN|N|EMAIL|TEL|ADR|BDAY|CATEGORIES|KIND:group|MEMBER|:|;|\r\n|\n| |\t|=|=\r\n|=EA=B9|TYPE=|"|\\|\\n|,|' +
  'ENCODING=QUOTED-PRINTABLE|ENCODING=b|CHARSET=EUC-KR|Name|E-mail 1 - Value|이름|전화|Groups|a@b.kr|19900230|\u{1f600}';
const piece = fc.constantFrom(...WORDS.split('|'), 'x'.repeat(300));
const file = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: piece.map((text) => Buffer.from(text)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }) },
    ),
    { maxLength: 60 },
  ) // prettier-ignore
  .map((pieces) => Buffer.concat(pieces));

function check(fields: ContactFields): void {
  const again = fitted(fields);
  // What was brought into form stays as it is.
  if (JSON.stringify(again) !== JSON.stringify(fields)) throw new Error(`${JSON.stringify(fields)} is in no form`);
  if (fields.name === '' || shownName(fields) !== fields.name) throw new Error('without a name');
  if (fields.note.length > CONTACT_LIMITS.note) throw new Error('too long');
}

test('any file of cards', () => {
  fc.assert(
    fc.property(file, (bytes) => {
      for (const card of readVCards(bytes)) {
        if (card === undefined || !('contact' in card)) continue;
        const { fields, groups } = card.contact;
        check(fields);
        const written = writeVCard({ uid: 'x', fields, groups, updated: 0 }, '4.0');
        const [again] = readVCards(Buffer.from(written));
        if (again === undefined || !('contact' in again)) throw new Error('not read again');
        if (JSON.stringify(again.contact.fields) !== JSON.stringify(fields)) throw new Error(`${written} is another`);
      }
    }),
    { numRuns },
  );
});

test('any table', () => {
  fc.assert(
    fc.property(file, (bytes) => {
      for (const contact of readCsvContacts(bytes)) if (contact !== undefined) check(contact.fields);
    }),
    { numRuns },
  );
});
