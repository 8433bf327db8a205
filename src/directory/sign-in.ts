/** Is this password right? Counted, bounded, and as slow for who does not exist as for who does. */
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { Passwords } from './passwords.ts';
import type { RecentPasswords } from './recent.ts';
import type { Throttle } from './throttle.ts';

export interface Credentials {
  readonly account: AccountId;
  /** PHC string; undefined: no password opens it. */
  readonly phc: string | undefined;
}

export class SignIn {
  readonly #throttle: Throttle;
  readonly #passwords: Passwords;
  readonly #recent: RecentPasswords;

  constructor(throttle: Throttle, passwords: Passwords, recent: RecentPasswords) {
    this.#throttle = throttle;
    this.#passwords = passwords;
    this.#recent = recent;
  }

  /**
   * Whose password it is. `address` is in normal form, or undefined when it is none: whoever guesses learns nothing from
   * the difference. Throws `auth-failed`, `auth-throttled`, `busy`.
   */
  async check(
    address: string | undefined,
    password: string,
    from: { readonly protocol: string; readonly remote: string },
    look: (address: string) => Promise<Credentials | undefined>,
  ): Promise<AccountId> {
    const attempt = await this.#throttle.begin(address ?? '', from.remote);
    const found = address === undefined ? undefined : await look(address);
    const phc = found?.phc;
    const right =
      (found !== undefined && phc !== undefined && this.#recent.has(found.account, phc, password)) ||
      (await this.#passwords.verify(phc, password));
    if (!right || found === undefined || phc === undefined) {
      await this.#throttle.failed(attempt);
      throw new MailError('auth-failed', 'user', `wrong password for ${address ?? 'no address'} over ${from.protocol}`);
    }
    await this.#throttle.succeeded(attempt);
    this.#recent.add(found.account, phc, password);
    return found.account;
  }
}
