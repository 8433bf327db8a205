/** One message: everything about it, its bytes, its attachments, its flags and its place; and many at once. */
import { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { warningsAbout } from '../../../intake/protection/warnings.ts';
import { Flag } from '../../../mailstore/api.ts';
import type { FolderId, MailAccount, MessageMeta, MsgId } from '../../../mailstore/api.ts';
import { ownAccount } from '../auth.ts';
import { bodyParts } from '../body-parts.ts';
import { byteRange, downloadHeaders, sendPart } from '../content.ts';
import type { App, Services } from '../context.ts';
import type { HtmlCleaner } from '../html-cleaner.ts';
import { idempotent } from '../idempotency.ts';
import { codesOf } from '../leave-words.ts';
import { numberId } from '../listing.ts';
import { messagePage, pagePolicy } from '../message-page.ts';
import { IMAGE_PATH } from '../remote-images.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { folderMadeFor } from '../special-folder.ts';
import { messageView, summaries } from '../view.ts';
import { folderOf, liesIn } from './folders.ts';

const TAGS = ['messages'];
/** Messages of one request. */
export const BATCH = 1_000;

const changeFields = {
  read: z.boolean().optional(),
  flagged: z.boolean().optional(),
  answered: z.boolean().optional(),
  keywords: z
    .strictObject({
      add: z.array(schemas.keyword).max(50).optional(),
      remove: z.array(schemas.keyword).max(50).optional(),
    })
    .optional(),
  folder: z.string().min(1).max(64).optional().describe('Id (or role) of the folder to move it to'),
};
const change = z
  .strictObject(changeFields)
  .refine((c) => Object.values(c).some((v) => v !== undefined), 'nothing to change')
  .describe('Flags first, then the move');
type MessageChange = z.output<typeof change>;

const batch = z
  .strictObject({
    ids: z.array(z.string().min(1).max(64)).min(1).max(BATCH),
    change: change.optional(),
    delete: z.literal(true).optional().describe('To Trash; what is there already goes for ever'),
  })
  .refine((b) => (b.change === undefined) !== (b.delete === undefined), 'one of change and delete');

const file = { description: 'The bytes', content: { 'application/octet-stream': { schema: z.unknown() } } };
const attachmentParams = z.strictObject({ id: z.string().min(1).max(64), n: z.string().min(1).max(64) });

export function messageRoutes(app: App, services: Services, cleaner: HtmlCleaner): void {
  app.get(
    '/v1/messages/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'Everything about one message',
        params: schemas.idParam,
        response: { 200: schemas.message, ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return await messageView(account, messageOf(account, request.params.id).id, cleaner, services);
    },
  );

  app.get(
    '/v1/messages/:id/page',
    {
      schema: {
        tags: TAGS,
        summary: 'Its HTML as a page to be shown in a sandboxed frame',
        description:
          'Cleaned, with its colours and sizes; scripts, forms and whatever loads are gone. It has no origin. Of a mail of which its reader is warned, links lead over a page that says so.',
        params: schemas.idParam,
        querystring: z.strictObject({
          images: schemas.flag
            .optional()
            .describe('Images of other servers, too, which this service fetches: their owners learn that it was read'),
        }),
        response: {
          200: { description: 'The page', content: { 'text/html': { schema: z.string() } } },
          ...schemas.problems(400, 401, 404),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = messageOf(account, request.params.id);
      const { images } = services;
      const from = request.query.images === true && images !== undefined ? imageSource(request) : '';
      const read = await account.getMessage(id);
      const why = codesOf(await warningsAbout(account, read.meta.email));
      const through = (markup: string) => {
        const leaving = why === '' ? markup : services.leaving.through(markup, why);
        return images?.through(leaving) ?? leaving;
      };
      const page = await messagePage(read, cleaner, from !== '', through);
      reply.header('content-security-policy', pagePolicy(from)).header('x-frame-options', 'SAMEORIGIN');
      return await reply.type('text/html; charset=utf-8').serializer(String).send(page);
    },
  );

  app.get(
    '/v1/messages/:id/raw',
    {
      schema: {
        tags: TAGS,
        summary: 'The message as it was received, byte for byte',
        params: schemas.idParam,
        response: { 200: file, 206: file, ...schemas.problems(401, 404, 416) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = messageOf(account, request.params.id);
      const body = await account.body(id);
      const range = byteRange(request.headers.range, body.size);
      const { start, end } = range ?? { start: 0, end: body.size };
      reply.headers(downloadHeaders(`message-${id}.eml`, 'message/rfc822'));
      reply.header('accept-ranges', 'bytes').header('content-length', end - start);
      if (range !== undefined) reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${body.size}`);
      return await reply.send(Readable.from(body.stream(start, end)));
    },
  );

  app.get(
    '/v1/messages/:id/attachments/:n',
    {
      schema: {
        tags: TAGS,
        summary: 'One attachment, decoded',
        params: attachmentParams,
        response: { 200: file, ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { details, body } = await account.getMessage(messageOf(account, request.params.id).id);
      const { attachments } = bodyParts(details.structure);
      const part = attachments[numberId<number>(request.params.n, 'message-missing') - 1];
      if (part === undefined) throw new Problem('message-missing');
      return await sendPart(reply, body, part);
    },
  );

  app.patch(
    '/v1/messages/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'Mark or move a message',
        params: schemas.idParam,
        body: change,
        response: { 200: schemas.messageSummary, ...schemas.problems(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id, flags } = messageOf(account, request.params.id);
      await apply(account, [id], request.body);
      if (request.body.read === true && (flags & Flag.seen) === 0)
        await services.receipts.opened(account, id).catch((error: unknown) => {
          // Marking it as read is what was asked for.
          request.log.warn({ err: error }, 'a receipt could not be sent');
        });
      const [shown] = await summaries(account, [id]);
      if (shown === undefined) throw new Problem('message-missing');
      return shown;
    },
  );

  app.post(
    '/v1/messages/:id/report',
    {
      schema: {
        tags: TAGS,
        summary: 'Call a message spam',
        description: 'It goes to Junk. When somebody here sent it, it is a complaint about that sender.',
        params: schemas.idParam,
        body: z.strictObject({ as: z.literal('spam') }),
        response: { 204: z.undefined().describe('Done'), ...schemas.problems(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = messageOf(account, request.params.id);
      await services.complaints.about(account, id);
      const junk = account.folderWithRole('junk');
      if (junk !== undefined) await moveTo(account, [id], junk.id);
      return await reply.code(204).send();
    },
  );

  app.delete(
    '/v1/messages/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'To Trash; from Trash for ever',
        params: schemas.idParam,
        response: { 204: z.undefined().describe('Done'), ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      await remove(account, [messageOf(account, request.params.id)]);
      return await reply.code(204).send();
    },
  );

  app.post(
    '/v1/messages/batch',
    {
      schema: {
        tags: TAGS,
        summary: 'The same change to many messages',
        body: batch,
        response: {
          200: z.strictObject({
            done: z.int().describe('How many were there'),
            missing: z.array(z.string()).describe('Those that were not'),
          }),
          ...schemas.problems(400, 401, 404),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { ids, change } = request.body;
      return await idempotent(request, account, async () => {
        const { found, missing } = findAll(account, ids);
        if (change === undefined) await remove(account, found);
        else
          await apply(
            account,
            found.map(({ id }) => id),
            change,
          );
        return { done: found.length, missing };
      });
    },
  );
}

/** Where a page that was asked for so has its images from us; '' when that cannot be said in a policy. */
function imageSource({ protocol, host }: FastifyRequest): string {
  return /^[\w.:[\]-]+$/.test(host) ? `${protocol}://${host}${IMAGE_PATH}` : '';
}

function findMessage(account: MailAccount, wire: string): MessageMeta | undefined {
  return /^[1-9][0-9]{0,9}$/.test(wire) ? account.meta(Number(wire) as MsgId) : undefined;
}

/** Each once. */
export function findAll(
  account: MailAccount,
  wires: readonly string[],
): { readonly found: readonly MessageMeta[]; readonly missing: string[] } {
  const found = new Map<MsgId, MessageMeta>();
  const missing: string[] = [];
  for (const wire of wires) {
    const meta = findMessage(account, wire);
    if (meta === undefined) missing.push(wire);
    else found.set(meta.id, meta);
  }
  return { found: [...found.values()], missing };
}

/** Throws the problem `message-missing`. */
export function messageOf(account: MailAccount, wire: string): MessageMeta {
  const meta = findMessage(account, wire);
  if (meta === undefined) throw new Problem('message-missing');
  return meta;
}

const FLAGS = { read: Flag.seen, flagged: Flag.flagged, answered: Flag.answered } as const;

async function apply(account: MailAccount, ids: readonly MsgId[], change: MessageChange): Promise<void> {
  // Before anything is changed: is there such a folder?
  const folder = change.folder === undefined ? undefined : folderOf(account, change.folder).id;
  if (ids.length === 0) return;
  const on = { flags: 0, keywords: change.keywords?.add ?? [] };
  const off = { flags: 0, keywords: change.keywords?.remove ?? [] };
  for (const name of ['read', 'flagged', 'answered'] as const) {
    if (change[name] !== undefined) (change[name] ? on : off).flags |= FLAGS[name];
  }
  if (on.flags !== 0 || on.keywords.length > 0) await account.updateMessage(ids, { mode: 'add', ...on });
  if (off.flags !== 0 || off.keywords.length > 0) await account.updateMessage(ids, { mode: 'remove', ...off });
  if (folder !== undefined) await moveTo(account, ids, folder);
}

async function moveTo(account: MailAccount, ids: readonly MsgId[], folder: FolderId): Promise<void> {
  const elsewhere = ids.filter((id) => account.meta(id)?.folder !== folder);
  if (elsewhere.length > 0) await account.move(elsewhere, folder);
}

async function remove(account: MailAccount, messages: readonly MessageMeta[]): Promise<void> {
  const trash = await folderMadeFor(account, 'trash', 'Trash');
  const inTrash = messages.filter((m) => liesIn(account, m.folder, trash.id));
  const others = messages.filter((m) => !liesIn(account, m.folder, trash.id)).map((m) => m.id);
  if (others.length > 0) await account.move(others, trash.id);
  // What is taken out of the trash meanwhile stays.
  if (inTrash.length > 0)
    await account.deleteMessage(
      inTrash.map((m) => m.id),
      { as: inTrash },
    );
}
