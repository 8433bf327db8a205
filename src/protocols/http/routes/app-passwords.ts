/** Passwords for single programs: what there is, a new one, one less. */
import { z } from 'zod';
import { APP_PASSWORD_SCOPES, type AppPasswordInfo } from '../../../directory/api.ts';
import { signedIn } from '../auth.ts';
import { confirmOwner } from '../confirm-owner.ts';
import type { App, Services } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['session'];

const scopes = z
  .array(z.enum(APP_PASSWORD_SCOPES))
  .min(1)
  .max(APP_PASSWORD_SCOPES.length)
  .describe('What it is good for: IMAP, POP3, sending (SMTP), filters (ManageSieve); never this API');
const appPassword = z.strictObject({
  id: z.string(),
  name: z.string(),
  scopes,
  created: z.iso.datetime(),
  lastUse: z
    .strictObject({ at: z.iso.datetime(), protocol: z.string(), remote: z.string().describe('IP address') })
    .optional()
    .describe('To within ten minutes'),
});

export function appPasswordRoutes(app: App, services: Services): void {
  const { appPasswords } = services.directory;

  app.get(
    '/v1/app-passwords',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'Your application passwords, the newest first',
        response: { 200: z.strictObject({ items: z.array(appPassword) }), ...schemas.problems(401) },
      },
    },
    async (request) => ({ items: (await appPasswords.list(signedIn(request).user.account)).map(view) }),
  );

  app.post(
    '/v1/app-passwords',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'A password for one mail program',
        description: 'It is answered here and never again. A call that is repeated makes another one.',
        body: z.strictObject({
          current: z.string().min(1).max(1_000).describe('Your own password: a browser left open is not enough'),
          name: z
            .string()
            .min(1)
            .max(100)
            .regex(/^[^\x00-\x1f\x7f]*$/, 'one line of text')
            .describe('By which you know it again'),
          scopes,
        }),
        response: {
          201: appPassword.extend({ password: z.string().describe('With or without the hyphens') }),
          ...schemas.problems(400, 401, 403, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { account } = signedIn(request).user;
      const { current, name, scopes: wanted } = request.body;
      await confirmOwner(services, request, current);
      const { password, ...made } = await appPasswords.create(account, { name, scopes: [...new Set(wanted)] });
      reply.code(201);
      return { ...view(made), password };
    },
  );

  app.delete(
    '/v1/app-passwords/:id',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'It opens nothing any more',
        params: schemas.idParam,
        response: { 204: z.undefined().describe('Taken back'), ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const { account } = signedIn(request).user;
      if (!(await appPasswords.revoke(account, request.params.id))) throw new Problem('not-found');
      return await reply.code(204).send();
    },
  );
}

function view({ id, name, scopes: good, created, lastUse }: AppPasswordInfo): z.output<typeof appPassword> {
  return {
    id,
    name,
    scopes: [...good],
    created: new Date(created).toISOString(),
    ...(lastUse && { lastUse: { ...lastUse, at: new Date(lastUse.at).toISOString() } }),
  };
}
