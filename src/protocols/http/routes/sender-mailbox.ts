/** The sender mailbox: what waits there for its recipients, and what its owner does with it (Downmail). */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { deleteWaiting, type HeldFilter, listWaiting, type SenderMailboxManager } from '../../../downmail/manager.ts';
import { CODE_TRIES } from '../../../downmail/pick-up.ts';
import {
  DOWNMAIL_LIMITS,
  type DownmailSetting,
  downmailSetting,
  putDownmailSetting,
  RECIPIENT_MODES,
  SENDER_MODES,
} from '../../../downmail/policy.ts';
import type { AccountId, MailAccount } from '../../../mailstore/api.ts';
import { type Held, type HeldRef, KEEP_POLICIES, visibleId } from '../../../mailstore/sender-mailbox.ts';
import type { SubmissionId } from '../../../mailstore/submission.ts';
import { ownAccount } from '../auth.ts';
import { downloadHeaders } from '../content.ts';
import type { App, Services } from '../context.ts';
import { idempotent } from '../idempotency.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { senderMailboxCopy, senderMailboxFacts } from '../schemas-downmail.ts';
import { time } from '../submission-view.ts';

const TAGS = ['downmail'];
const LIST = 'sender-mailbox';

const instant = z.iso.datetime({ offset: true });

const selection = {
  mail: z.string().max(64).optional().describe('One mail, for all its recipients'),
  recipients: z
    .array(z.string().min(1).max(320))
    .max(500)
    .optional()
    .describe('A group of recipients: addresses, or "@example.org" for everybody there'),
  after: instant.optional().describe('Sent then or later'),
  before: instant.optional().describe('Sent before'),
};

const selected = z
  .strictObject(selection)
  .refine((one) => Object.values(one).some((value) => value !== undefined), { message: 'say which' });

const addresses = z.array(z.string().min(3).max(320)).max(DOWNMAIL_LIMITS.addresses);

const setting = z.strictObject({
  send: z
    .enum(SENDER_MODES)
    .describe('How what you send goes: as this server does it; whole; held; whole to people you know, and else held'),
  receive: z
    .enum(RECIPIENT_MODES)
    .optional()
    .describe('What you take: as this server does it; everything; notifications only; originals from people you know'),
  gateway: z.literal(false).optional().describe('Originals that you do not take are refused, not kept at the gateway'),
  keep: z
    .enum(KEEP_POLICIES)
    .optional()
    .describe('What becomes of a copy that was fetched; absent: as this server has it'),
  days: z.int().min(1).max(DOWNMAIL_LIMITS.days).optional().describe('How long it waits'),
  reportDays: z
    .int()
    .min(0)
    .max(DOWNMAIL_LIMITS.days)
    .optional()
    .describe(
      'Every so many days a mail tells you what your sender mailbox uses; 0: none; absent: as this server has it',
    ),
  whole: addresses.optional().describe('Who gets mail whole, whatever `send` says'),
  held: addresses.optional().describe('Who never does'),
});

const original = { description: 'The bytes', content: { 'message/rfc822': { schema: z.unknown() } } };
const copyId = z.strictObject({ id: z.string().regex(/^[0-9a-f]{24}\.[0-9]{1,5}\.[0-9]{1,5}$/) });

export function senderMailboxRoutes(app: App, services: Services, manager: SenderMailboxManager): void {
  const { cursors } = services;
  settingRoutes(app, services);
  copyRoutes(app, services, manager);

  app.get(
    '/v1/sender-mailbox',
    {
      schema: {
        tags: TAGS,
        summary: 'How much room there is for mail that waits to be fetched, and how much is used',
        response: { 200: senderMailboxFacts, ...schemas.problems(401, 403) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const found = await account.senderMailbox.facts();
      if (found === undefined) throw new Problem('sender-mailbox-missing');
      const { senderId: id, opened, used, limit, mails, copies } = found;
      const room = { allocated: limit ?? null, free: limit === undefined ? null : Math.max(0, limit - used) };
      return { id, opened: time(opened), ...room, used, mails, copies };
    },
  );

  app.get(
    '/v1/sender-mailbox/copies',
    {
      schema: {
        tags: TAGS,
        summary: 'What waits to be fetched, a line for each recipient, the newest mail first',
        querystring: z.strictObject({
          ...schemas.pageQuery,
          mail: selection.mail,
          recipient: z
            .string()
            .min(1)
            .max(8_000)
            .optional()
            .describe('An address, or "@example.org"; several with commas between'),
          after: selection.after,
          before: selection.before,
          fetched: z.enum(['true', 'false']).optional(),
        }),
        response: { 200: schemas.pageOf(senderMailboxCopy), ...schemas.problems(400, 401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { limit, cursor, recipient, fetched, ...more } = request.query;
      const filter: HeldFilter = {
        ...filterOf({ ...more, ...(recipient !== undefined && { recipients: recipient.split(',') }) }),
        ...(fetched !== undefined && { fetched: fetched === 'true' }),
      };
      const after = cursor === undefined ? undefined : refOf(cursors.read(account.id, LIST, cursor) as string);
      const items: Held[] = [];
      for await (const held of listFrom(account, filter, after)) {
        items.push(held);
        if (items.length > limit) break;
      }
      const shown = items.slice(0, limit);
      const last = shown.at(-1);
      return {
        items: shown.map((held) => view(held, account.id, manager)),
        ...(items.length > limit && last && { next: cursors.make(account.id, LIST, idOf(last)) }),
      };
    },
  );

  app.post(
    '/v1/sender-mailbox/delete',
    {
      schema: {
        tags: TAGS,
        summary: 'Delete what waits: by date, of one mail, for a group of recipients',
        description: 'Nobody can fetch it from then on. `fetched` says of how many of them that came too late.',
        body: selected,
        response: {
          200: z.strictObject({ deleted: z.int(), fetched: z.int() }),
          ...schemas.problems(400, 401, 403, 409),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return idempotent(request, account, () => deleteWaiting(account, filterOf(request.body)));
    },
  );

  app.post(
    '/v1/sender-mailbox/notify',
    {
      schema: {
        tags: TAGS,
        summary: 'Send notifications once more to those who have not fetched it yet',
        body: z.strictObject({
          ...selection,
          newPassword: z.boolean().default(false).describe('The one that was sent before is worth nothing then'),
        }),
        response: { 200: z.strictObject({ notified: z.int() }), ...schemas.problems(400, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { newPassword, ...some } = request.body;
      return idempotent(request, account, async () => ({
        notified: await manager.notify(account, filterOf(some), newPassword),
      }));
    },
  );
}

/** One copy. */
function copyRoutes(app: App, services: Services, manager: SenderMailboxManager): void {
  app.get(
    '/v1/sender-mailbox/copies/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'One of them',
        params: copyId,
        response: { 200: senderMailboxCopy, ...schemas.problems(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return view(await waiting(account, request.params.id), account.id, manager);
    },
  );

  app.get(
    '/v1/sender-mailbox/copies/:id/raw',
    {
      schema: {
        tags: TAGS,
        summary: 'The original as its recipient gets it',
        params: copyId,
        response: { 200: original, ...schemas.problems(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { submission } = await waiting(account, request.params.id);
      const body = await account.outgoing.content(submission);
      reply
        .headers(downloadHeaders(`original-${submission}.eml`, 'message/rfc822'))
        .header('content-length', body.size);
      return await reply.send(Readable.from(body.stream()));
    },
  );

  app.delete(
    '/v1/sender-mailbox/copies/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'Delete one of them: this recipient cannot fetch it from then on',
        params: copyId,
        response: { 204: z.undefined().describe('It is gone'), ...schemas.problems(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      await account.senderMailbox.end([await waiting(account, request.params.id)], 'recalled');
      return await reply.code(204).send();
    },
  );
}

function settingRoutes(app: App, services: Services): void {
  app.get(
    '/v1/settings/downmail',
    {
      schema: {
        tags: TAGS,
        summary: 'What of your mail stays here until it is fetched, and what you take from others',
        response: { 200: setting, ...schemas.problems(401) },
      },
    },
    async (request, reply) => mutable(await downmailSetting(await ownAccount(request, reply, services))),
  );

  app.put(
    '/v1/settings/downmail',
    {
      schema: {
        tags: TAGS,
        summary: 'Change that',
        body: setting,
        response: { 200: setting, ...schemas.problems(400, 401, 403) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { send, ...rest } = request.body;
      const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
      await putDownmailSetting(account, { send, ...given });
      return request.body;
    },
  );
}

function mutable({ whole, held, ...rest }: DownmailSetting): z.output<typeof setting> {
  return { ...rest, ...(whole && { whole: [...whole] }), ...(held && { held: [...held] }) };
}

async function* listFrom(account: MailAccount, filter: HeldFilter, after: HeldRef | undefined): AsyncGenerator<Held> {
  if (after === undefined) return yield* listWaiting(account, filter);
  const isBehind = ({ part, position }: Held): boolean =>
    part > after.part || (part === after.part && position > after.position);
  const isAsked = filter.mail === undefined || filter.mail === after.submission;
  if (isAsked)
    for await (const held of listWaiting(account, { ...filter, mail: after.submission }))
      if (isBehind(held)) yield held;
  if (filter.mail === undefined) yield* listWaiting(account, filter, after.submission);
}

/** Throws `message-missing` for one that nobody can fetch any more. */
async function waiting(account: MailAccount, id: string): Promise<Held> {
  const held = await account.senderMailbox.get(refOf(id));
  if (held?.recipient.state !== 'waiting') throw new Problem('message-missing');
  return held;
}

function filterOf({ mail, recipients, after, before }: z.output<z.ZodObject<typeof selection>>): HeldFilter {
  return {
    ...(mail !== undefined && { mail: mail as SubmissionId }),
    ...(recipients !== undefined && { recipients }),
    ...(after !== undefined && { after: Date.parse(after) }),
    ...(before !== undefined && { before: Date.parse(before) }),
  };
}

function idOf({ submission, part, position }: HeldRef): string {
  return `${submission}.${part}.${position}`;
}

function refOf(id: string): HeldRef {
  const [submission, part, position] = id.split('.');
  return { submission: submission as SubmissionId, part: Number(part), position: Number(position) };
}

function view(held: Held, account: AccountId, manager: SenderMailboxManager): z.output<typeof senderMailboxCopy> {
  const { mail, recipient, senderId } = held;
  const { notified, fetched, fetches, failures, expires, codeTries = 0 } = recipient.held;
  return {
    id: idOf(held),
    mail: mail.id,
    userId: visibleId(senderId, recipient.held),
    recipient: recipient.address,
    subject: mail.subject,
    sent: time(mail.released ?? mail.created),
    size: mail.size,
    expires: time(expires),
    ...(notified !== undefined && { notified: time(notified) }),
    ...(fetched !== undefined && { fetched: time(fetched) }),
    fetches,
    wrongPasswords: failures,
    ...(mail.hold.confidential && { passCode: manager.passCode(account, mail.id), locked: codeTries >= CODE_TRIES }),
  };
}
