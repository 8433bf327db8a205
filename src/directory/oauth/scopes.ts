/** What an access token is good for: the same words as those of application passwords, and the REST API. */
import { APP_PASSWORD_SCOPES, type SignInProtocol } from '../api.ts';
import { OAuthError } from './error.ts';

export const OAUTH_SCOPES = [...APP_PASSWORD_SCOPES, 'rest'] as const;
export type OAuthScope = (typeof OAUTH_SCOPES)[number];

export const OAUTH_SCOPE_OF: { readonly [protocol in SignInProtocol]: OAuthScope } = {
  imap: 'imap',
  pop3: 'pop3',
  smtp: 'send',
  managesieve: 'sieve',
  http: 'rest',
};

/**
 * The scopes of a request (RFC 6749 §3.3): words with spaces between them; without any, all that the client may have.
 * Throws `invalid_scope` for what there is not, or is not for this client.
 */
export function scopesOf(text: string | undefined, allowed: readonly OAuthScope[]): readonly OAuthScope[] {
  const words = new Set((text ?? '').split(' ').filter((word) => word !== ''));
  if (words.size === 0) return allowed;
  const found = allowed.filter((scope) => words.delete(scope));
  if (words.size > 0) throw new OAuthError('invalid_scope', 'one of the scopes is unknown, or not for this client');
  return found;
}
