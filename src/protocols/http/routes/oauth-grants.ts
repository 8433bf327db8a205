/** Programs that may into one's account, and for administrators those that may ask. */
import { z } from 'zod';
import type { OAuthClient } from '../../../directory/oauth/clients.ts';
import { OAUTH_SCOPES } from '../../../directory/oauth/scopes.ts';
import { signedIn } from '../auth.ts';
import type { App, Services } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

const scopes = z.array(z.enum(OAUTH_SCOPES)).describe('IMAP, POP3, sending (SMTP), filters (ManageSieve), this API');
const name = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\x00-\x1f\x7f]*$/, 'one line of text');
const grant = z.strictObject({
  id: z.string(),
  client: z.string(),
  name: z.string().describe('What the program is called'),
  scopes,
  created: z.iso.datetime(),
  expires: z.iso.datetime().describe('Unless it is used before'),
  lastUse: z
    .strictObject({ at: z.iso.datetime(), protocol: z.string(), remote: z.string().describe('IP address') })
    .optional()
    .describe('To within ten minutes'),
});
const client = z.strictObject({
  id: z.string(),
  name: z.string(),
  redirects: z.array(z.string()),
  scopes,
  confidential: z.boolean().describe('It has a secret'),
  device: z.boolean().describe('It may use the device flow'),
  created: z.iso.datetime().nullable().describe("null: everybody's, which cannot be removed"),
});

export function oauthGrantRoutes(app: App, { directory }: Services): void {
  const { oauth } = directory;

  app.get(
    '/v1/oauth/grants',
    {
      config: { ownSession: true },
      schema: {
        tags: ['session'],
        summary: 'Programs that you let into your account, the newest first',
        response: { 200: z.strictObject({ items: z.array(grant) }), ...schemas.problems(401, 403) },
      },
    },
    async (request) => {
      const names = new Map((await oauth.clients.list()).map((one) => [one.id, one.name]));
      const all = await oauth.grants.list(signedIn(request).user.account);
      const items = all.map(({ scopes: good, created, expires, lastUse, ...one }) => ({
        ...one,
        name: names.get(one.client) ?? '',
        scopes: [...good],
        created: new Date(created).toISOString(),
        expires: new Date(expires).toISOString(),
        ...(lastUse && { lastUse: { ...lastUse, at: new Date(lastUse.at).toISOString() } }),
      }));
      return { items };
    },
  );

  app.delete(
    '/v1/oauth/grants/:id',
    {
      config: { ownSession: true },
      schema: {
        tags: ['session'],
        summary: 'The program is let in no more: all its tokens end',
        params: schemas.idParam,
        response: { 204: z.undefined().describe('Ended'), ...schemas.problems(401, 403, 404) },
      },
    },
    async (request, reply) => {
      const { account } = signedIn(request).user;
      if (!(await oauth.grants.revoke(account, request.params.id))) throw new Problem('not-found');
      return await reply.code(204).send();
    },
  );
}

export function oauthClientRoutes(app: App, { directory }: Services): void {
  const { clients } = directory.oauth;
  const config = { access: 'administrator' } as const;
  const tags = ['administration'];

  app.get(
    '/v1/admin/oauth/clients',
    {
      config,
      schema: {
        tags,
        summary: 'Programs that may ask people for access',
        response: { 200: z.strictObject({ items: z.array(client) }), ...schemas.problems(401, 403) },
      },
    },
    async () => ({ items: (await clients.list()).map(view) }),
  );

  app.post(
    '/v1/admin/oauth/clients',
    {
      config,
      schema: {
        tags,
        summary: 'Register one',
        description: 'A secret is answered here and never again. A call that is repeated registers another one.',
        body: z.strictObject({
          name: name.describe('As people are asked about it'),
          redirects: z
            .array(z.string().max(2000))
            .max(20)
            .default([])
            .describe('Where answers may go: https://, http:// at loopback with any port, or a scheme of its own'),
          scopes: scopes.min(1).max(OAUTH_SCOPES.length),
          confidential: z.boolean().default(false).describe('A program that can keep a secret, such as a web service'),
          device: z.boolean().default(false).describe('May use the device flow'),
        }),
        response: {
          201: client.extend({ secret: z.string().optional() }),
          ...schemas.problems(400, 401, 403, 409),
        },
      },
    },
    async (request, reply) => {
      const { scopes: wanted, ...rest } = request.body;
      const { secret, ...made } = await clients.add({ ...rest, scopes: [...new Set(wanted)] });
      reply.code(201);
      return { ...view(made), ...(secret !== undefined && { secret }) };
    },
  );

  app.delete(
    '/v1/admin/oauth/clients/:id',
    {
      config,
      schema: {
        tags,
        summary: 'It may ask no more, and what it was given opens nothing any more',
        params: schemas.idParam,
        response: { 204: z.undefined().describe('Removed'), ...schemas.problems(401, 403, 404) },
      },
    },
    async (request, reply) => {
      if (!(await clients.remove(request.params.id))) throw new Problem('not-found');
      return await reply.code(204).send();
    },
  );
}

function view({ redirects, scopes: good, created, ...one }: OAuthClient): z.output<typeof client> {
  return {
    ...one,
    redirects: [...redirects],
    scopes: [...good],
    created: created === undefined ? null : new Date(created).toISOString(),
  };
}
