/** Whose password is it? Counted, bounded, and as slow for who does not exist as for who does. */
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { Cache } from '../ports/cache.ts';
import type { NewPlace, SignInOrigin } from './api.ts';
import { AppPasswords } from './app-passwords.ts';
import { present, readable } from './identity.ts';
import type { Passwords } from './passwords.ts';
import { Places } from './places.ts';
import { RecentPasswords } from './recent.ts';
import type { IdentityRow } from './rows.ts';
import { SecondStep } from './second-step.ts';
import { type Attempt, KNOWN_MS, Throttle, type ThrottleLimits } from './throttle.ts';
import type { RowParts } from './transact.ts';

export interface SignInParts extends RowParts {
  readonly cache: Cache;
  readonly passwords: Passwords;
  readonly limits: ThrottleLimits;
  /** Of an address in normal form. */
  readonly owner: (address: string) => Promise<AccountId | undefined>;
  readonly identity: (account: AccountId) => Promise<IdentityRow | undefined>;
  /** A password that everybody knows, beside the account's own. */
  readonly openPassword: (address: string) => string | undefined;
  readonly onNewPlace: (place: NewPlace) => void;
}

/** What somebody says. */
export interface Given {
  /** In normal form; undefined when it is none: whoever guesses learns nothing from the difference. */
  readonly address: string | undefined;
  readonly password: string;
  readonly code?: string | undefined;
}

interface Found {
  readonly account: AccountId;
  readonly identity: IdentityRow;
}

export class SignIn {
  readonly appPasswords: AppPasswords;
  readonly secondStep: SecondStep;
  readonly places: Places;
  readonly #parts: SignInParts;
  readonly #throttle: Throttle;
  readonly #recent: RecentPasswords;

  constructor(parts: SignInParts) {
    const { cache, clock, random, limits } = parts;
    this.#parts = parts;
    this.appPasswords = new AppPasswords(parts);
    this.secondStep = new SecondStep(parts);
    this.places = new Places(parts);
    this.#throttle = new Throttle(cache, clock, limits);
    this.#recent = new RecentPasswords(clock, random);
  }

  /** Throws `auth-failed`, `auth-throttled`, `code-required`, `busy`. */
  authenticate(given: Given, from: SignInOrigin): Promise<Found> {
    return this.#check(given, from, async () => {
      const account = given.address === undefined ? undefined : await this.#parts.owner(given.address);
      const identity = account && (await this.#parts.identity(account));
      return account && identity && { account, identity, asksForCode: identity.secondStep === true };
    });
  }

  /** The same for somebody who is signed in: a code is looked at where one is given. */
  async confirm(account: AccountId, { password, code }: Omit<Given, 'address'>, from: SignInOrigin): Promise<void> {
    const identity = present(account, await this.#parts.identity(account));
    const asksForCode = identity.secondStep === true && code !== undefined;
    const given = { address: readable(identity.address), password, code };
    await this.#check(given, from, async () => ({ account, identity, asksForCode }));
  }

  /** The account has gone. */
  forget(account: AccountId): void {
    this.#recent.drop(account);
  }

  async #check(
    { address, password, code }: Given,
    from: SignInOrigin,
    look: () => Promise<(Found & { readonly asksForCode: boolean }) | undefined>,
  ): Promise<Found> {
    const attempt = await this.#throttle.begin(address ?? '', from.remote, async () => {
      const month = this.#parts.clock.now() - KNOWN_MS;
      return this.places.openedSince((await look())?.account, from.remote, month);
    });
    const found = await look();
    const app = await this.appPasswords.check(found?.account, password, from);
    // No guess: its owner gave it to the wrong program, which tries again and again and shall lock nobody out.
    if (app === 'other-protocol') throw failed(`an application password that is not for ${from.protocol}`, address);
    if (app !== 'right' && !(await this.#isMain(found, password))) {
      await this.#failed(attempt, found, from);
      throw failed(`wrong password over ${from.protocol}`, address);
    }
    if (found === undefined) throw failed('nobody', address);
    if (app !== 'right' && found.asksForCode) {
      // Right, and yet not enough. It is no guess either, so it is not counted; and where no code can be asked for, that it is right
      // is not told.
      if (from.protocol !== 'http') throw failed(`the password without a code over ${from.protocol}`, address);
      if (code === undefined) throw needsCode(address);
      if (!(await this.secondStep.use(found.account, code))) {
        await this.#failed(attempt, found, from);
        throw needsCode(address);
      }
    }
    await this.#throttle.succeeded(attempt);
    if (attempt.counters !== undefined) await this.#opened(found, from);
    return found;
  }

  /** No sign-in fails because where it came from cannot be written. */
  async #opened({ account, identity: { address } }: Found, from: SignInOrigin): Promise<void> {
    const place = await this.places.opened(account, from).catch(() => 'known');
    const { protocol, remote } = from;
    if (place === 'new') this.#parts.onNewPlace({ account, address, protocol, remote, at: this.#parts.clock.now() });
  }

  async #failed(attempt: Attempt, found: Found | undefined, from: SignInOrigin): Promise<void> {
    await this.#throttle.failed(attempt);
    // Nobody waits for the row: the time that it takes would tell whether there is such an account.
    if (found !== undefined && attempt.counters !== undefined)
      void this.places.failed(found.account, from).catch(() => undefined);
  }

  /** As slow for who is not there. */
  async #isMain(found: Found | undefined, password: string): Promise<boolean> {
    const { passwords, openPassword } = this.#parts;
    if (found !== undefined && password === openPassword(found.identity.address)) return true;
    const phc = found?.identity.password ?? undefined;
    if (found !== undefined && phc !== undefined && this.#recent.has(found.account, phc, password)) return true;
    if (!(await passwords.verify(phc, password)) || found === undefined || phc === undefined) return false;
    this.#recent.add(found.account, phc, password);
    return true;
  }
}

function needsCode(address: string | undefined): MailError {
  return new MailError('code-required', 'user', `a code is needed for ${address ?? 'no address'}`);
}

function failed(what: string, address: string | undefined): MailError {
  return new MailError('auth-failed', 'user', `${what} for ${address ?? 'no address'}`);
}
