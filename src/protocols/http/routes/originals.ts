/** Originals that their senders keep (Downmail): fetching the one that a notification tells of, and what is fetched without being asked. */
import { z } from 'zod';
import { AUTOMATIC_FETCH, automaticFetch, putAutomaticFetch } from '../../../downmail/originals.ts';
import {
  forgetUndeleted,
  putUndeletedPolicy,
  UNDELETED_POLICIES,
  undeletedOriginals,
  undeletedPolicy,
} from '../../../downmail/fetched-originals.ts';
import { MailError } from '../../../mail/error.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { time } from '../submission-view.ts';
import { summaries } from '../view.ts';
import { messageOf } from './messages.ts';

const wanted = z.strictObject({
  host: z
    .string()
    .max(253)
    .optional()
    .describe('Where you know that it is kept: needed when `original.origin` is other-host or gateway'),
});
const setting = z.strictObject({
  automatic: z
    .enum(AUTOMATIC_FETCH)
    .describe(
      'never: you fetch each yourself; known: those of your people and of whom you have written to; proven: all whose author is proven. ' +
        'What leads to another host than that of the author is never fetched by itself',
    ),
  undeleted: z
    .enum(UNDELETED_POLICIES)
    .optional()
    .describe(
      'Of a server that still has an original a day after it said it was deleted: note, GET /v1/originals/undeleted shows it; junk, its mail goes to Junk from then on. Default: note',
    ),
});
const undeletedHost = z.strictObject({
  host: z.string(),
  sender: z.string().describe('As it would stand in a reject list'),
  openly: z.boolean().describe('It had said that it keeps what is deleted, as is done with mail to many'),
  times: z.int(),
  first: z.iso.datetime(),
  last: z.iso.datetime(),
  listed: z.boolean().describe('The sender was put on your reject list for it'),
});

/** The other side may be slow, and the mail large. */
const DEADLINE_MS = 120_000;

export function originalRoutes(app: App, services: Services): void {
  app.post(
    '/v1/messages/:id/original',
    {
      schema: {
        tags: ['messages'],
        summary: 'Fetch the original that a notification tells of',
        description:
          'It takes the place of the notification, with its flags, and is deleted at its sender, who gets a receipt. 404 when it is no notification, or the ' +
          'original is not there any more; 409 when it is not the one that was told of; 403 when nothing proves who wrote the ' +
          'notification, when its host must be confirmed, or when it is confidential (`original.page` is where it is read); 503 when its host cannot be asked now.',
        params: schemas.idParam,
        body: wanted,
        response: {
          200: schemas.messageSummary,
          ...schemas.problems(400, 401, 403, 404, 409, 413, 422, 503, 507),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = messageOf(account, request.params.id);
      const { host } = request.body;
      const signal = AbortSignal.timeout(DEADLINE_MS);
      try {
        const placed = await services.originals.fetch(account, id, { signal, ...(host !== undefined && { host }) });
        const [shown] = await summaries(account, [placed.id]);
        if (shown === undefined) throw new Problem('message-missing');
        return shown;
      } catch (error) {
        // What it says was written for the one who asked.
        if (error instanceof MailError && error.kind === 'user') throw new Problem(error.code, error.message);
        throw error;
      }
    },
  );

  app.get(
    '/v1/settings/originals',
    {
      schema: {
        tags: ['messages'],
        summary: 'Which originals are fetched without you being asked',
        response: { 200: setting, ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return { automatic: await automaticFetch(account), undeleted: await undeletedPolicy(account) };
    },
  );

  app.put(
    '/v1/settings/originals',
    {
      schema: {
        tags: ['messages'],
        summary: 'Change which originals are fetched without you being asked',
        body: setting,
        response: { 200: setting, ...schemas.problems(400, 401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { automatic, undeleted = 'note' } = request.body;
      await putAutomaticFetch(account, automatic);
      await putUndeletedPolicy(account, undeleted);
      return { automatic, undeleted };
    },
  );

  app.get(
    '/v1/originals/undeleted',
    {
      schema: {
        tags: ['messages'],
        summary: 'Servers from which originals could be fetched again after they were deleted there',
        description: 'The sign of a server that sends one mail to many.',
        response: { 200: z.strictObject({ items: z.array(undeletedHost) }), ...schemas.problems(401) },
      },
    },
    async (request, reply) => ({
      items: (await undeletedOriginals(await ownAccount(request, reply, services))).map(({ first, last, ...one }) => ({
        ...one,
        first: time(first),
        last: time(last),
      })),
    }),
  );

  app.delete(
    '/v1/originals/undeleted/:host',
    {
      schema: {
        tags: ['messages'],
        summary: 'Forget one of them',
        description: 'What was put on your reject list for it stays there.',
        params: z.strictObject({ host: z.string().min(1).max(253) }),
        response: { 204: z.undefined().describe('It is forgotten'), ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      if (!(await forgetUndeleted(account, request.params.host.toLowerCase()))) throw new Problem('not-found');
      return await reply.code(204).send();
    },
  );
}
