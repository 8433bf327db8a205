/** Web Push: programs of the user that are woken up for new mail, through the push service of their maker. */
import { z } from 'zod';
import {
  MOST_SUBSCRIPTIONS,
  PUSH_CONTENTS,
  type PushSubscription,
  subscribe,
  subscriptions,
  unsubscribe,
} from '../../../modules/push/subscriptions.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['push'];
const settings = {
  content: z
    .enum(PUSH_CONTENTS)
    .default('none')
    .describe('`none`: that there is mail, and its ids; `summary`: also who wrote it, and the subject'),
  name: z.string().max(100).default('').describe('What its owner calls the program'),
};
const wanted = z.strictObject({
  ...settings,
  endpoint: z.string().min(1).max(2_000).describe('Of the push service: https, on a public address'),
  expirationTime: z.int().positive().nullish().describe('Milliseconds since 1970'),
  keys: z.strictObject({ p256dh: z.string().min(1).max(200), auth: z.string().min(1).max(100) }),
});
const subscription = z.strictObject({
  id: z.string(),
  endpoint: z.string(),
  ...settings,
  created: z.iso.datetime(),
});

export function pushRoutes(app: App, services: Services): void {
  const { clock, pushKey, privateWebhooks: privateAddresses } = services;

  app.get(
    '/v1/push/key',
    {
      schema: {
        tags: TAGS,
        summary: 'The key of this service, for `applicationServerKey`',
        response: { 200: z.strictObject({ publicKey: z.string() }), ...schemas.problems(401) },
      },
    },
    () => ({ publicKey: pushKey }),
  );

  app.get(
    '/v1/push/subscriptions',
    {
      schema: {
        tags: TAGS,
        summary: 'The programs that are woken up for new mail',
        response: {
          200: z.strictObject({ items: z.array(subscription).max(MOST_SUBSCRIPTIONS) }),
          ...schemas.problems(401),
        },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return { items: (await subscriptions(account)).map(({ id, value }) => view(id, value)) };
    },
  );

  app.post(
    '/v1/push/subscriptions',
    {
      schema: {
        tags: TAGS,
        summary: 'Wake up a program for new mail',
        description:
          'Takes what `PushSubscription.toJSON()` gives. The same endpoint again replaces what was said of it before; one that its push service calls over is removed.',
        body: wanted,
        response: { 201: subscription, ...schemas.problems(400, 401, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { expirationTime, ...rest } = request.body;
      const expires = typeof expirationTime === 'number' ? { expires: expirationTime } : {};
      const made = await subscribe(account, { ...rest, ...expires }, { now: clock.now(), privateAddresses });
      reply.code(201);
      return view(made.id, made);
    },
  );

  app.delete(
    '/v1/push/subscriptions/:id',
    {
      schema: {
        tags: TAGS,
        summary: 'Wake it up no more',
        params: schemas.idParam,
        response: { 204: z.null(), ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      if (!(await unsubscribe(account, request.params.id))) throw new Problem('message-missing');
      reply.code(204);
      return null;
    },
  );
}

function view(id: string, { endpoint, content, name, created }: PushSubscription): z.output<typeof subscription> {
  return { id, endpoint, content, name, created: new Date(created).toISOString() };
}
