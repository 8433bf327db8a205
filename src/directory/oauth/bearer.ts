/** Signing in with an access token, as the line protocols ask for it. */
import { MailError } from '../../mail/error.ts';
import type { BearerOutcome } from '../../net/sasl-bearer.ts';

/** Tells a token that opens nothing here from what has nothing to do with it. */
export async function bearerOutcome<T>(signIn: Promise<T>): Promise<BearerOutcome<T>> {
  try {
    return { who: await signIn };
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    const { code, message } = error;
    if (code !== 'auth-failed' && code !== 'not-allowed' && code !== 'account-suspended') throw error;
    return {
      refused: code === 'not-allowed' ? 'insufficient_scope' : 'invalid_token',
      error: new MailError('auth-failed', 'user', message),
    };
  }
}
