/** Passkeys: what there is, a new one, one less; signing in with one, and one instead of the password where that is asked for again. */
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { PasskeyInfo } from '../../../directory/api.ts';
import { PASSKEY_ALGORITHMS, type PasskeyRequest, passkeySite, passkeyUser } from '../../../directory/passkeys.ts';
import { NOBODY } from '../../../directory/rows.ts';
import { MailError } from '../../../mail/error.ts';
import type { AccountId } from '../../../mailstore/api.ts';
import { requireOwnPage, signedIn } from '../auth.ts';
import { CONFIRMED_MS, confirmation, confirmOwner } from '../confirm-owner.ts';
import type { App, Services } from '../context.ts';
import { publicUrl } from '../public-url.ts';
import * as schemas from '../schemas.ts';
import { Problem } from '../reply.ts';
import { redeem, ticket } from '../tickets.ts';
import { newSession, setCookie } from './session.ts';

const TAGS = ['session'];
/** How long somebody may look for his device. */
const PATIENCE_MS = 5 * 60_000;
/** What challenges are for: one that makes a passkey is not answered by one. */
const MADE = 'passkey-made';
const ASKED = 'passkey-asked';

const bytes = z
  .string()
  .min(1)
  .max(8_192)
  .regex(/^[A-Za-z0-9_-]*$/, 'base64url without padding');
const common = {
  id: bytes,
  rawId: bytes,
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).nullish(),
  clientExtensionResults: z.looseObject({}).default({}),
};
/** As `PublicKeyCredential.toJSON()` writes it (WebAuthn Level 3 §5.1.8). */
const registration = z.object({
  ...common,
  response: z.object({ clientDataJSON: bytes, attestationObject: bytes }),
});
const assertion = z.object({
  ...common,
  response: z.object({
    clientDataJSON: bytes,
    authenticatorData: bytes,
    signature: bytes,
    userHandle: bytes,
  }),
});
const options = z.looseObject({ challenge: z.string() });
const asked = z.strictObject({
  publicKey: options.describe('For `PublicKeyCredential.parse…OptionsFromJSON`, within five minutes'),
});
const passkey = z.strictObject({
  id: z.string(),
  name: z.string(),
  created: z.iso.datetime(),
  synced: z.boolean().describe('Kept beyond the device that made it'),
  lastUse: z.iso.datetime().optional(),
});

export function passkeyRoutes(app: App, services: Services): void {
  const { directory } = services;
  const { passkeys } = directory;

  app.get(
    '/v1/passkeys',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'Your passkeys, the newest first',
        response: { 200: z.strictObject({ items: z.array(passkey) }), ...schemas.problems(401) },
      },
    },
    async (request) => ({ items: (await passkeys.list(signedIn(request).user.account)).map(view) }),
  );

  app.post(
    '/v1/passkeys/options',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'What a browser makes a passkey with',
        body: z.strictObject({
          current: z.string().min(1).max(1_000).describe('Your password: a browser left open is not enough'),
          code: z.string().min(1).max(40).optional().describe('With a second step: of the authenticator program'),
        }),
        response: { 200: asked, ...schemas.problems(400, 401, 403, 429, 503) },
      },
    },
    async (request) => {
      const { account, address } = signedIn(request).user;
      await confirmOwner(services, request, request.body.current, request.body.code);
      return {
        publicKey: {
          challenge: ticket(services, account, MADE, PATIENCE_MS),
          rp: { id: siteOf(services, request), name: services.hostname },
          user: { id: passkeyUser(account), name: address, displayName: address },
          pubKeyCredParams: PASSKEY_ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
          timeout: PATIENCE_MS,
          excludeCredentials: (await passkeys.known(account)).map((id) => ({ type: 'public-key', id })),
          authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'required' },
          attestation: 'none',
        },
      };
    },
  );

  app.post(
    '/v1/passkeys',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'Keep the passkey that was made',
        body: z.strictObject({
          name: z
            .string()
            .min(1)
            .max(100)
            .regex(/^[^\x00-\x1f\x7f]*$/, 'one line of text')
            .describe('By which you know it again'),
          challenge: bytes,
          credential: registration,
        }),
        response: { 201: passkey, ...schemas.problems(400, 401, 403, 409, 503) },
      },
    },
    async (request, reply) => {
      const { account } = signedIn(request).user;
      const { name, challenge, credential } = request.body;
      const wanted = await answered(services, request, account, MADE, challenge);
      const made = await passkeys.add(account, name, plain(credential), wanted);
      reply.code(201);
      return view(made);
    },
  );

  app.delete(
    '/v1/passkeys/:id',
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
      if (!(await passkeys.remove(account, request.params.id))) throw new Problem('not-found');
      return await reply.code(204).send();
    },
  );

  app.post(
    '/v1/session/passkey/options',
    {
      config: { access: 'public' },
      schema: {
        tags: TAGS,
        summary: 'What a browser asks for a passkey with',
        description: 'No address is asked for: the device knows whose it is.',
        security: [],
        response: { 200: asked, ...schemas.problems(400) },
      },
    },
    async (request) => ({ publicKey: question(services, request, NOBODY) }),
  );

  app.post(
    '/v1/session/passkey',
    {
      config: { access: 'public' },
      schema: {
        tags: TAGS,
        summary: 'Sign in with a passkey',
        description: 'It stands for the password and the code.',
        security: [],
        body: z.strictObject({
          challenge: bytes,
          credential: assertion,
          cookie: z.boolean().default(false).describe('As for POST /v1/session'),
        }),
        response: {
          200: z.strictObject({ token: z.string().optional(), account: schemas.signedInAccount }),
          ...schemas.problems(400, 401, 403, 503),
        },
      },
    },
    async (request, reply) => {
      const { challenge, credential, cookie } = request.body;
      if (cookie) requireOwnPage(request);
      const wanted = await answered(services, request, NOBODY, ASKED, challenge);
      const user = await directory.passkey(plain(credential), wanted, { protocol: 'http', remote: request.ip });
      const token = await newSession(services, request, user);
      const account = { id: user.account, address: user.address, admin: user.admin };
      if (!cookie) return { token, account };
      setCookie(reply, request, token);
      return { account };
    },
  );

  app.post(
    '/v1/passkeys/confirmation/options',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'What a browser asks for one of your passkeys with',
        response: { 200: asked, ...schemas.problems(401) },
      },
    },
    async (request) => {
      const { account } = signedIn(request).user;
      const known = await passkeys.known(account);
      const allowCredentials = known.map((id) => ({ type: 'public-key', id }));
      return { publicKey: { ...question(services, request, account), allowCredentials } };
    },
  );

  app.post(
    '/v1/passkeys/confirmation',
    {
      config: { ownSession: true },
      schema: {
        tags: TAGS,
        summary: 'A passkey where your password is asked for again',
        body: z.strictObject({ challenge: bytes, credential: assertion }),
        response: {
          201: z.strictObject({
            current: z.string().describe('To be given once instead of the password, within five minutes'),
            expires: z.iso.datetime(),
          }),
          ...schemas.problems(400, 401, 503),
        },
      },
    },
    async (request, reply) => {
      const { account } = signedIn(request).user;
      const { challenge, credential } = request.body;
      const wanted = await answered(services, request, account, ASKED, challenge);
      if ((await passkeys.check(account, plain(credential), wanted)) === undefined)
        throw new MailError('auth-failed', 'user', 'a passkey that is none of the account');
      const expires = services.clock.now() + CONFIRMED_MS;
      reply.code(201);
      return { current: confirmation(services, account), expires: new Date(expires).toISOString() };
    },
  );
}

function question(services: Services, request: FastifyRequest, account: AccountId) {
  return {
    challenge: ticket(services, account, ASKED, PATIENCE_MS),
    rpId: siteOf(services, request),
    timeout: PATIENCE_MS,
    userVerification: 'required',
  };
}

/** Throws `auth-failed` for a challenge that is not ours, too old, or was answered before. */
async function answered(
  services: Services,
  request: FastifyRequest,
  account: AccountId,
  purpose: typeof MADE | typeof ASKED,
  challenge: string,
): Promise<PasskeyRequest> {
  if (!(await redeem(services, account, purpose, challenge)))
    throw new MailError('auth-failed', 'user', 'an answer to a question that was not asked, or is answered');
  return { challenge, origin: new URL(publicUrl(services, request)).origin };
}

function siteOf(services: Services, request: FastifyRequest): string {
  return passkeySite(publicUrl(services, request));
}

/** Without what browsers say and nobody asks for here. */
function plain<R>({ id, rawId, type, response }: z.output<z.ZodObject<typeof common>> & { readonly response: R }) {
  return { id, rawId, type, response, clientExtensionResults: {} };
}

function view({ lastUse, ...one }: PasskeyInfo): z.output<typeof passkey> {
  return {
    ...one,
    created: new Date(one.created).toISOString(),
    ...(lastUse !== undefined && { lastUse: new Date(lastUse).toISOString() }),
  };
}
