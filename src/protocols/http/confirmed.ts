/**
 * For what whoever finds a browser open, or runs a script in it, must not be able to do: the password once more, good for some minutes
 * of that session.
 */
import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { signedIn } from './auth.ts';
import type { Services } from './context.ts';
import { Problem } from './reply.ts';

export const CONFIRMED_MS = 5 * 60_000;

const keyOf = (token: string): string => `confirmed:${hash('sha256', token, 'base64url')}`;

/** Throws what `Directory.confirm` throws. */
export async function confirm(
  request: FastifyRequest,
  { directory, cache }: Services,
  { current, code }: { readonly current: string; readonly code?: string | undefined },
): Promise<void> {
  const { user, token } = signedIn(request);
  await directory.confirm(user.account, current, { protocol: 'http', remote: request.ip }, code);
  await cache.set(keyOf(token), Uint8Array.of(1), CONFIRMED_MS);
}

/** Throws `confirmation-needed`. Who is let in by a token that was given to a program never is. */
export async function mustBeConfirmed(request: FastifyRequest, { cache }: Services): Promise<void> {
  const { by, token } = signedIn(request);
  if (by === 'oauth' || (await cache.get(keyOf(token))) === undefined) throw new Problem('confirmation-needed');
}
