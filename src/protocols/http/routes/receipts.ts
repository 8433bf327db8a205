/** Receipts for mail that was read: answering those who ask for one, and what is done by itself; the language of what is said so. */
import { z } from 'zod';
import { languageOf, LANGUAGES, putLanguage } from '../../../intake/language.ts';
import { putReceiptAnswer, RECEIPT_ANSWERS, receiptAnswer } from '../../../submit/receipts.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import * as schemas from '../schemas.ts';
import { messageOf } from './messages.ts';

const answer = z.strictObject({
  answer: z
    .enum(['displayed', 'deleted', 'decline'])
    .describe('displayed: it was read; deleted: it was thrown away unread; decline: no receipt, and no question again'),
});
const setting = z.strictObject({
  answer: z
    .enum(RECEIPT_ANSWERS)
    .describe(
      'ask: you decide for each message; always: when you mark one message as read (PATCH), its receipt goes; known: likewise to your ' +
        'people and those you have written to, else you are asked; never: nobody gets any. You are asked in any case when a receipt would ' +
        'not go to where the mail came from (RFC 8098)',
    ),
});
const language = z.strictObject({
  language: z
    .enum(LANGUAGES)
    .nullable()
    .describe('Of what is written in your name by itself (receipts, absence); null: Korean and English'),
});

export function receiptRoutes(app: App, services: Services): void {
  app.post(
    '/v1/messages/:id/receipt',
    {
      schema: {
        tags: ['messages'],
        summary: 'Send the receipt that a message asks for, or decline it',
        description:
          '`receiptRequested` of GET /v1/messages/{id} says who asks. Once for all copies of a message; mail programs see the keyword ' +
          '$MDNSent. 409 when none is asked for, or it was answered before.',
        params: schemas.idParam,
        body: answer,
        response: { 204: z.undefined().describe('Done'), ...schemas.problems(400, 401, 403, 404, 409, 422) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = messageOf(account, request.params.id);
      if (request.body.answer === 'decline') await services.receipts.decline(account, id);
      else await services.receipts.send(account, id, request.body.answer);
      return await reply.code(204).send();
    },
  );

  app.get(
    '/v1/settings/receipts',
    {
      schema: {
        tags: ['messages'],
        summary: 'What is done when somebody asks for a receipt',
        response: { 200: setting, ...schemas.problems(401) },
      },
    },
    async (request, reply) => ({ answer: await receiptAnswer(await ownAccount(request, reply, services)) }),
  );

  app.put(
    '/v1/settings/receipts',
    {
      schema: {
        tags: ['messages'],
        summary: 'Change what is done when somebody asks for a receipt',
        body: setting,
        response: { 200: setting, ...schemas.problems(400, 401) },
      },
    },
    async (request, reply) => {
      await putReceiptAnswer(await ownAccount(request, reply, services), request.body.answer);
      return request.body;
    },
  );

  app.get(
    '/v1/settings/language',
    {
      schema: {
        tags: ['rules'],
        summary: 'The language of what is written in your name by itself',
        response: { 200: language, ...schemas.problems(401) },
      },
    },
    async (request, reply) => ({ language: (await languageOf(await ownAccount(request, reply, services))) ?? null }),
  );

  app.put(
    '/v1/settings/language',
    {
      schema: {
        tags: ['rules'],
        summary: 'Change the language of what is written in your name by itself',
        body: language,
        response: { 200: language, ...schemas.problems(400, 401) },
      },
    },
    async (request, reply) => {
      await putLanguage(await ownAccount(request, reply, services), request.body.language ?? undefined);
      return request.body;
    },
  );
}
