/** Signing in and out. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { sessionId } from '../../../directory/sessions.ts';
import { requireOwnPage, SESSION_COOKIE, signedIn } from '../auth.ts';
import { confirm, CONFIRMED_MS } from '../confirmed.ts';
import type { App, Services, User } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['session'];
const SESSION_DAYS = 30;
const SESSION_MS = SESSION_DAYS * 86_400_000;

const credentials = z.strictObject({
  address: z.string().min(1).max(320),
  password: z.string().min(1).max(1_000),
  code: z
    .string()
    .min(1)
    .max(40)
    .optional()
    .describe('Of the authenticator program, or a recovery code: wanted when the answer is `code-required`'),
  cookie: z
    .boolean()
    .default(false)
    .describe('For web pages: the session goes into a cookie that scripts cannot read, and no token is answered'),
});

const session = z.strictObject({
  id: z.string().describe('For DELETE /v1/sessions/{id}; it is not the token'),
  created: z.iso.datetime(),
  expires: z.iso.datetime().describe('Earlier when nobody uses it (`limits.session_idle_days`)'),
  used: z.iso.datetime().describe('The last request, to within an hour'),
  remote: z.string().optional().describe('IP address from which it was begun'),
  program: z.string().optional().describe('What the program called itself (User-Agent)'),
  current: z.boolean().describe('The one of this request'),
});

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
          200: z.strictObject({
            token: z.string().optional().describe('For Authorization: Bearer'),
            account: schemas.signedInAccount,
          }),
          ...schemas.problems(400, 401, 403, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { address, password, code, cookie } = request.body;
      // Else another site could sign a visitor in to an account of its own.
      if (cookie) requireOwnPage(request);
      const user = await directory.authenticate(address, password, { protocol: 'http', remote: request.ip }, code);
      const token = await newSession(services, request, user);
      const shown = { id: user.account, address: user.address, admin: user.admin };
      if (!cookie) return { token, account: shown };
      // A cookie that was there before is never taken over: whoever planted it does not know this token.
      setCookie(reply, request, token);
      return { account: shown };
    },
  );

  app.get(
    '/v1/session',
    {
      schema: {
        tags: TAGS,
        summary: 'Who is signed in',
        response: { 200: z.strictObject({ account: schemas.signedInAccount }), ...schemas.problems(401) },
      },
    },
    async (request) => {
      const { user } = signedIn(request);
      return { account: { id: user.account, address: user.address, admin: user.admin } };
    },
  );

  app.post(
    '/v1/session/confirm',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'Say your password once more',
        description: `For what a session alone does not allow (problem \`confirmation-needed\`): it may do it for ${CONFIRMED_MS / 60_000} minutes then.`,
        body: z.strictObject({
          current: z.string().min(1).max(1_000).describe('Your password'),
          code: credentials.shape.code,
        }),
        response: { 204: z.undefined().describe('Confirmed'), ...schemas.problems(400, 401, 403, 429, 503) },
      },
    },
    async (request, reply) => {
      await confirm(request, services, request.body);
      return await reply.code(204).send();
    },
  );

  app.delete(
    '/v1/session',
    {
      config: { ownSession: true },
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

  app.get(
    '/v1/sessions',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'Where one is signed in over the API, the newest first',
        response: { 200: z.strictObject({ items: z.array(session) }), ...schemas.problems(401) },
      },
    },
    async (request) => {
      const { user, token } = signedIn(request);
      const here = sessionId(token);
      const items = (await directory.sessions(user.account)).map(({ id, created, expires, used, from }) => ({
        id,
        created: new Date(created).toISOString(),
        expires: new Date(expires).toISOString(),
        used: new Date(used).toISOString(),
        ...from,
        current: id === here,
      }));
      return { items };
    },
  );

  app.delete(
    '/v1/sessions/:id',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'End one of them: who has its token is signed out',
        params: schemas.idParam,
        response: { 204: z.undefined().describe('Ended'), ...schemas.problems(401, 404) },
      },
    },
    async (request, reply) => {
      const { user } = signedIn(request);
      if (!(await directory.endSessionOf(user.account, request.params.id))) throw new Problem('not-found');
      return await reply.code(204).send();
    },
  );
}

export function newSession({ directory }: Services, request: FastifyRequest, user: User): Promise<string> {
  const program = (request.headers['user-agent'] ?? '').slice(0, 300);
  return directory.createSession(user, { ttlMs: SESSION_MS, purpose: 'api', from: { remote: request.ip, program } });
}

export function setCookie(
  reply: FastifyReply,
  request: FastifyRequest,
  token: string,
  maxAge = SESSION_MS / 1_000,
): void {
  const secure = request.protocol === 'https';
  reply.setCookie(SESSION_COOKIE, token, { path: '/', httpOnly: true, sameSite: 'strict', secure, maxAge });
}
