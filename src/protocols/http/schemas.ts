/**
 * The shapes that go over the wire, once: they validate requests, shape answers, type the handlers and make
 * `/v1/openapi.json`. Objects are strict: a field that is not documented is refused, never ignored.
 */
import { WARNING_CODES } from '../../mail/phishing/warnings.ts';
import { z } from 'zod';
import { DISPOSITIONS } from '../../mail/mdn.ts';
import { shownDraftOptions } from './draft-options.ts';
import { PROBLEMS } from './reply.ts';

/** Ids are opaque to clients; a malformed one is simply not there (404), like a foreign one. */
export const idParam = z.strictObject({ id: z.string().min(1).max(64) });

/** No control characters: it is one line. */
export const line = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^[^\x00-\x1f\x7f]*$/, 'one line of text');

const id = z.string().describe('Opaque');
const instant = z.iso.datetime().describe('RFC 3339, UTC');

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string().describe('One of the codes listed at /problems'),
    detail: z.string().optional(),
    errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .describe('RFC 9457 problem details');

const PROBLEM_CONTENT = { 'application/problem+json': { schema: problem } };

type ProblemStatus = (typeof PROBLEMS)[keyof typeof PROBLEMS][0];

/** The error answers of a route, for the documentation. */
export function problems<S extends ProblemStatus>(...statuses: readonly S[]) {
  const answers = statuses.map((status) => [
    status,
    { description: Object.values(PROBLEMS).find((p) => p[0] === status)?.[1] ?? '', content: PROBLEM_CONTENT },
  ]);
  return Object.fromEntries(answers) as { [status in S]: { description: string; content: typeof PROBLEM_CONTENT } };
}

/** Who signed in. */
export const signedInAccount = z.strictObject({ id: z.string(), address: z.string(), admin: z.boolean() });

export const address = z.strictObject({
  name: z.string().describe('Display name, may be empty'),
  address: z.string(),
});

/** Of folders and labels. */
export const COLOURS = ['red', 'orange', 'yellow', 'green', 'teal', 'blue', 'purple', 'grey'] as const;
export type Colour = (typeof COLOURS)[number];
export const colour = z.enum(COLOURS);

export const folder = z.strictObject({
  id,
  name: z.string(),
  path: z.string().describe('Names from the top, joined by /'),
  parent: id.nullable(),
  role: z.string().nullable().describe('inbox, sent, drafts, junk, trash, archive …'),
  description: z.string(),
  colour: colour.nullable(),
  subscribed: z.boolean(),
  total: z.int(),
  unread: z.int(),
  bytes: z.int(),
});

const messageFields = {
  id,
  folder: id,
  thread: id,
  emailId: id.describe('The same for all copies of a message'),
  from: z.array(address),
  to: z.array(address),
  subject: z.string(),
  date: instant.nullable().describe('As the sender wrote it'),
  received: instant,
  size: z.int().describe('Bytes of the raw message'),
  read: z.boolean(),
  flagged: z.boolean(),
  answered: z.boolean(),
  draft: z.boolean(),
  keywords: z.array(z.string()),
  preview: z.string(),
  hasAttachment: z.boolean(),
  snoozedUntil: instant.optional().describe('Put off: when it comes back'),
};

export const messageSummary = z.strictObject({
  ...messageFields,
  damaged: z
    .literal(true)
    .optional()
    .describe('What is stored of it cannot be read: only what the index knows is told'),
});

export const attachment = z.strictObject({
  n: z.int().describe('Its number in …/attachments/{n}'),
  name: z.string(),
  type: z.string(),
  size: z.int().describe('Bytes as stored in the message; decoded it may be smaller'),
  inline: z.boolean(),
  contentId: z.string(),
});

export const part = z.strictObject({
  type: z.string(),
  name: z.string(),
  disposition: z.string(),
  encoding: z.string(),
  size: z.int(),
  get parts() {
    return z.array(part);
  },
});

const verdict = z.strictObject({
  result: z.string().describe('pass, fail, none, temperror … (RFC 8601)'),
  domain: z.string().describe('What was checked, may be empty'),
});

export const spam = z.strictObject({
  score: z.number(),
  limit: z.number().describe('From so many points on it goes to Junk'),
  spam: z.boolean(),
  points: z.array(
    z.strictObject({ name: z.string(), points: z.number().describe('Negative speaks for the mail'), why: z.string() }),
  ),
});

export const warning = z.strictObject({
  code: z.enum(WARNING_CODES),
  level: z.enum(['warning', 'note']).describe('note: worth knowing beside others, nothing by itself'),
  what: z.string().describe('What was found: an address, a host, a file'),
  like: z.string().describe('What it passes itself off as, or where it really leads; may be empty'),
});

export const authentication = z.strictObject({
  spf: verdict,
  dkim: z.array(verdict).describe('One a signature'),
  dmarc: verdict,
  arc: verdict,
});

export const submissionRecipient = z.strictObject({
  address: z.string(),
  state: z
    .enum([
      'held',
      'cancelled',
      'queued',
      'delayed',
      'sent',
      'delivered',
      'bounced',
      'dropped',
      'recalled',
      'waiting',
      'fetched',
      'expired',
    ])
    .describe(
      'sent: taken by the server that answers for the address; delivered: in a mailbox, of this server or as its server reported; waiting, fetched, expired: in the sender mailbox, to be fetched',
    ),
  at: instant.optional().describe('Of the last attempt'),
  status: z.string().optional().describe('RFC 3463'),
  server: z.string().optional(),
  reply: z.string().optional().describe('What that server said'),
  reason: z.string().optional().describe('In our words'),
  complaint: instant.optional().describe('When the recipient called it spam'),
  recall: z
    .enum(['asked', 'withdrawn', 'too-late'])
    .optional()
    .describe(
      'After POST …/recall. withdrawn: nobody can read it there any more; too-late: another server has it, or it was opened, passed on or removed, or is not given back; asked: not decided yet',
    ),
  receipt: z
    .strictObject({
      at: instant.describe('When it came'),
      disposition: z.enum(DISPOSITIONS).describe('displayed: it was opened; deleted: thrown away unread (RFC 8098)'),
      proven: z
        .boolean()
        .describe('It came from that address, and that was checked; else anybody who has the mail may have made it up'),
      automatic: z.boolean().describe('The reader was not asked'),
    })
    .optional()
    .describe('What the recipient says became of it'),
});

export const submissionFields = {
  id,
  messageId: z.string(),
  subject: z.string().describe('Its first 200 characters'),
  sender: z.string().describe('Envelope sender; empty for mail without return path'),
  created: instant,
  sendAt: instant.optional(),
  receipt: z.literal(true).optional().describe('A receipt was asked for'),
  recalled: instant.optional().describe('When you wanted it back'),
  state: z.enum(['held', 'cancelled', 'released']).describe('held: until sendAt, and DELETE takes it back'),
};

export const submission = z.strictObject({ ...submissionFields, recipients: z.array(submissionRecipient) });

export const message = z.strictObject({
  ...messageFields,
  sender: z.array(address),
  replyTo: z.array(address),
  cc: z.array(address),
  bcc: z.array(address),
  messageId: z.string(),
  inReplyTo: z.array(z.string()),
  references: z.array(z.string()),
  text: z.string().nullable().describe('The plain text, made from the HTML when there is only that'),
  html: z.string().nullable().describe('The HTML without scripts, forms, styles and remote content'),
  remoteImages: z.int().describe('Images of other servers that the HTML had'),
  remoteImagesAllowed: z
    .boolean()
    .describe('You allowed those of its sender (`images` in /v1/people), and it is proven that the mail is theirs'),
  truncated: z.boolean().describe('Text or HTML were longer than what is shown here; …/raw has all'),
  attachments: z.array(attachment),
  structure: part,
  authentication: authentication
    .nullable()
    .describe('Who sent it, as checked when it came in; null for what was not sent by another server'),
  spam: spam.nullable().describe('What the spam filter found when it came in; null for what it did not judge'),
  warnings: z
    .array(warning)
    .describe('What its reader is to be careful of, found when it came in; its header says so, too (Pabal-Warning)'),
  receiptRequested: z
    .strictObject({ to: z.array(z.string()) })
    .nullable()
    .describe(
      'Who wants to be told that it was read: POST …/receipt answers. Null when nobody does, and when that is settled',
    ),
  original: z
    .strictObject({
      origin: z
        .enum(['proven', 'other-host', 'gateway', 'unproven', 'unchecked'])
        .describe(
          'proven: the author’s domain has signed it and keeps it; other-host: signed by it, kept elsewhere; gateway: signed and kept by a host ' +
            'that is not of the author’s domain; unproven: anybody may have written it; unchecked: it came from here',
        ),
      host: z.string().describe('Where it is kept'),
      size: z.int(),
      expires: instant.describe('Until when'),
      confidential: z
        .boolean()
        .describe(
          'It is read on its page only, with a pass code that its sender tells by another way; POST …/original answers 403',
        ),
      page: z.string().nullable().describe('Of a confidential one whose origin is not unproven'),
    })
    .nullable()
    .describe(
      'This is a notification of a mail that its sender keeps: POST …/original fetches it. Null for all other mail',
    ),
  draftOptions: shownDraftOptions
    .nullable()
    .describe('Of a draft: what POST /v1/drafts was told for sending it. Null for all other mail'),
  sent: submission
    .nullable()
    .describe('What became of it, when you sent it in the last 30 days: as GET /v1/submissions/{id}'),
});

export const conversation = z.strictObject({
  id: z.string().describe('For /v1/threads/{id}'),
  total: z.int().describe('Messages in all folders'),
  unread: z.int().describe('Of them'),
  newest: messageSummary.describe('The newest message in the folder'),
  messages: z.array(z.string()).describe('Ids of those in the folder, the last that came first; at most 1,000'),
  people: z.array(address).describe('Who wrote the last few messages, in whatever folder, the last one first'),
});

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().min(1).max(2_000).optional(),
};

export function pageOf<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), next: z.string().optional().describe('Cursor of the next page') });
}

/** A query flag: `true` or `false`. */
export const flag = z.enum(['true', 'false']).transform((v) => v === 'true');

/** RFC 9051 §2.3.2: an atom. `\` would be a system flag. */
export const keyword = z.string().regex(/^[^\x00-\x20\x7f-\uffff(){%*"\\\]]{1,100}$/, 'a keyword is one word of ASCII');
