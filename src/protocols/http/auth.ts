/**
 * Who sends a request: a bearer token, or the session cookie together with proof that one of our own pages made the
 * request. Runs before a body is read: strangers cannot make us read megabytes.
 */
import type { FastifyContextConfig, FastifyReply, FastifyRequest } from 'fastify';
import { parseAccess } from '../../directory/oauth/tokens.ts';
import { MailError } from '../../mail/error.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import type { Services, SignedIn } from './context.ts';
import { Problem } from './reply.ts';

export const SESSION_COOKIE = 'pabal_session';
/** Any value. A form cannot send it, and a script of another site may not without asking us first. */
export const CSRF_HEADER = 'x-pabal-csrf';
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Opaque tokens of at most 512 visible characters; anything else is nobody's. */
const TOKEN = /^[\x21-\x7e]{1,512}$/;

/** The session of a request; undefined when it names none. Throws `not-signed-in` for a bad one, `cross-site`. */
export async function identify(request: FastifyRequest, { directory }: Services): Promise<SignedIn | undefined> {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const [scheme, token = ''] = header.split(' ', 2);
    if (scheme?.toLowerCase() !== 'bearer' || !TOKEN.test(token)) throw new Problem('not-signed-in');
    if (parseAccess(token) !== undefined) return await byAccessToken(request, token, directory);
    const user = await directory.session(token, 'api');
    if (user === undefined) throw new Problem('not-signed-in');
    return { user, token, by: 'bearer' };
  }
  const token = request.cookies[SESSION_COOKIE];
  if (token === undefined) return undefined;
  // Before the look-up: a page of another site learns nothing, not even whether the session still lives.
  if (!SAFE.has(request.method)) requireOwnPage(request);
  const user = TOKEN.test(token) ? await directory.session(token, 'api') : undefined;
  return user && { user, token, by: 'cookie' };
}

/** RFC 6750 §3.1. */
async function byAccessToken(
  request: FastifyRequest,
  token: string,
  directory: Services['directory'],
): Promise<SignedIn> {
  try {
    const user = await directory.bearer(token, { protocol: 'http', remote: request.ip }, undefined);
    return { user, token, by: 'oauth' };
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    if (error.code === 'not-allowed') throw insufficientScope();
    if (error.code !== 'auth-failed' && error.code !== 'account-suspended') throw error;
    throw new Problem('not-signed-in', '', { headers: { 'www-authenticate': 'Bearer error="invalid_token"' } });
  }
}

function insufficientScope(): Problem {
  const headers = { 'www-authenticate': 'Bearer error="insufficient_scope", scope="rest"' };
  return new Problem('not-allowed', 'The token is not good for this.', { headers });
}

/** What a program was given reaches neither what opens the account nor what administrators do. */
export function requireReach({ by }: SignedIn, { access, ownSession }: FastifyContextConfig): void {
  if (by === 'oauth' && (ownSession || access === 'administrator')) throw insufficientScope();
}

/** CSRF protection beside SameSite=Strict: the browser names our own origin, and the request carries our header. */
export function requireOwnPage(request: FastifyRequest): void {
  if (request.headers[CSRF_HEADER] === undefined)
    throw new Problem('cross-site', `Requests with the session cookie need the header ${CSRF_HEADER}.`);
  requireOwnOrigin(request);
}

/** Refuses what a browser says comes from another site. Programs that are no browsers send neither header. */
export function requireOwnOrigin(request: FastifyRequest): void {
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new Problem('cross-site');
  const { origin, host } = request.headers;
  // A page with the policy `no-referrer` sends its forms so; the browser has said already whose page it is.
  if (origin === undefined || (origin === 'null' && site === 'same-origin')) return;
  let from = '';
  try {
    from = new URL(origin).host;
  } catch {
    // 'null', or garbage: not us.
  }
  if (from === '' || from !== host?.toLowerCase()) throw new Problem('cross-site');
}

/** For routes that only signed-in users reach: the hook has made sure of it. */
export function signedIn(request: FastifyRequest): SignedIn {
  if (request.signedIn === undefined) throw new Problem('not-signed-in');
  return request.signedIn;
}

/**
 * The caller's own account, caught up with the store, open until the answer has left. The only way from a route to mail:
 * no id from the wire names an account.
 */
export async function ownAccount(
  request: FastifyRequest,
  reply: FastifyReply,
  services: Services,
): Promise<MailAccount> {
  const { user } = signedIn(request);
  const account = await services.mailstore.open(user, user.account);
  const done = () => account[Symbol.dispose]();
  if (reply.raw.destroyed) {
    done();
    throw new Problem('timeout');
  }
  reply.raw.once('close', done);
  await account.refresh();
  return account;
}
