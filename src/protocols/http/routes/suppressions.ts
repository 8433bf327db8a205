/** Addresses to which an account does not send any more. */
import { z } from 'zod';
import type { Suppression } from '../../../delivery/feedback/suppressions.ts';
import { ownAccount } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { idempotent } from '../idempotency.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['messages'];
const LIST = 'suppressions';
const MOST_DAYS = 3650;

const suppression = z.strictObject({
  address: z.string(),
  reason: z
    .enum(['hard-bounce', 'soft-bounce', 'complaint', 'manual'])
    .describe(
      'It does not exist; mail to it failed again and again; its owner called a mail spam; somebody put it here',
    ),
  since: z.iso.datetime(),
  expires: z.iso.datetime().optional().describe('Absent: until somebody takes it off'),
  detail: z.string().describe('What the other side said'),
});

const added = z.strictObject({
  address: z.string().min(3).max(320),
  days: z.int().min(1).max(MOST_DAYS).optional().describe('How long; for ever when absent'),
  detail: z.string().max(300).default(''),
});

const addressParam = z.strictObject({ address: z.string().min(1).max(600) });

export function suppressionRoutes(app: App, services: Services): void {
  const { suppressions, cursors, clock } = services;

  app.get(
    '/v1/suppressions',
    {
      schema: {
        tags: TAGS,
        summary: 'Addresses to which this account does not send, by address',
        querystring: z.strictObject(schemas.pageQuery),
        response: { 200: schemas.pageOf(suppression), ...schemas.problems(400, 401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { limit, cursor } = request.query;
      const after = cursor === undefined ? '' : (cursors.read(account.id, LIST, cursor) as string);
      const rest = (await suppressions.list(account)).filter(({ address }) => address > after);
      const page = rest.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(view),
        ...(rest.length > limit && last && { next: cursors.make(account.id, LIST, last.address) }),
      };
    },
  );

  app.post(
    '/v1/suppressions',
    {
      schema: {
        tags: TAGS,
        summary: 'Send nothing more to an address',
        body: added,
        response: { 200: suppression, ...schemas.problems(400, 401, 403, 409) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { address, days, detail } = request.body;
      return await idempotent(request, account, async () => {
        const expires = days === undefined ? {} : { expires: clock.now() + days * 86_400_000 };
        return view(await suppressions.add(account, { address, reason: 'manual', detail, ...expires }));
      });
    },
  );

  app.delete(
    '/v1/suppressions/:address',
    {
      schema: {
        tags: TAGS,
        summary: 'Send to an address again',
        params: addressParam,
        response: { 204: z.undefined().describe('It is off the list'), ...schemas.problems(400, 401, 403, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      if (!(await suppressions.remove(account, request.params.address))) throw new Problem('not-found');
      return await reply.code(204).send();
    },
  );
}

function view({ address, reason, since, expires, detail }: Suppression): z.output<typeof suppression> {
  return {
    address,
    reason,
    since: new Date(since).toISOString(),
    ...(expires !== undefined && { expires: new Date(expires).toISOString() }),
    detail,
  };
}
