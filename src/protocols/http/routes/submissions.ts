/** What was sent, what became of it, and taking back what has not left yet. */
import { z } from 'zod';
import { putRecallSetting, recalledMail, recallSetting } from '../../../delivery/recalled.ts';
import type { MailAccount } from '../../../mailstore/api.ts';
import type { Delivery, Submission, SubmissionId } from '../../../mailstore/submission.ts';
import { SENDING, type SendingSetting, type Submit } from '../../../submit/submit.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { recipientState, submissionFacts, submissionView, time } from '../submission-view.ts';

const summary = z.strictObject({
  ...schemas.submissionFields,
  recipients: z.record(z.string(), z.int()).describe('How many are in which state'),
});

const LIST = 'submissions';

export function submissionRoutes(app: App, services: Services, submit: Pick<Submit, 'recall'>): void {
  const { cursors } = services;
  sendingRoutes(app, services);
  recallRoutes(app, services);

  app.get(
    '/v1/submissions',
    {
      schema: {
        tags: ['messages'],
        summary: 'What was sent, newest first',
        querystring: z.strictObject(schemas.pageQuery),
        response: { 200: schemas.pageOf(summary), ...schemas.problems(400, 401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { limit, cursor } = request.query;
      const before = cursor === undefined ? undefined : (cursors.read(account.id, LIST, cursor) as SubmissionId);
      const page = await account.outgoing.list({ limit: limit + 1, ...(before !== undefined && { before }) });
      const shown = page.slice(0, limit);
      const items = await Promise.all(
        shown.map(async (one) => ({
          ...submissionFacts(one),
          recipients: counts(one, await account.outgoing.deliveries(one.id)),
        })),
      );
      const last = shown.at(-1);
      return { items, ...(page.length > limit && last && { next: cursors.make(account.id, LIST, last.id) }) };
    },
  );

  app.get(
    '/v1/submissions/:id',
    {
      schema: {
        tags: ['messages'],
        summary: 'A mail that was sent, and what became of it for each recipient',
        params: schemas.idParam,
        response: { 200: schemas.submission, ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const found = await get(account, request.params.id);
      return submissionView(found, await account.outgoing.deliveries(found.id));
    },
  );

  app.delete(
    '/v1/submissions/:id',
    {
      schema: {
        tags: ['messages'],
        summary: 'Take back a mail that is held; 409 when it is on its way already',
        params: schemas.idParam,
        response: { 204: z.undefined().describe('It will not be sent'), ...schemas.problems(401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = await get(account, request.params.id);
      if (!(await account.outgoing.cancel(id))) throw new Problem('conflict', 'The mail is on its way already.');
      return await reply.code(204).send();
    },
  );

  app.post(
    '/v1/submissions/:id/recall',
    {
      schema: {
        tags: ['messages'],
        summary: 'Take a mail back as far as that is possible',
        description:
          'A held mail is not sent. People here lose it if they have not opened it, and another server does not get it if it has not got it ' +
          'yet; for everybody else it is too late. `recall` of each recipient says what came of it, mostly within a second. 409 for a mail ' +
          'that was cancelled before.',
        params: schemas.idParam,
        response: { 202: schemas.submission, ...schemas.problems(401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = await get(account, request.params.id);
      if ((await submit.recall(account, id)) === undefined) throw new Problem('conflict', 'The mail was cancelled.');
      return await reply.code(202).send(submissionView(await get(account, id), await account.outgoing.deliveries(id)));
    },
  );
}

/** What somebody thinks of mail that others take back. */
function recallRoutes(app: App, services: Services): void {
  const setting = z.strictObject({
    allow: z.boolean().describe('Senders here may take back mail that you have not opened'),
    note: z.boolean().describe('GET /v1/recalled lists it then: from whom and when, and nothing of what it said'),
  });
  const recalled = z.strictObject({ from: z.string(), sent: z.iso.datetime(), at: z.iso.datetime() });

  app.get(
    '/v1/recalled',
    {
      schema: {
        tags: ['messages'],
        summary: 'Mail that its senders took back before you opened it: the last 50',
        response: { 200: z.strictObject({ items: z.array(recalled) }), ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const items = await recalledMail(await ownAccount(request, reply, services));
      return { items: items.map(({ from, sent, at }) => ({ from, sent: time(sent), at: time(at) })) };
    },
  );

  app.get(
    '/v1/settings/recall',
    {
      schema: {
        tags: ['messages'],
        summary: 'Whether mail may be taken back from you',
        response: { 200: setting, ...schemas.problems(401) },
      },
    },
    async (request, reply) => recallSetting(await ownAccount(request, reply, services)),
  );

  app.put(
    '/v1/settings/recall',
    {
      schema: {
        tags: ['messages'],
        summary: 'Change whether mail may be taken back from you',
        body: setting,
        response: { 200: setting, ...schemas.problems(400, 401) },
      },
    },
    async (request, reply) => {
      await putRecallSetting(await ownAccount(request, reply, services), request.body);
      return request.body;
    },
  );
}

/** What somebody wants of the mail that he sends. */
function sendingRoutes(app: App, services: Services): void {
  const setting = z.strictObject({
    copyFromPrograms: z
      .boolean()
      .describe('Mail that a mail program sends leaves a copy in Sent, too. Most programs put their own there'),
  });

  app.get(
    '/v1/settings/sending',
    {
      schema: {
        tags: ['messages'],
        summary: 'How mail is sent',
        response: { 200: setting, ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return (await account.record<SendingSetting>(SENDING.kind, SENDING.id)) ?? { copyFromPrograms: false };
    },
  );

  app.put(
    '/v1/settings/sending',
    {
      schema: {
        tags: ['messages'],
        summary: 'Change how mail is sent',
        body: setting,
        response: { 200: setting, ...schemas.problems(400, 401, 403) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      await account.putRecord(SENDING.kind, SENDING.id, request.body satisfies SendingSetting);
      return request.body;
    },
  );
}

async function get(account: MailAccount, id: string): Promise<Submission> {
  const found = await account.outgoing.get(id as SubmissionId);
  if (found === undefined) throw new Problem('message-missing');
  return found;
}

function counts(one: Submission, deliveries: readonly Delivery[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { recipients } of deliveries)
    for (const recipient of recipients) {
      const state = recipientState(one, recipient);
      found[state] = (found[state] ?? 0) + 1;
    }
  return found;
}
