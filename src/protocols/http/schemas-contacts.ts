/** The shapes of people and groups over the wire. */
import { z } from 'zod';
import { birthdayOf, CONTACT_LIMITS, isWebsite, PHONE_TYPES, PLACES } from '../../mail/contacts/contact.ts';
import { parseMailbox } from '../../mail/path.ts';
import { line } from './schemas.ts';

const text = (most: number = CONTACT_LIMITS.line) => line(most).default('');
const place = z.enum(PLACES).default('other');
const fields = {
  name: text().describe('As it is shown; made of the rest when it is empty'),
  familyName: text(),
  givenName: text(),
  nickname: text(),
  organization: text(),
  department: text(),
  title: text(),
  emails: z
    .array(
      z.strictObject({
        address: z
          .string()
          .max(320)
          .refine((one) => parseMailbox(one) !== undefined, 'no address'), // prettier-ignore
        type: place,
      }),
    )
    .max(CONTACT_LIMITS.emails)
    .default([])
    .describe('The preferred one first'),
  phones: z
    .array(z.strictObject({ number: line(CONTACT_LIMITS.number).min(1), type: z.enum(PHONE_TYPES).default('other') }))
    .max(CONTACT_LIMITS.phones)
    .default([]),
  addresses: z
    .array(
      z.strictObject({
        type: place,
        street: text(),
        city: text(),
        region: text(),
        postalCode: text(50),
        country: text(),
      }),
    )
    .max(CONTACT_LIMITS.addresses)
    .default([]),
  websites: z.array(z.string().refine(isWebsite, 'no http or https URL')).max(CONTACT_LIMITS.websites).default([]),
  birthday: z
    .string()
    .max(10)
    .refine((day) => day === birthdayOf(day), 'no day')
    .default('')
    .describe('1990-01-31, or --01-31 without the year'),
  note: z.string().max(CONTACT_LIMITS.note).default(''),
};
export const newContact = z.strictObject(fields);
/** Of a contact or a group that is changed. */
export const revision = z
  .string()
  .max(20)
  .optional()
  .describe('Refused with 409 when it is not of this revision any more');
export const contactView = z.strictObject({
  id: z.string(),
  revision: z.string().describe('Another one after each change'),
  updated: z.iso.datetime(),
  groups: z.array(z.string()).describe('Ids of the groups it is in'),
  ...fields,
});

const groupFields = { id: z.string(), revision: z.string(), name: z.string() };
export const groupSummary = z.strictObject({ ...groupFields, members: z.int().describe('How many') });
export const groupView = z.strictObject({
  ...groupFields,
  members: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      address: z.string().nullable().describe('The preferred one; null when there is none'),
    }),
  ),
});
