/** The shape of an absence over the wire. */
import { z } from 'zod';
import { ABSENCE_DAYS } from '../../intake/absence.ts';

const moment = z.iso.datetime({ local: true, offset: false }).regex(/^[^Z]*$/, 'a time without a zone');
export const absence = z
  .strictObject({
    enabled: z.boolean(),
    from: moment.optional().describe('First moment, in the time zone of the account: 2026-03-01T09:00'),
    to: moment.optional().describe('When it ends, likewise'),
    subject: z.string().max(500).default('').describe('Empty: "Auto: " and the subject of the mail'),
    text: z.string().max(20_000).default('').describe('Empty: a sentence in Korean and English'),
    html: z.string().max(30_000).optional(),
    knownOnly: z
      .boolean()
      .default(false)
      .describe('Only your people, and those whom you have written to, are answered'),
    days: z
      .int()
      .min(1)
      .max(ABSENCE_DAYS.most)
      .default(ABSENCE_DAYS.default)
      .describe('Who was answered is answered again after so many days'),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from < to, 'it ends before it begins');
