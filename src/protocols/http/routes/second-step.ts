/** A code beside the password: prepared, switched on with a first code, and ended. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { signedIn } from '../auth.ts';
import { confirmOwner } from '../confirm-owner.ts';
import type { App, Services } from '../context.ts';
import * as schemas from '../schemas.ts';

const TAGS = ['session'];

const current = z.string().min(1).max(1_000).describe('Your password: a browser left open is not enough');
const code = z.string().min(1).max(40).describe('Of the authenticator program; each counts once');
const codes = z.strictObject({
  recoveryCodes: z
    .array(z.string())
    .describe('Each counts once instead of a code. They are answered here and never again'),
});
const both = z.strictObject({ current, code: code.describe('Of the authenticator program, or a recovery code') });

export function secondStepRoutes(app: App, services: Services): void {
  const { hostname } = services;
  const { secondStep } = services.directory;
  const confirm = (request: FastifyRequest, given: { current: string; code?: string }) =>
    confirmOwner(services, request, given.current, given.code);

  app.get(
    '/v1/second-step',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'Whether a code is asked for when you sign in',
        response: {
          200: z.strictObject({
            enabled: z.boolean(),
            since: z.iso.datetime().optional(),
            recoveryCodes: z.int().describe('How many are left'),
          }),
          ...schemas.problems(401),
        },
      },
    },
    async (request) => {
      const { since, ...shown } = await secondStep.show(signedIn(request).user.account);
      return { ...shown, ...(since !== undefined && { since: new Date(since).toISOString() }) };
    },
  );

  app.post(
    '/v1/second-step',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'A secret for your authenticator program',
        description:
          'Nothing is asked for before PUT brings a first code. A call that is repeated makes another secret.',
        body: z.strictObject({ current }),
        response: {
          201: z.strictObject({
            secret: z.string().describe('Base32, to be typed'),
            uri: z.string().describe('otpauth://, to be shown as a QR code: SHA-1, six digits, 30 seconds (RFC 6238)'),
          }),
          ...schemas.problems(400, 401, 403, 409, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { account, address } = signedIn(request).user;
      await confirm(request, request.body);
      const secret = await secondStep.prepare(account);
      const issuer = encodeURIComponent(hostname);
      reply.code(201);
      return {
        secret,
        uri: `otpauth://totp/${issuer}:${encodeURIComponent(address)}?secret=${secret}&issuer=${issuer}`,
      };
    },
  );

  app.put(
    '/v1/second-step',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'Switch it on, with a code of the secret before',
        description:
          'From then on your password opens the web only, with a code. Mail programs need application passwords.',
        body: z.strictObject({ code }),
        response: { 200: codes, ...schemas.problems(400, 401) },
      },
    },
    async (request) => ({
      recoveryCodes: [...(await secondStep.enable(signedIn(request).user.account, request.body.code))],
    }),
  );

  app.post(
    '/v1/second-step/recovery-codes',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'New recovery codes; those before are worth nothing any more',
        body: both,
        response: { 200: codes, ...schemas.problems(400, 401, 403, 409, 429, 503) },
      },
    },
    async (request) => {
      await confirm(request, request.body);
      return { recoveryCodes: [...(await secondStep.newRecoveryCodes(signedIn(request).user.account))] };
    },
  );

  app.post(
    '/v1/second-step/end',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'The password is enough again',
        body: both,
        response: { 204: z.undefined().describe('Switched off'), ...schemas.problems(400, 401, 403, 429, 503) },
      },
    },
    async (request, reply) => {
      await confirm(request, request.body);
      await secondStep.disable(signedIn(request).user.account);
      return await reply.code(204).send();
    },
  );
}
