/** A session does not do for what could lock its owner out: who is signed in shows once more that he is the owner. */
import type { FastifyRequest } from 'fastify';
import type { AccountId } from '../../mailstore/api.ts';
import { signedIn } from './auth.ts';
import type { Services } from './context.ts';
import { redeem, ticket } from './tickets.ts';

export const CONFIRMED_MS = 5 * 60_000;
const PURPOSE = 'confirmed';
/** No password is looked at for what begins so and counts. */
const PREFIX = 'passkey:';

/** What stands for the password once, after a passkey was shown. */
export function confirmation(services: Services, account: AccountId): string {
  return `${PREFIX}${ticket(services, account, PURPOSE, CONFIRMED_MS)}`;
}

/** `current`: the password, or a confirmation. Attempts are counted as those of a sign-in. Throws `auth-failed`, `auth-throttled`, `code-required`, `busy`. */
export async function confirmOwner(
  services: Services,
  request: FastifyRequest,
  current: string,
  code?: string,
): Promise<void> {
  const { account } = signedIn(request).user;
  if (current.startsWith(PREFIX) && (await redeem(services, account, PURPOSE, current.slice(PREFIX.length)))) return;
  await services.directory.confirm(account, current, { protocol: 'http', remote: request.ip }, code);
}
