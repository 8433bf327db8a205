/** Whose password is it? Counted, bounded, and as slow for who does not exist as for who does. */
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import { type ScramKeys, type ScramOffer, scramProves, scramSignature } from '../net/scram.ts';
import type { Cache } from '../ports/cache.ts';
import type { NewPlace, SignInOrigin } from './api.ts';
import { AppPasswords, type AppPasswordVerdict } from './app-passwords.ts';
import { credential, passwordCredential } from './credentials.ts';
import { present, readable } from './identity.ts';
import { OAuth } from './oauth/oauth.ts';
import { OAUTH_SCOPE_OF } from './oauth/scopes.ts';
import { parseAccess } from './oauth/tokens.ts';
import type { Passwords } from './passwords.ts';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import { passkeyOwner, type PasskeyRequest, Passkeys } from './passkeys.ts';
import { Places } from './places.ts';
import { RecentPasswords } from './recent.ts';
import { decode, encode, identityPartition, type IdentityRow } from './rows.ts';
import { keysOf, parametersOf, Scram } from './scram.ts';
import { SecondStep } from './second-step.ts';
import { type Attempt, KNOWN_MS, Throttle, type ThrottleLimits } from './throttle.ts';
import type { CredentialRowParts } from './transact.ts';

export interface SignInParts extends CredentialRowParts {
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

/** What somebody shows: the password, or a proof that he has it. */
interface Shown {
  readonly app: (account: AccountId | undefined) => Promise<AppPasswordVerdict>;
  /** As slow for who is not there. */
  readonly main: (found: Found | undefined) => Promise<boolean>;
}

interface Attempted {
  readonly address: string | undefined;
  readonly code: string | undefined;
  readonly shown: Shown;
}

interface Found {
  readonly account: AccountId;
  readonly identity: IdentityRow;
}

/** Who signed in, and with what. */
interface Opened extends Found {
  readonly credential: string;
}

/** No password has them. */
const NO_KEYS: ScramKeys = { storedKey: Buffer.alloc(32), serverKey: Buffer.alloc(32) };

export class SignIn {
  readonly appPasswords: AppPasswords;
  readonly passkeys: Passkeys;
  readonly secondStep: SecondStep;
  readonly places: Places;
  readonly scram: Scram;
  readonly oauth: OAuth;
  readonly #parts: SignInParts;
  readonly #throttle: Throttle;
  readonly #recent: RecentPasswords;

  constructor(parts: SignInParts) {
    const { cache, clock, random, limits } = parts;
    this.#parts = parts;
    this.scram = new Scram(parts);
    this.appPasswords = new AppPasswords(parts, this.scram);
    this.passkeys = new Passkeys(parts);
    this.secondStep = new SecondStep(parts);
    this.places = new Places(parts);
    this.oauth = new OAuth(parts);
    this.#throttle = new Throttle(cache, clock, limits);
    this.#recent = new RecentPasswords(clock, random);
  }

  /** Throws `auth-failed`, `auth-throttled`, `code-required`, `busy`. */
  async authenticate({ address, password, code }: Given, from: SignInOrigin): Promise<Opened> {
    return this.#check({ address, code, shown: this.#password(password, from) }, from, () => this.#look(address));
  }

  /** `given`: the name as it came. Whoever is not there has a salt, too, and fails at the end, with what a wrong password throws. */
  async offer(given: string, from: SignInOrigin): Promise<ScramOffer<Opened>> {
    const address = readable(given);
    const madeUp = await this.scram.madeUp(address ?? given);
    const row = (await this.#look(address))?.identity.scram;
    const parameters = row === undefined ? madeUp : parametersOf(row);
    return {
      ...parameters,
      nonce: this.scram.nonce(),
      prove: async (authMessage, proof) => {
        let matched: ScramKeys | undefined;
        const proves = (keys: ScramKeys): boolean => {
          const right = scramProves(keys, authMessage, proof);
          if (right) matched = keys;
          return right;
        };
        const shown: Shown = {
          app: (account) => this.appPasswords.checkProof(account, proves, from),
          main: async (found) => {
            const stored = found?.identity.scram?.keys;
            const right = proves(stored === undefined ? NO_KEYS : keysOf(stored));
            const open = found && this.#parts.openPassword(found.identity.address);
            const keys = open === undefined || right ? undefined : await this.scram.keys(open, parameters);
            return found !== undefined && (right || (keys !== undefined && proves(keys)));
          },
        };
        const who = await this.#check({ address, code: undefined, shown }, from, () => this.#look(address));
        if (matched === undefined) throw new MailError('bug', 'bug', 'signed in by no keys');
        return { who, signature: scramSignature(matched, authMessage) };
      },
    };
  }

  /** The same for somebody who is signed in: a code is looked at where one is given. */
  async confirm(account: AccountId, { password, code }: Omit<Given, 'address'>, from: SignInOrigin): Promise<void> {
    const identity = present(account, await this.#parts.identity(account));
    const asksForCode = identity.secondStep === true && code !== undefined;
    const attempted = { address: readable(identity.address), code, shown: this.#password(password, from) };
    await this.#check(attempted, from, async () => ({ account, identity, asksForCode }));
  }

  /**
   * With an access token. `given`: the name as it came, which has to be one of the account's; undefined: none came. Throws `auth-failed`,
   * `auth-throttled`, and `not-allowed` for a token that is for something else.
   */
  async bearer(given: string | undefined, text: string, from: SignInOrigin): Promise<Opened> {
    const token = parseAccess(text);
    const identity = token && (await this.#parts.identity(token.account));
    const address = readable(given ?? identity?.address ?? '');
    const account = address === undefined ? undefined : await this.#parts.owner(address);
    const found = account !== undefined && identity && account === token?.account ? { account, identity } : undefined;
    const attempt = await this.#begin(address, from, async () => account);
    const verdict = found && token ? await this.oauth.access(token) : undefined;
    if (found === undefined || verdict === undefined || verdict.kind === 'unknown') {
      await this.#failed(attempt, found, from);
      throw failed(`a token that opens nothing over ${from.protocol}`, address);
    }
    // No guesses: one was right an hour ago, and a program may not know what it was given.
    if (verdict.kind === 'expired') throw failed('an access token that is too old', address);
    const { grant } = verdict;
    if (!grant.scopes.includes(OAUTH_SCOPE_OF[from.protocol]))
      throw new MailError('not-allowed', 'user', `a token for ${grant.scopes.join(' ')} over ${from.protocol}`);
    await this.#throttle.succeeded(attempt);
    if (attempt.counters !== undefined) await this.#opened(found, from);
    await this.oauth.grants.used(found.account, grant, from);
    return { ...found, credential: credential('oauth', grant.id) };
  }

  /** With a passkey: nothing is counted, as nobody guesses one. Throws `auth-failed`. */
  async passkey(response: AuthenticationResponseJSON, request: PasskeyRequest, from: SignInOrigin): Promise<Opened> {
    const account = passkeyOwner(response);
    const identity = account && (await this.#parts.identity(account));
    const id = account && identity && (await this.passkeys.check(account, response, request));
    if (account === undefined || identity === undefined || id === undefined)
      throw failed('a passkey that opens nothing', identity?.address);
    await this.#opened({ account, identity }, from);
    return { account, identity, credential: credential('passkey', id) };
  }

  /** The account has gone. */
  forget(account: AccountId): void {
    this.#recent.drop(account);
  }

  async #look(address: string | undefined): Promise<(Found & { readonly asksForCode: boolean }) | undefined> {
    const account = address === undefined ? undefined : await this.#parts.owner(address);
    const identity = account && (await this.#parts.identity(account));
    return account && identity && { account, identity, asksForCode: identity.secondStep === true };
  }

  #password(password: string, from: SignInOrigin): Shown {
    return {
      app: (account) => this.appPasswords.check(account, password, from),
      main: (found) => this.#isMain(found, password),
    };
  }

  async #check(
    { address, code, shown }: Attempted,
    from: SignInOrigin,
    look: () => Promise<(Found & { readonly asksForCode: boolean }) | undefined>,
  ): Promise<Opened> {
    const attempt = await this.#begin(address, from, async () => (await look())?.account);
    const found = await look();
    const app = await shown.app(found?.account);
    // No guess: its owner gave it to the wrong program, which tries again and again and shall lock nobody out.
    if (app === 'other-protocol') throw failed(`an application password that is not for ${from.protocol}`, address);
    if (app === 'none' && !(await shown.main(found))) {
      await this.#failed(attempt, found, from);
      throw failed(`wrong password over ${from.protocol}`, address);
    }
    if (found === undefined) throw failed('nobody', address);
    if (app === 'none' && found.asksForCode) {
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
    const { account, identity } = found;
    const used = app === 'none' ? passwordCredential(identity, found.asksForCode) : credential('app-password', app.id);
    return { account, identity, credential: used };
  }

  #begin(
    address: string | undefined,
    { remote }: SignInOrigin,
    account: () => Promise<AccountId | undefined>,
  ): Promise<Attempt> {
    return this.#throttle.begin(address ?? '', remote, async () => {
      const month = this.#parts.clock.now() - KNOWN_MS;
      return this.places.openedSince(await account(), remote, month);
    });
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
    await this.scram.remember(found.account, found.identity, password);
    await this.#strengthen(found.account, phc, password);
    return true;
  }

  /** A hash from when they were made cheaper is made again. No sign-in fails because of it. */
  async #strengthen(account: AccountId, phc: string, password: string): Promise<void> {
    try {
      const stronger = await this.#parts.passwords.stronger(phc, password);
      if (stronger === undefined) return;
      await this.#parts.transactions.run(identityPartition(account), ({ header }) => {
        const row = decode<IdentityRow>(header);
        if (row?.password !== phc) return { result: undefined };
        return { batch: { header: encode({ ...row, password: stronger }) }, result: undefined };
      });
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
    }
  }
}

function needsCode(address: string | undefined): MailError {
  return new MailError('code-required', 'user', `a code is needed for ${address ?? 'no address'}`);
}

function failed(what: string, address: string | undefined): MailError {
  return new MailError('auth-failed', 'user', `${what} for ${address ?? 'no address'}`);
}
