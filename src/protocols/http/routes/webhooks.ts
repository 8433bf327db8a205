/** Webhooks: programs of the user that are told what happens. */
import { z } from 'zod';
import { EVENT_TYPES } from '../../../modules/module.ts';
import { addWebhook, MOST_WEBHOOKS, WEBHOOK, type Webhook } from '../../../modules/webhooks.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { idempotent } from '../idempotency.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['webhooks'];
const fields = {
  url: z.string().min(1).max(2_000).describe('https, on a public address'),
  events: z.array(z.enum(EVENT_TYPES)).min(1).max(EVENT_TYPES.length),
};
const webhook = z.strictObject({ id: z.string(), ...fields, created: z.string() });
const created = z.strictObject({
  ...webhook.shape,
  secret: z
    .string()
    .describe('Shown this once. Requests are signed with it: Pabal-Signature: t=…,v1=HMAC-SHA-256 of "t.body" in hex'),
});

export function webhookRoutes(app: App, services: Services): void {
  app.get(
    '/v1/webhooks',
    {
      schema: {
        tags: TAGS,
        summary: 'The webhooks of the account',
        response: { 200: z.strictObject({ items: z.array(webhook).max(MOST_WEBHOOKS) }), ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const all = await account.records<Webhook>(WEBHOOK);
      return { items: all.map(({ id, value }) => view(id, value)) };
    },
  );

  app.post(
    '/v1/webhooks',
    {
      schema: {
        tags: TAGS,
        summary: 'A new webhook; it hears what happens from now on',
        body: z.strictObject(fields),
        response: { 201: created, ...schemas.problems(400, 401, 429) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { clock, random, privateWebhooks } = services;
      const made = await idempotent(request, account, async () => {
        const { id, ...hook } = await addWebhook(account, request.body, {
          clock,
          random,
          privateAddresses: privateWebhooks,
        });
        return { ...view(id, hook), secret: hook.secret };
      });
      reply.code(201);
      return made;
    },
  );

  app.delete(
    '/v1/webhooks/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'It hears nothing more',
        params: schemas.idParam,
        response: { 204: z.null(), ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { id } = request.params;
      if ((await account.record(WEBHOOK, id)) === undefined) throw new Problem('message-missing');
      await account.putRecord(WEBHOOK, id, undefined);
      reply.code(204);
      return null;
    },
  );
}

function view(id: string, { url, events, created: at }: Webhook): z.output<typeof webhook> {
  return { id, url, events: [...events], created: new Date(at).toISOString() };
}
