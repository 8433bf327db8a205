/** Signing in and out. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { requireOwnPage, SESSION_COOKIE, signedIn } from '../auth.ts';
import type { App, Services } from '../context.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['session'];
const SESSION_DAYS = 30;
const SESSION_MS = SESSION_DAYS * 86_400_000;

const credentials = z.strictObject({
  address: z.string().min(1).max(320),
  password: z.string().min(1).max(1_000),
  cookie: z
    .boolean()
    .default(false)
    .describe('For web pages: the session goes into a cookie that scripts cannot read, and no token is answered'),
});

const account = z.strictObject({ id: z.string(), address: z.string(), admin: z.boolean() });

export function sessionRoutes(app: App, services: Services): void {
  const { directory } = services;

  app.post(
    '/v1/session',
    {
      config: { access: 'public' },
      schema: {
        tags: TAGS,
        summary: 'Sign in',
        security: [],
        body: credentials,
        response: {
          200: z.strictObject({ token: z.string().optional().describe('For Authorization: Bearer'), account }),
          ...schemas.problems(400, 401, 403, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { address, password, cookie } = request.body;
      // Else another site could sign a visitor in to an account of its own.
      if (cookie) requireOwnPage(request);
      const user = await directory.authenticate(address, password, { protocol: 'http', remote: request.ip });
      const token = await directory.createSession(user, { ttlMs: SESSION_MS, purpose: 'api' });
      const shown = { id: user.account, address: user.address, admin: user.admin };
      if (!cookie) return { token, account: shown };
      // A cookie that was there before is never taken over: whoever planted it does not know this token.
      setCookie(reply, request, token, SESSION_MS / 1_000);
      return { account: shown };
    },
  );

  app.get(
    '/v1/session',
    {
      schema: {
        tags: TAGS,
        summary: 'Who is signed in',
        response: { 200: z.strictObject({ account }), ...schemas.problems(401) },
      },
    },
    async (request) => {
      const { user } = signedIn(request);
      return { account: { id: user.account, address: user.address, admin: user.admin } };
    },
  );

  app.delete(
    '/v1/session',
    {
      schema: {
        tags: TAGS,
        summary: 'Sign out: the token is worth nothing afterwards',
        response: { 204: z.undefined().describe('Signed out'), ...schemas.problems(401, 403) },
      },
    },
    async (request, reply) => {
      const { token, by } = signedIn(request);
      await directory.endSession(token);
      if (by === 'cookie') setCookie(reply, request, '', 0);
      return await reply.code(204).send();
    },
  );
}

function setCookie(reply: FastifyReply, request: FastifyRequest, token: string, maxAge: number): void {
  const secure = request.protocol === 'https';
  reply.setCookie(SESSION_COOKIE, token, { path: '/', httpOnly: true, sameSite: 'strict', secure, maxAge });
}
