/**
 * Idempotency-Key: a POST that is sent again, also twenty times at once, is carried out once, and every answer is the
 * first one's. The key belongs to the account; its result is kept for a day.
 */
import type { FastifyRequest } from 'fastify';
import type { MailAccount } from '../../mailstore/api.ts';
import { Problem } from './reply.ts';

/** Visible ASCII; quotes around it (a structured-field string) are part of it. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Undefined when the request has none. */
export function idempotencyKey(request: FastifyRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !KEY.test(key))
    throw new Problem('invalid', 'An Idempotency-Key is 1 to 255 visible ASCII characters.');
  return key;
}

/** `act`'s result must be JSON-able and at most 32 KiB. A failed `act` leaves no trace: the next try runs it again. */
export async function idempotent<T>(request: FastifyRequest, account: MailAccount, act: () => Promise<T>): Promise<T> {
  const key = idempotencyKey(request);
  if (key === undefined) return await act();
  const fingerprint = `${request.method} ${request.url} ${request.bodyDigest}`;
  const first = await account.once(`http ${key}`, async () => ({ fingerprint, result: await act() }));
  if (first.fingerprint !== fingerprint) throw new Problem('idempotency-mismatch');
  return first.result;
}
