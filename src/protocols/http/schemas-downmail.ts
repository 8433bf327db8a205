/** The sender mailbox (Downmail), as the API shows it. */
import { z } from 'zod';

export const senderMailboxFacts = z.strictObject({
  id: z.string().describe('First part of the user ids in notifications'),
  opened: z.iso.datetime(),
  allocated: z.int().nullable().describe('Bytes; null: no limit'),
  used: z.int(),
  free: z.int().nullable(),
  mails: z.int().describe('That somebody may still fetch'),
  copies: z.int().describe('One for each recipient who may'),
});

/** What waits for one recipient. */
export const senderMailboxCopy = z.strictObject({
  id: z.string(),
  mail: z.string().describe('GET /v1/submissions/{id}'),
  userId: z.string().describe('As the recipient signs in with it'),
  recipient: z.string(),
  subject: z.string(),
  sent: z.iso.datetime(),
  size: z.int(),
  expires: z.iso.datetime(),
  notified: z.iso.datetime().optional().describe('When the last notification left'),
  fetched: z.iso.datetime().optional().describe('The first time'),
  fetches: z.int(),
  wrongPasswords: z.int(),
  passCode: z.string().optional().describe('Of a confidential mail, the same for all its recipients'),
  locked: z
    .boolean()
    .optional()
    .describe('Too many wrong pass codes: POST /v1/sender-mailbox/notify with a new password opens it'),
});
