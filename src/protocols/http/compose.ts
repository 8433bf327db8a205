/** What a mail is made of, as it comes in over the API: to be sent, or to be kept as a draft. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Directory } from '../../directory/api.ts';
import { composeMessage, formatAddress } from '../../mail/compose.ts';
import type { ComposeAddress, ComposeAttachment } from '../../mail/compose.ts';
import { bodyDecoder } from '../../mail/encoding.ts';
import { MailError } from '../../mail/error.ts';
import type { MailAccount, MsgId } from '../../mailstore/api.ts';
import { identities } from '../../submit/identities.ts';
import { bodyParts } from './body-parts.ts';
import type { HttpLimits, User } from './context.ts';
import { numberId } from './listing.ts';
import { Problem } from './reply.ts';
import { readMultipart, type Upload, type UploadBudget } from './uploads.ts';

const mailbox = z
  .union([
    z.email({ pattern: z.regexes.unicodeEmail }).max(320),
    z.strictObject({ name: z.string().max(320).optional(), address: z.string().min(1).max(320) }),
  ])
  .transform(
    (v): ComposeAddress => (typeof v === 'string' ? { address: v } : { address: v.address, name: v.name ?? '' }),
  );
const mailboxes = z.array(mailbox).max(1_000).default([]);
const messageId = z.string().min(5).max(998);

const attachment = z.strictObject({
  name: z.string().max(1_000),
  type: z.string().max(200).optional(),
  content: z.base64().describe('Base64. Large files are better sent as multipart/form-data'),
  contentId: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'For images that the HTML shows as cid:…; in multipart/form-data such a file is a part of the name `cid:…`',
    ),
});

export const mailFields = {
  from: mailbox.optional().describe('One of your own addresses; your first one, with its name, when absent'),
  to: mailboxes,
  cc: mailboxes,
  bcc: mailboxes,
  replyTo: mailboxes,
  subject: z.string().max(5_000).default(''),
  text: z.string().optional(),
  html: z.string().optional(),
  attachments: z.array(attachment).max(100).default([]),
  attached: z
    .array(z.strictObject({ message: z.string().min(1).max(64), n: z.int().min(1).max(1_000) }))
    .max(100)
    .default([])
    .describe('Attachments of messages of yours, as GET /v1/messages/{id} numbers them: of a draft, or one to pass on'),
  importance: z.enum(['high', 'normal', 'low']).default('normal'),
  inReplyTo: messageId.optional().describe('Message-ID of the mail that this answers'),
  references: z.array(messageId).max(100).default([]),
};

const mail = z.strictObject(mailFields);
export type MailFields = z.output<typeof mail>;

export interface ComposeHow {
  readonly from: ComposeAddress;
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly date: number;
  /** Bytes of the whole. */
  readonly limit: number;
  /** Only one's own drafts say who gets it unseen. */
  readonly keepBcc?: boolean;
  /** Whether the recipient is asked to say that it was read (RFC 8098 §2.1). */
  readonly receipt?: boolean;
  /** More fields. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

export interface ComposedMail {
  readonly raw: Buffer;
  /** Numbers of its attachments as `bodyParts` finds them, in the order in which they were given: those named, those in the JSON, files. */
  readonly attached: readonly number[];
}

/** Throws problems about what the caller wrote. */
export async function composeMail(
  account: MailAccount,
  mail: MailFields,
  files: readonly Upload[],
  { from, messageId, date, limit, keepBcc = false, receipt = false, fields = [] }: ComposeHow,
): Promise<ComposedMail> {
  const { text, html, inReplyTo } = mail;
  const attachments: ComposeAttachment[] = mail.attachments.map(({ name, type, content, contentId }) => ({
    filename: name,
    content: Buffer.from(content, 'base64'),
    ...(type !== undefined && { contentType: type }),
    ...(contentId !== undefined && { cid: contentId }),
  }));
  attachments.unshift(...(await attachedFiles(account, mail.attached, limit)));
  for (const { name, type, content, contentId } of files)
    attachments.push({ filename: name, content, contentType: type, ...(contentId !== '' && { cid: contentId }) });
  const raw = await composeMessage({
    from,
    to: mail.to,
    cc: mail.cc,
    bcc: mail.bcc,
    keepBcc,
    replyTo: mail.replyTo,
    subject: mail.subject,
    attachments,
    importance: mail.importance,
    references: mail.references,
    messageId,
    date,
    ...(text !== undefined && { text }),
    ...(html !== undefined && { html }),
    ...(inReplyTo !== undefined && { inReplyTo }),
    headers: [
      ...fields,
      ...(receipt ? [['Disposition-Notification-To', formatAddress({ address: from.address })] as const] : []),
    ],
  }).catch((error: unknown) => {
    // These are about what the caller itself wrote: it may read them.
    if (error instanceof MailError && error.kind === 'user') throw new Problem(error.code, error.message);
    throw error;
  });
  if (raw.length > limit) throw new Problem('too-large', `A mail may have ${limit} bytes.`);
  return { raw, attached: html === undefined ? attachments.map((_, i) => i + 1) : numbersOf(attachments) };
}

/** What the HTML shows stands beside it, before all others. */
function numbersOf(attachments: readonly ComposeAttachment[]): number[] {
  const related = attachments.filter(({ cid }) => cid !== undefined).length;
  let [shown, others] = [0, related];
  return attachments.map(({ cid }) => (cid === undefined ? ++others : ++shown));
}

async function attachedFiles(account: MailAccount, attached: MailFields['attached'], limit: number) {
  const files: ComposeAttachment[] = [];
  let left = limit;
  for (const { message, n } of attached) {
    const { details, body } = await account.getMessage(numberId<MsgId>(message, 'message-missing'));
    const part = bodyParts(details.structure).attachments[n - 1];
    if (part === undefined) throw new Problem('message-missing');
    left -= part.bodyEnd - part.bodyStart;
    if (left < 0) throw new Problem('too-large', `A mail may have ${limit} bytes.`);
    const decoder = bodyDecoder(part.encoding);
    const pieces: Uint8Array[] = [];
    for await (const piece of body.stream(part.bodyStart, part.bodyEnd)) pieces.push(decoder.push(piece));
    pieces.push(decoder.end());
    const cid = part.id.replace(/^<|>$/g, '');
    files.push({
      filename: part.filename === '' && part.type === 'message' ? 'message.eml' : part.filename,
      content: Buffer.concat(pieces),
      contentType: `${part.type}/${part.subtype}`,
      ...(cid !== '' && part.disposition === 'inline' && { cid }),
    });
  }
  return files;
}

/** The first address, with the name that its owner gave it. */
export async function usualFrom(
  account: MailAccount,
  user: User,
  directory: Pick<Directory, 'account'>,
): Promise<ComposeAddress> {
  const owner = await directory.account(user.account);
  const first = owner && (await identities(account, owner))[0];
  return first === undefined ? { address: user.address } : { address: user.address, name: first.name };
}

/** For routes that take a mail as JSON, or as multipart with files: their hooks, and the files of a request. */
export function mailUploads(limits: HttpLimits, budget: UploadBudget) {
  const uploads = new WeakMap<FastifyRequest, readonly Upload[]>();
  return {
    filesOf: (request: FastifyRequest): readonly Upload[] => uploads.get(request) ?? [],
    hooks: {
      bodyLimit: limits.sendJson,
      // Before a byte of the body is read.
      onRequest: async (request: FastifyRequest, reply: { raw: NodeJS.EventEmitter }) => {
        const type = request.headers['content-type'] ?? '';
        const most = type.startsWith('multipart/') ? limits.message + limits.sendJson : limits.sendJson;
        const announced = Number(request.headers['content-length'] ?? most);
        if (!(announced <= most)) throw new Problem('too-large');
        const place = budget.take(announced);
        reply.raw.once('close', () => place[Symbol.dispose]());
      },
      preValidation: async (request: FastifyRequest) => {
        if (!request.isMultipart()) return;
        const { message, files } = await readMultipart(request, limits);
        uploads.set(request, files);
        (request as { body: unknown }).body = message;
      },
    },
  };
}
