/** POST /v1/messages: sends a mail. */
import { z } from 'zod';
import type { SenderMailboxManager } from '../../../downmail/manager.ts';
import { MailError } from '../../../mail/error.ts';
import { HEAD_LIMIT } from '../../../intake/arrival.ts';
import type { RawMail } from '../../../intake/arrival.ts';
import type { FolderId, MailAccount } from '../../../mailstore/api.ts';
import type { SubmissionId } from '../../../mailstore/submission.ts';
import { type Addressee, FARTHEST_SEND_AT, type Submit } from '../../../submit/submit.ts';
import { ownAccount, signedIn } from '../auth.ts';
import { composeMail, mailFields, mailUploads, usualFrom } from '../compose.ts';
import type { App, Services, User } from '../context.ts';
import { idempotencyKey, idempotent } from '../idempotency.ts';
import { Problem, toProblem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import type { Upload, UploadBudget } from '../uploads.ts';
import { folderOf } from './folders.ts';

const newMessage = z
  .strictObject({
    ...mailFields,
    saveTo: z
      .string()
      .min(1)
      .max(64)
      .nullable()
      .default('sent')
      .describe('Folder (id or role) for your own copy; null for none'),
    sendAt: z.iso
      .datetime({ offset: true })
      .optional()
      .describe('Held until then; DELETE /v1/submissions/{id} takes it back'),
    requireTls: z
      .boolean()
      .default(false)
      .describe(
        'Goes to servers only that prove who they are and promise TLS on the rest of the way (RFC 8689); else it comes back',
      ),
    receipt: z.boolean().default(false).describe('Ask the recipients to say when they have read it (RFC 8098)'),
    downmail: z
      .boolean()
      .optional()
      .describe(
        'true: it stays here until it is fetched, and a notification goes; false: it goes whole; absent: as set',
      ),
    confidential: z
      .strictObject({
        until: z.iso
          .datetime({ offset: true })
          .optional()
          .describe('It can be read until then; absent: as long as held mail is kept'),
      })
      .optional()
      .describe(
        'It stays here and never travels: its recipients read it on a page, with the `passCode` that you tell them by another way',
      ),
    category: z
      .string()
      .max(32)
      .optional()
      .describe('Kind of mail: one of those that the administrator allows the account; the usual one when absent'),
    undoFor: z.int().min(0).max(600).default(0).describe('Seconds for which it is held, so that it can be taken back'),
  })
  .refine((m) => m.confidential === undefined || m.downmail !== false, {
    path: ['downmail'],
    message: 'a confidential mail does not go whole',
  })
  .refine((m) => m.to.length + m.cc.length + m.bcc.length > 0, { path: ['to'], message: 'nobody to send it to' });
type NewMessage = z.output<typeof newMessage>;

const accepted = z.strictObject({
  id: z.string().describe('GET /v1/submissions/{id} tells what becomes of it'),
  messageId: z.string(),
  state: z.enum(['held', 'cancelled', 'released']),
  passCode: z
    .string()
    .optional()
    .describe(
      'Of a confidential mail: tell it to its recipients, but not by mail. GET /v1/sender-mailbox/copies says it again',
    ),
});

export function sendRoutes(
  app: App,
  services: Services,
  submit: Submit,
  budget: UploadBudget,
  passCodes: Pick<SenderMailboxManager, 'passCode'> | undefined,
): void {
  const { limits } = services;
  const uploads = mailUploads(limits, budget);

  app.post(
    '/v1/messages',
    {
      ...uploads.hooks,
      schema: {
        tags: ['messages'],
        summary: 'Send a mail',
        description:
          'As JSON, or as multipart/form-data with one part `message` (this JSON) and each further part a file. The answer comes when ' +
          'the mail cannot be lost any more. If one recipient is refused, nothing is sent. GET /v1/submissions/{id} tells what becomes of it.',
        body: newMessage,
        response: { 202: accepted, ...schemas.problems(400, 401, 403, 404, 413, 415, 422, 429, 503, 507) },
      },
    },
    async (request, reply) => {
      const { user } = signedIn(request);
      const account = await ownAccount(request, reply, services);
      const key = idempotencyKey(request);
      const answer = await idempotent(request, account, () =>
        send(request.body, uploads.filesOf(request), { user, account, key, remote: request.ip }),
      );
      // Not among what is kept of an answer.
      const passCode = request.body.confidential && passCodes?.passCode(account.id, answer.id as SubmissionId);
      return await reply.code(202).send({ ...answer, ...(passCode !== undefined && { passCode }) });
    },
  );

  async function send(
    mail: NewMessage,
    files: readonly Upload[],
    by: { user: User; account: MailAccount; key: string | undefined; remote: string },
  ): Promise<z.output<typeof accepted>> {
    const { user, account, key, remote } = by;
    if (mail.to.length + mail.cc.length + mail.bcc.length > limits.recipients)
      throw new Problem('too-large', `A mail may go to ${limits.recipients} addresses.`);
    const copyTo = mail.saveTo === null ? undefined : copyFolder(account, mail.saveTo);
    const from = mail.from ?? (await usualFrom(account, user, services.directory));
    await submit.checkSender(user, from.address);
    const domain = from.address.slice(from.address.lastIndexOf('@') + 1);
    const messageId = `<${Buffer.from(services.random.bytes(15)).toString('base64url')}@${domain}>`;
    const how = { from, messageId, date: services.clock.now(), limit: limits.message, receipt: mail.receipt };
    const { raw } = await composeMail(account, mail, files, how);
    const recipients = await resolve(mail, (address) => submit.recipient(user, address, raw.length, remote));
    const sendAt = heldUntil(mail, services.clock.now());
    const confidential = mail.confidential && readUntil(mail.confidential, sendAt ?? services.clock.now());
    const {
      id,
      messageId: sent,
      state,
    } = await submit.send({
      by: user,
      sender: from.address,
      recipients,
      requireTls: mail.requireTls,
      mail: rawMail(raw),
      origin: { protocol: 'HTTP', hello: '', remote, cipher: '' },
      ...(copyTo !== undefined && { copy: copyTo }),
      ...(key !== undefined && { key }),
      ...(mail.category !== undefined && { category: mail.category }),
      ...(sendAt !== undefined && { sendAt }),
      ...(confidential && { confidential }),
      ...(mail.downmail !== undefined && { downmail: mail.downmail ? ('held' as const) : ('whole' as const) }),
    });
    return { id, messageId: sent, state };
  }
}

/** A copy goes where the sender says; an account without a Sent folder keeps none unless it asks for another place. */
function copyFolder(account: MailAccount, wire: string): FolderId | undefined {
  if (wire === 'sent' && account.folderWithRole('sent') === undefined) return undefined;
  return folderOf(account, wire).id;
}

function heldUntil({ sendAt, undoFor }: NewMessage, now: number): number | undefined {
  const at = Math.max(sendAt === undefined ? 0 : Date.parse(sendAt), undoFor === 0 ? 0 : now + undoFor * 1000);
  if (at > now + FARTHEST_SEND_AT) throw new Problem('invalid', 'A mail can be put one year ahead at most.');
  return at > now ? at : undefined;
}

/** `sent`: from when on it can be read. */
function readUntil({ until: day }: NonNullable<NewMessage['confidential']>, sent: number): { until?: number } {
  if (day === undefined) return {};
  const until = Date.parse(day);
  if (until <= sent) throw new Problem('invalid', 'A confidential mail would end before it is sent.');
  if (until > sent + FARTHEST_SEND_AT)
    throw new Problem('invalid', 'A confidential mail is kept for one year at most.');
  return { until };
}

/** Everybody, each account once. Says about all who are refused why, not only about the first. */
async function resolve(mail: NewMessage, find: (address: string) => Promise<Addressee>): Promise<readonly Addressee[]> {
  const found = new Map<string, Addressee>();
  const refused: { path: string; message: string; problem: Problem }[] = [];
  for (const field of ['to', 'cc', 'bcc'] as const) {
    for (const [i, { address }] of mail[field].entries()) {
      try {
        const recipient = await find(address);
        const who = recipient.account ?? recipient.address;
        if (!found.has(who)) found.set(who, recipient);
      } catch (error) {
        if (!(error instanceof MailError) || error.kind === 'bug' || refused.length >= 20) throw error;
        refused.push({ path: `body/${field}/${i}`, message: `${address}: ${error.code}`, problem: toProblem(error) });
      }
    }
  }
  const [first] = refused;
  if (first === undefined) return [...found.values()];
  const errors = refused.map(({ path, message }) => ({ path, message }));
  throw new Problem(first.problem.code, first.message, { errors });
}

function rawMail(raw: Buffer): RawMail {
  if (raw.length <= HEAD_LIMIT) return { head: raw };
  const rest = (async function* () {
    for (let at = HEAD_LIMIT; at < raw.length; at += HEAD_LIMIT) yield raw.subarray(at, at + HEAD_LIMIT);
  })();
  return { head: raw.subarray(0, HEAD_LIMIT), rest };
}
