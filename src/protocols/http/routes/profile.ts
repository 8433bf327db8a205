/** Who one is: name, addresses, signatures, room, password. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { AccountInfo } from '../../../directory/api.ts';
import { imageTypeOf } from '../../../mail/file-beginnings.ts';
import {
  identities,
  IDENTITY_LIMITS,
  putIdentity,
  putSignatureImage,
  signatureImage,
} from '../../../submit/identities.ts';
import type { Submit } from '../../../submit/submit.ts';
import { ownAccount, signedIn } from '../auth.ts';
import { confirmOwner } from '../confirm-owner.ts';
import type { App, Services } from '../context.ts';
import { Problem } from '../reply.ts';
import * as schemas from '../schemas.ts';
import { newSession, setCookie } from './session.ts';

const TAGS = ['session'];

/** One line: it stands in header fields. */
const name = z
  .string()
  .max(IDENTITY_LIMITS.name)
  .regex(/^[^\x00-\x1f\x7f]*$/, 'one line of text');
const profile = z.strictObject({
  address: z.string(),
  name: z.string().describe('Empty when none was given'),
  aliases: z.array(z.string()),
  used: z.int().describe('Bytes'),
  quota: z.int().nullable().describe('Bytes; null: no limit'),
  categories: z
    .array(z.string())
    .describe('Kinds of mail that you may send, the usual one first; none: there is no choice'),
  holdsMail: z.boolean().describe('Whether your mail can stay here until it is fetched (`downmail`, `confidential`)'),
});
const identity = z.strictObject({
  address: z.string(),
  name: z.string().describe('Stands before the address in From'),
  signature: z.string().describe('Plain text. The service puts it under nothing: the program that writes does'),
  image: z.string().describe('Names the image under the signature (GET …/image); empty: none'),
});
const addressParam = z.strictObject({ address: z.string().min(1).max(400) });
const passwords = z.strictObject({
  current: z.string().min(1).max(1_000),
  password: z.string().min(8).max(1_000).describe('The new one'),
});

export function profileRoutes(app: App, services: Services, submit: Pick<Submit, 'holdsMail'>): void {
  const { directory } = services;
  const owner = async (request: FastifyRequest): Promise<AccountInfo> => {
    const found = await directory.account(signedIn(request).user.account);
    if (found === undefined) throw new Problem('not-signed-in');
    return found;
  };

  app.get(
    '/v1/profile',
    {
      schema: { tags: TAGS, summary: 'Your account', response: { 200: profile, ...schemas.problems(401) } },
    },
    async (request, reply) => {
      const { address, displayName, aliases, categories = [] } = await owner(request);
      const account = await ownAccount(request, reply, services);
      const { used, limit } = account.quota();
      return {
        address,
        name: displayName,
        aliases: [...aliases],
        used,
        quota: limit ?? null,
        categories: [...categories],
        holdsMail: await submit.holdsMail(account),
      };
    },
  );

  app.put(
    '/v1/profile/name',
    {
      schema: {
        tags: TAGS,
        summary: 'Change your name',
        body: z.strictObject({ name }),
        response: { 204: z.undefined().describe('Changed'), ...schemas.problems(400, 401) },
      },
    },
    async (request, reply) => {
      await directory.updateAccount(signedIn(request).user.account, { displayName: request.body.name });
      return await reply.code(204).send();
    },
  );

  app.put(
    '/v1/profile/password',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'Change your password',
        description:
          'All sessions, application passwords and passkeys end. The answer brings the caller a new one: as a cookie if it came with one, else as a token.',
        body: passwords,
        response: {
          200: z.strictObject({ token: z.string().optional().describe('For Authorization: Bearer') }),
          ...schemas.problems(400, 401, 403, 422, 429, 503),
        },
      },
    },
    async (request, reply) => {
      const { by, user } = signedIn(request);
      const { current, password } = request.body;
      // Whoever finds a browser open has the session, not the account: attempts are counted as those of a sign-in.
      await confirmOwner(services, request, current);
      await directory.updateAccount(user.account, { password });
      const token = await newSession(services, request, user);
      if (by === 'bearer') return { token };
      setCookie(reply, request, token);
      return {};
    },
  );

  app.get(
    '/v1/identities',
    {
      schema: {
        tags: TAGS,
        summary: 'As whom you write: your addresses, each with a name and a signature',
        response: { 200: z.strictObject({ items: z.array(identity) }), ...schemas.problems(401) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      return { items: [...(await identities(account, await owner(request)))] };
    },
  );

  app.put(
    '/v1/identities/:address',
    {
      schema: {
        tags: TAGS,
        summary: 'Another name or signature for one of your addresses',
        params: addressParam,
        body: z.strictObject({ name, signature: z.string().max(IDENTITY_LIMITS.signature) }),
        response: { 200: identity, ...schemas.problems(400, 401, 404) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { address } = request.params;
      const kept = await putIdentity(account, await owner(request), { address, ...request.body });
      if (kept === undefined) throw new Problem('not-found');
      return kept;
    },
  );
  app.get(
    '/v1/identities/:address/image',
    {
      schema: {
        tags: TAGS,
        summary: 'The image under a signature',
        params: addressParam,
        response: {
          200: { description: 'PNG, JPEG, GIF, WebP or AVIF', content: { 'image/*': { schema: z.unknown() } } },
          ...schemas.problems(401, 404),
        },
      },
    },
    async (request, reply) => {
      const bytes = await signatureImage(await ownAccount(request, reply, services), request.params.address);
      const type = bytes && imageTypeOf(bytes);
      if (type === undefined) throw new Problem('not-found');
      reply
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('x-content-type-options', 'nosniff');
      return await reply.type(type).send(bytes);
    },
  );

  const image = z
    .string()
    .max(Math.ceil(IDENTITY_LIMITS.image / 3) * 4)
    .pipe(z.base64())
    .describe(`Base64; ${IDENTITY_LIMITS.image} bytes at most`);
  app.put(
    '/v1/identities/:address/image',
    {
      schema: {
        tags: TAGS,
        summary: 'Another image under a signature',
        params: addressParam,
        body: z.strictObject({ content: image.nullable().describe('PNG, JPEG, GIF, WebP or AVIF; null: none') }),
        response: { 200: identity, ...schemas.problems(400, 401, 404, 415) },
      },
    },
    async (request, reply) => {
      const account = await ownAccount(request, reply, services);
      const { content } = request.body;
      const bytes = content === null ? undefined : Buffer.from(content, 'base64');
      if (bytes !== undefined && imageTypeOf(bytes) === undefined) throw new Problem('media-type');
      const kept = await putSignatureImage(account, await owner(request), request.params.address, bytes);
      if (kept === undefined) throw new Problem('not-found');
      return kept;
    },
  );
}
