/** What programs ask of the authorisation server: tokens, their end, codes for devices, and where all that is (RFC 8414). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '../../../directory/oauth/error.ts';
import type { Tokens } from '../../../directory/oauth/grants.ts';
import { type ClientCredentials, GRANT_TYPES } from '../../../directory/oauth/oauth.ts';
import { OAUTH_SCOPES } from '../../../directory/oauth/scopes.ts';
import type { Services } from '../context.ts';
import { publicUrl } from '../public-url.ts';
import { takeForms } from './pages.ts';

const FORM_BYTES = 16_384;
const CLIENT_AUTHENTICATION = ['none', 'client_secret_basic', 'client_secret_post'];

export function oauthRoutes(app: FastifyInstance, services: Services): void {
  const { oauth } = services.directory;
  const open = { config: { access: 'public' }, schema: { hide: true }, bodyLimit: FORM_BYTES } as const;
  takeForms(app);

  app.get('/.well-known/oauth-authorization-server', open, async (request) => {
    const issuer = publicUrl(services, request);
    return {
      issuer,
      authorization_endpoint: `${issuer}/oauth/authorize`,
      token_endpoint: `${issuer}/oauth/token`,
      revocation_endpoint: `${issuer}/oauth/revoke`,
      device_authorization_endpoint: `${issuer}/oauth/device_authorization`,
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: GRANT_TYPES,
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
      revocation_endpoint_auth_methods_supported: CLIENT_AUTHENTICATION,
      authorization_response_iss_parameter_supported: true,
      scopes_supported: OAUTH_SCOPES,
      ui_locales_supported: ['ko', 'en'],
    };
  });

  app.post('/oauth/token', open, (request, reply) =>
    answered(request, reply, async (form, client) => tokenAnswer(await oauth.token(form, client))),
  );

  app.post('/oauth/revoke', open, (request, reply) =>
    answered(request, reply, async (form, client) => {
      await oauth.revoke(form, client);
      return {};
    }),
  );

  app.post('/oauth/device_authorization', open, (request, reply) =>
    answered(request, reply, async (form, client) => {
      const { device, user, expiresMs, intervalMs } = await oauth.device(form, client, request.ip);
      const page = `${publicUrl(services, request)}/oauth/device`;
      return {
        device_code: device,
        user_code: user,
        verification_uri: page,
        verification_uri_complete: `${page}?user_code=${user}`,
        expires_in: expiresMs / 1000,
        interval: intervalMs / 1000,
      };
    }),
  );
}

/** RFC 6749 §5: errors are answers of their own kind, which every client knows. */
async function answered(
  request: FastifyRequest,
  reply: FastifyReply,
  act: (form: URLSearchParams, client: ClientCredentials) => Promise<object>,
): Promise<FastifyReply> {
  reply.header('pragma', 'no-cache').type('application/json');
  try {
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    return await reply.send(JSON.stringify(await act(form, credentialsOf(request, form))));
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const status = STATUS.get(error.code) ?? 400;
    if (status === 401) reply.header('www-authenticate', 'Basic realm="oauth"');
    return await reply.code(status).send(JSON.stringify({ error: error.code, error_description: error.message }));
  }
}

const STATUS = new Map([
  ['invalid_client', 401],
  ['temporarily_unavailable', 503],
]);

function tokenAnswer({ access, refresh, expiresMs, scopes }: Tokens): object {
  return {
    access_token: access,
    token_type: 'Bearer',
    expires_in: expiresMs / 1000,
    refresh_token: refresh,
    scope: scopes.join(' '),
  };
}

/** In the header or in the form, and not in both (RFC 6749 §2.3). */
function credentialsOf(request: FastifyRequest, form: URLSearchParams): ClientCredentials {
  const [ids, secrets] = [form.getAll('client_id'), form.getAll('client_secret')];
  if (ids.length > 1 || secrets.length > 1)
    throw new OAuthError('invalid_request', 'client_id or client_secret came more than once');
  const basic = basicOf(request.headers.authorization);
  if (basic === undefined) {
    if (ids[0] === undefined || ids[0] === '') throw new OAuthError('invalid_client', 'client_id is missing');
    return { id: ids[0], secret: secrets[0] };
  }
  if (secrets.length > 0 || (ids[0] ?? basic.id) !== basic.id)
    throw new OAuthError('invalid_request', 'the client says who it is in two ways');
  return basic;
}

function basicOf(header: string | undefined): ClientCredentials | undefined {
  if (header === undefined) return undefined;
  const [, text] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header) ?? [];
  const [id, ...secret] = Buffer.from(text ?? '', 'base64')
    .toString()
    .split(':');
  if (id === undefined || id === '' || secret.length === 0)
    throw new OAuthError('invalid_client', 'the Authorization field is not Basic');
  try {
    return { id: formDecoded(id), secret: formDecoded(secret.join(':')) };
  } catch {
    throw new OAuthError('invalid_client', 'the Authorization field cannot be decoded');
  }
}

/** RFC 6749 §2.3.1: both are encoded as in a form. */
function formDecoded(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
