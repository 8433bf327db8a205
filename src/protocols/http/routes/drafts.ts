/** Drafts: mails that are being written, in the folder of that name, where mail programs find them, too. */
import { z } from 'zod';
import { Flag } from '../../../mailstore/api.ts';
import type { MailAccount, MsgId } from '../../../mailstore/api.ts';
import { ownAccount, signedIn } from '../auth.ts';
import { composeMail, mailFields, mailUploads, usualFrom } from '../compose.ts';
import type { App, Services } from '../context.ts';
import { draftFields, draftOptions } from '../draft-options.ts';
import { idempotent } from '../idempotency.ts';
import { numberId } from '../listing.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { folderMadeFor } from '../special-folder.ts';
import type { UploadBudget } from '../uploads.ts';
import { messageOf } from './messages.ts';

const newDraft = z.strictObject({
  ...mailFields,
  options: draftOptions.default({}).describe('What is chosen for sending it; GET /v1/messages/{id} tells it again'),
  template: z
    .literal(true)
    .optional()
    .describe('It is one that others are begun with: it goes to the folder with the role `templates`'),
  replaces: z.string().min(1).max(64).optional().describe('The draft that this is a later state of: it goes'),
});

const kept = z.strictObject({
  id: z.string().describe('Of the message in Drafts; the next state has another one'),
  attached: z.array(z.int()).describe('Numbers of its attachments, in the order: those named, then those sent along'),
});

export function draftRoutes(app: App, services: Services, budget: UploadBudget): void {
  const { limits, clock, random } = services;
  const uploads = mailUploads(limits, budget);

  app.post(
    '/v1/drafts',
    {
      ...uploads.hooks,
      schema: {
        tags: ['messages'],
        summary: 'Keep a mail that is not finished',
        description: 'Like POST /v1/messages, but nobody needs to be named, and nothing is sent.',
        body: newDraft,
        response: { 201: kept, ...schemas.problems(400, 401, 403, 404, 413, 415, 503, 507) },
      },
    },
    async (request, reply) => {
      const { user } = signedIn(request);
      const account = await ownAccount(request, reply, services);
      const draft = request.body;
      const made = await idempotent(request, account, async () => {
        const from = draft.from ?? (await usualFrom(account, user, services.directory));
        const domain = user.address.slice(user.address.lastIndexOf('@') + 1);
        const messageId = `<${Buffer.from(random.bytes(15)).toString('base64url')}@${domain}>`;
        const how = {
          from,
          messageId,
          date: clock.now(),
          limit: limits.message,
          keepBcc: true,
          fields: draftFields(draft.options),
        };
        const { raw, attached } = await composeMail(account, draft, uploads.filesOf(request), how);
        const folder = draft.template
          ? await folderMadeFor(account, 'templates', 'Templates')
          : await folderMadeFor(account, 'drafts', 'Drafts');
        const { id } = await account.addMessage(raw, { folder: folder.id, flags: Flag.draft | Flag.seen });
        // The new one is safe before the old one goes: a crash leaves both, never none.
        if (draft.replaces !== undefined) await dropDraft(account, numberId<MsgId>(draft.replaces, 'message-missing'));
        return { id: String(id), attached: [...attached] };
      });
      return await reply.code(201).header('location', `/v1/messages/${made.id}`).send(made);
    },
  );

  app.delete(
    '/v1/drafts/:id',
    {
      schema: {
        tags: ['messages'],
        summary: 'Forget a draft, for ever',
        params: schemas.idParam,
        response: { 204: z.undefined().describe('Gone'), ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = messageOf(account, request.params.id);
      if (!(await dropDraft(account, id))) throw new Problem('message-missing');
      return await reply.code(204).send();
    },
  );
}

/** Only what is a draft goes in this way; a mail that was named by mistake stays. */
async function dropDraft(account: MailAccount, id: MsgId): Promise<boolean> {
  const meta = account.meta(id);
  if (meta === undefined || (meta.flags & Flag.draft) === 0) return false;
  await account.deleteMessage([id]);
  return true;
}
