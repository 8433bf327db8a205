/** For operators: accounts of which nothing may go. Auditors see which. */
import { z } from 'zod';
import type { Compliance } from '../../../compliance/compliance.ts';
import type { HoldFacts } from '../../../compliance/legal-holds.ts';
import { signedIn } from '../auth.ts';
import type { App } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['administration'];
const access = 'administrator';

const instant = z.iso.datetime();
const shown = z.strictObject({
  id: z.string(),
  address: z.string(),
  removed: z.boolean().describe('The account was removed since: its data goes with the last hold'),
  reason: z.string(),
  by: z.string(),
  since: instant,
  until: instant.nullable().describe('Ends by itself; null: when somebody ends it'),
});

export function legalHoldRoutes(app: App, { holds }: Compliance): void {
  app.get(
    '/v1/admin/holds',
    {
      config: { access, roles: ['operator', 'auditor'] },
      schema: {
        tags: TAGS,
        summary: 'Accounts of which nothing may go',
        response: { 200: z.strictObject({ items: z.array(shown) }), ...schemas.problems(401, 403) },
      },
    },
    async () => ({ items: (await holds.list()).map(view) }),
  );

  app.post(
    '/v1/admin/holds',
    {
      config: { access },
      schema: {
        tags: TAGS,
        summary: 'Keep all that is removed from an account',
        description: 'Its owner sees nothing of it. Removing the account keeps its data as well.',
        body: z.strictObject({
          address: z.string().min(1).max(400),
          reason: z.string().min(1).max(500).describe('For instance the number of a case'),
          until: instant.optional(),
        }),
        response: { 201: shown, ...schemas.problems(400, 401, 403, 404, 409) },
      },
    },
    async (request, reply) => {
      const { address, reason, until } = request.body;
      const by = signedIn(request).user.address;
      const added = await holds.add({
        address,
        reason,
        by,
        ...(until !== undefined && { until: Date.parse(until) }),
      });
      reply.code(201);
      return view(added);
    },
  );

  app.delete(
    '/v1/admin/holds/:id',
    {
      config: { access },
      schema: {
        tags: TAGS,
        summary: 'End a hold',
        description: 'With the last one of an account goes what was removed meanwhile.',
        params: schemas.idParam,
        response: { 204: z.null(), ...schemas.problems(400, 401, 403, 404) },
      },
    },
    async ({ params: { id } }, reply) => {
      if (!(await holds.end(id))) throw new Problem('not-found');
      reply.code(204);
      return null;
    },
  );
}

function view({ id, address, removed, reason, by, since, until }: HoldFacts): z.output<typeof shown> {
  return {
    id,
    address,
    removed,
    reason,
    by,
    since: new Date(since).toISOString(),
    until: until === undefined ? null : new Date(until).toISOString(),
  };
}
