/** Is this password right? Counted, bounded, and as slow for who does not exist as for who does. */
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { SignInOrigin } from './api.ts';
import type { AppPasswords } from './app-passwords.ts';
import type { Passwords } from './passwords.ts';
import type { RecentPasswords } from './recent.ts';
import type { Throttle } from './throttle.ts';

export interface Credentials {
  readonly account: AccountId;
  /** PHC string; undefined: no password opens it. */
  readonly phc: string | undefined;
}

interface SignInParts {
  readonly throttle: Throttle;
  readonly passwords: Passwords;
  readonly recent: RecentPasswords;
  readonly apps: AppPasswords;
}

export class SignIn {
  readonly #parts: SignInParts;

  constructor(parts: SignInParts) {
    this.#parts = parts;
  }

  /**
   * Whose password it is. `address` is in normal form, or undefined when it is none: whoever guesses learns nothing from
   * the difference. Throws `auth-failed`, `auth-throttled`, `busy`.
   */
  async check(
    address: string | undefined,
    password: string,
    from: SignInOrigin,
    look: (address: string) => Promise<Credentials | undefined>,
  ): Promise<AccountId> {
    const { throttle, apps } = this.#parts;
    const attempt = await throttle.begin(address ?? '', from.remote);
    const found = address === undefined ? undefined : await look(address);
    const app = await apps.check(found?.account, password, from);
    // No guess: its owner gave it to the wrong program, which tries again and again and shall lock nobody out.
    if (app === 'other-protocol') throw failed(`an application password that is not for ${from.protocol}`, address);
    if (found === undefined || !(app === 'right' || (await this.#isMain(found, password)))) {
      if (found === undefined) await this.#parts.passwords.verify(undefined, password);
      await throttle.failed(attempt);
      throw failed(`wrong password over ${from.protocol}`, address);
    }
    await throttle.succeeded(attempt);
    return found.account;
  }

  async #isMain({ account, phc }: Credentials, password: string): Promise<boolean> {
    const { passwords, recent } = this.#parts;
    if (phc !== undefined && recent.has(account, phc, password)) return true;
    if (!(await passwords.verify(phc, password)) || phc === undefined) return false;
    recent.add(account, phc, password);
    return true;
  }
}

function failed(what: string, address: string | undefined): MailError {
  return new MailError('auth-failed', 'user', `${what} for ${address ?? 'no address'}`);
}
