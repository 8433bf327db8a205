/** For administrators: mail that the checks held back. */
import { z } from 'zod';
import type { HeldMail, Quarantine } from '../../../intake/quarantine.ts';
import type { App, Services } from '../context.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['administration'];
const LIST = 'quarantine';
const access = { access: 'administrator' } as const;

const held = z.strictObject({
  id: z.string(),
  received: z.iso.datetime(),
  heldFor: z.enum(['infected', 'scanner-down']).describe('Something was found in it; nobody could look into it'),
  reason: z.string(),
  sender: z.string().describe('Of the envelope; may be empty'),
  recipients: z.array(z.string()).readonly(),
  client: z.string().nullable().describe('Address of the server that handed it over'),
});
const details = z.strictObject({
  ...held.shape,
  from: z.array(schemas.address),
  subject: z.string(),
  size: z.int(),
  attachments: z.array(z.string()).readonly().describe('Names of its files'),
  header: z.string().describe('As received, the first 64 KiB'),
});

export function quarantineRoutes(app: App, { cursors }: Services, quarantine: Quarantine): void {
  app.get(
    '/v1/admin/quarantine',
    {
      config: access,
      schema: {
        tags: TAGS,
        summary: 'Mail that is held back, oldest first',
        querystring: z.strictObject(schemas.pageQuery),
        response: { 200: schemas.pageOf(held), ...schemas.problems(400, 401, 403) },
      },
    },
    async ({ query: { limit, cursor }, signedIn }) => {
      const { account } = signedIn!.user;
      const after = cursor === undefined ? '' : (cursors.read(account, LIST, cursor) as string);
      const found = await quarantine.list({ after, limit: limit + 1 });
      const page = found.slice(0, limit);
      const last = page.at(-1);
      return {
        items: page.map(view),
        ...(found.length > limit && last && { next: cursors.make(account, LIST, last.id) }),
      };
    },
  );

  app.get(
    '/v1/admin/quarantine/:id',
    {
      config: access,
      schema: {
        tags: TAGS,
        summary: 'One of them, with its header',
        params: schemas.idParam,
        response: { 200: details, ...schemas.problems(401, 403, 404) },
      },
    },
    async ({ params: { id } }) => {
      const { from, ...found } = await quarantine.show(id);
      return { ...found, ...view(found), from: from.map(({ name, address }) => ({ name, address })) };
    },
  );

  app.post(
    '/v1/admin/quarantine/:id/release',
    {
      config: access,
      schema: {
        tags: TAGS,
        summary: 'Deliver it after all',
        description: 'The checks for viruses and spam let it pass, and it gets the keyword `$Quarantined`.',
        params: schemas.idParam,
        response: { 204: z.null(), ...schemas.problems(401, 403, 404, 409) },
      },
    },
    async ({ params: { id } }, reply) => {
      await quarantine.release(id);
      reply.code(204);
      return null;
    },
  );

  app.delete(
    '/v1/admin/quarantine/:id',
    {
      config: access,
      schema: {
        tags: TAGS,
        summary: 'Forget it for ever',
        params: schemas.idParam,
        response: { 204: z.null(), ...schemas.problems(401, 403, 404) },
      },
    },
    async ({ params: { id } }, reply) => {
      await quarantine.drop(id);
      reply.code(204);
      return null;
    },
  );
}

function view({ id, received, heldFor, reason, sender, recipients, client }: HeldMail): z.output<typeof held> {
  return {
    id,
    received: new Date(received).toISOString(),
    heldFor,
    reason,
    sender,
    recipients,
    client: client ?? null,
  };
}
