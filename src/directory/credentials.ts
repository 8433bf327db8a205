/** With what somebody signed in, as a word that stays with the sign-in, and whether it still opens the account. */
import type { AccountId, Principal } from '../mailstore/api.ts';
import type { AppPasswords } from './app-passwords.ts';
import type { OAuth } from './oauth/oauth.ts';
import type { IdentityRow } from './rows.ts';
import type { Passkeys } from './passkeys.ts';
import type { Sessions } from './sessions.ts';

/** Published with `{ account }` when something that opened it may do so no more. */
export const ACCESS_ENDED = 'access-ended';

export type CredentialKind =
  /** The account's password; with a code beside it. */
  'password' | 'code' | 'app-password' | 'passkey' | 'session' | 'oauth';

export function credential(kind: CredentialKind, id: string): string {
  return `${kind}:${id}`;
}

/** Of the account's own password: another one, or a new one of the same letters, is another credential. */
export function passwordCredential(identity: IdentityRow, withCode: boolean): string {
  return credential(withCode ? 'code' : 'password', identity.passwordId ?? '');
}

export interface CredentialsParts {
  readonly identity: (account: AccountId) => Promise<IdentityRow | undefined>;
  readonly sessions: Pick<Sessions, 'isOpen'>;
  readonly appPasswords: Pick<AppPasswords, 'has'>;
  readonly passkeys: Pick<Passkeys, 'has'>;
  readonly oauth: Pick<OAuth, 'holds'>;
}

/** Whether `who`, who signed in before, would still be let in with the same. */
export async function stillOpens(parts: CredentialsParts, who: Principal & { kind: 'user' }): Promise<boolean> {
  const { account } = who;
  const identity = await parts.identity(account);
  if (identity === undefined || identity.suspended) return false;
  const [kind, id = ''] = (who.credential ?? '').split(':', 2);
  switch (kind as CredentialKind | '') {
    case 'password':
      return id === (identity.passwordId ?? '') && identity.secondStep !== true;
    case 'code':
      return id === (identity.passwordId ?? '');
    case 'app-password':
      return parts.appPasswords.has(account, id);
    case 'passkey':
      return parts.passkeys.has(account, id);
    case 'session':
      return parts.sessions.isOpen(account, id);
    case 'oauth':
      return parts.oauth.holds(account, id);
    default:
      // Nobody signed in: the service itself opened it for them.
      return true;
  }
}
