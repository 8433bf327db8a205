/** Who exists: domains, accounts, credentials, aliases. */
import type { AccountId, Principal } from '../mailstore/api.ts';
import type { ScramOffer } from '../net/scram.ts';
import type { AppPasswords } from './app-passwords.ts';
import type { OAuth } from './oauth/oauth.ts';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { PasskeyRequest, Passkeys } from './passkeys.ts';
import type { Places } from './places.ts';
import type { SecondStep } from './second-step.ts';

export interface DomainInfo {
  readonly name: string;
  readonly created: number;
}

export interface AccountInfo {
  readonly id: AccountId;
  /** Its first address, as it was written when it was made. */
  readonly address: string;
  readonly displayName: string;
  readonly aliases: readonly string[];
  readonly admin: boolean;
  readonly suspended: boolean;
  /** Suspended because somebody made it for himself, until an administrator decides. */
  readonly waits?: true;
  readonly quota: number | undefined;
  /** Kinds of mail it may send (`personal`, `marketing` ...), the usual one first; absent: as everybody. */
  readonly categories?: readonly string[];
  readonly created: number;
}

/** What a password can be used over. */
export type SignInProtocol = 'smtp' | 'imap' | 'pop3' | 'http' | 'managesieve';

export interface SignInOrigin {
  readonly protocol: SignInProtocol;
  /** IP address. */
  readonly remote: string;
}

/** What an application password is good for: reading over IMAP, fetching over POP3, submission, ManageSieve. */
export const APP_PASSWORD_SCOPES = ['imap', 'pop3', 'send', 'sieve'] as const;
export type AppPasswordScope = (typeof APP_PASSWORD_SCOPES)[number];

export interface AppPasswordInfo {
  /** Says nothing about the password. */
  readonly id: string;
  /** What its owner calls it. */
  readonly name: string;
  readonly scopes: readonly AppPasswordScope[];
  /** Milliseconds since 1970. */
  readonly created: number;
  /** To within ten minutes; absent: never yet. */
  readonly lastUse?: SignInOrigin & { readonly at: number };
}

export interface PasskeyInfo {
  /** Says nothing that opens anything. */
  readonly id: string;
  /** What its owner calls it. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Whether it is kept beyond the device that made it. */
  readonly synced: boolean;
  /** Absent: never yet. */
  readonly lastUse?: number;
}

export interface SecondStepInfo {
  readonly enabled: boolean;
  readonly since?: number;
  /** How many are left. */
  readonly recoveryCodes: number;
}

/** A network from which somebody signed in to an account, or tried to. Times in milliseconds since 1970. */
export interface PlaceInfo {
  /** /24 or /64. */
  readonly network: string;
  /** The address seen last. */
  readonly remote: string;
  /** Over which somebody signed in. */
  readonly protocols: readonly SignInProtocol[];
  /** The first sign-in and the last, to within an hour; absent: there was none. */
  readonly first?: number;
  readonly last?: number;
  /** Wrong passwords and codes. */
  readonly failures: number;
  readonly lastFailure?: number;
}

/** A sign-in from a network from which nobody signed in to the account before. */
export interface NewPlace extends SignInOrigin {
  readonly account: AccountId;
  readonly address: string;
  readonly at: number;
}

/** Where a session was begun. */
export interface SessionOrigin {
  /** IP address. */
  readonly remote: string;
  /** What the program calls itself (User-Agent), cut to 300 characters; may be empty. */
  readonly program: string;
}

export interface SessionInfo {
  /** Says nothing about the token. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly expires: number;
  /** To within an hour. */
  readonly used: number;
  readonly from?: SessionOrigin;
}

/** Where mail for an address goes. */
export type Route =
  | {
      readonly kind: 'account';
      readonly account: AccountId;
      readonly address: string;
      readonly detail: string | undefined;
      /** Nobody has the address: it is taken for the whole domain. */
      readonly catchAll?: true;
    }
  /** One of our domains, but nobody there. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'suspended' }
  /** Not one of our domains. */
  | { readonly kind: 'remote'; readonly domain: string };

export interface Directory {
  addDomain(name: string): Promise<DomainInfo>;
  domains(): Promise<readonly DomainInfo[]>;
  domain(name: string): Promise<DomainInfo | undefined>;
  /** Refused (`conflict`) while it has accounts. */
  removeDomain(name: string): Promise<void>;
  isLocal(domain: string): Promise<boolean>;

  addAccount(
    address: string,
    options: {
      readonly password?: string;
      readonly displayName?: string;
      readonly admin?: boolean;
      readonly quota?: number;
      readonly suspended?: boolean;
      /** With `suspended`; ends when somebody says whether it is. */
      readonly waits?: boolean;
    },
  ): Promise<AccountInfo>; // prettier-ignore
  account(addressOrId: string): Promise<AccountInfo | undefined>;
  accounts(domain?: string): AsyncIterable<AccountInfo>;
  updateAccount(
    id: AccountId,
    change: {
      readonly password?: string;
      readonly displayName?: string;
      readonly admin?: boolean;
      readonly suspended?: boolean;
      readonly quota?: number | null;
      readonly categories?: readonly string[];
    },
  ): Promise<AccountInfo>; // prettier-ignore
  removeAccount(id: AccountId): Promise<void>;
  addAlias(alias: string, account: AccountId): Promise<void>;
  removeAlias(alias: string): Promise<void>;

  /**
   * Case-insensitive, NFC, `user+detail@domain`, aliases. Hot: answered from memory where possible. `postmaster` and `abuse` of each
   * of our domains, and `postmaster` without a domain, reach the first administrator if nobody has the name.
   */
  route(address: string): Promise<Route>;
  /**
   * The account's password (argon2id), or an application password where the protocol is in its scope. Takes the same time whether
   * the address exists or not. Throws `auth-failed`, `auth-throttled`, `account-suspended`. With a second step the account's
   * password opens the web only, with `code`: without one, or with one that does not count, `code-required`. One failure counter for
   * all protocols, per account and network. Hashing is bounded: more than a few at once wait, many are refused with `busy`.
   */
  authenticate(
    address: string,
    password: string,
    from: SignInOrigin,
    code?: string,
  ): Promise<Principal & { kind: 'user' }>;
  /**
   * The same by SCRAM-SHA-256, where the password is not sent: `prove` throws what `authenticate` throws. Passwords that were set before their
   * keys were kept prove nothing until `authenticate` has seen them.
   */
  scram(address: string, from: SignInOrigin): Promise<ScramOffer<Principal & { kind: 'user' }>>;
  /**
   * With an access token of OAuth that is good for the protocol; `address` undefined: whoever it is of. Throws what `authenticate` throws, but for
   * `code-required`, and `not-allowed` for a token that is good for something else.
   */
  bearer(token: string, from: SignInOrigin, address: string | undefined): Promise<Principal & { kind: 'user' }>;
  /** With a passkey, which needs neither a name nor a code: whoever it is of. Throws `auth-failed`, `account-suspended`. */
  passkey(
    response: AuthenticationResponseJSON,
    request: PasskeyRequest,
    from: SignInOrigin,
  ): Promise<Principal & { kind: 'user' }>;
  /**
   * For what somebody who is signed in already may do only with the password, and, where one is given, with a code: throws what
   * `authenticate` throws. An application password does not do.
   */
  confirm(account: AccountId, password: string, from: SignInOrigin, code?: string): Promise<void>;
  /** Whether what somebody signed in with before would still be let in: the password did not change, the session was not ended ... */
  stillOpens(who: Principal & { kind: 'user' }): Promise<boolean>;
  /** Whether nobody may choose it: `addAccount` and `updateAccount` throw `password-known`. */
  isBreached(password: string): Promise<boolean>;
  /** The authorisation server: which programs may do what in whose account. */
  readonly oauth: OAuth;
  readonly appPasswords: Pick<AppPasswords, 'create' | 'list' | 'revoke'>;
  readonly passkeys: Pick<Passkeys, 'list' | 'known' | 'add' | 'remove' | 'check'>;
  readonly secondStep: Pick<SecondStep, 'show' | 'prepare' | 'enable' | 'newRecoveryCodes' | 'disable'>;
  /** Loopback is told of where it counts as other networks do (`limits.loopback`). */
  readonly places: Pick<Places, 'list'>;
  /** May this account send as this address (its own, an alias, or a subaddress of these)? */
  maySendAs(account: AccountId, address: string): Promise<boolean>;

  /** Opaque tokens, stored hashed. */
  createSession(
    who: Principal & { kind: 'user' },
    options: { readonly ttlMs: number; readonly purpose: 'api' | 'sign-in-link'; readonly from?: SessionOrigin },
  ): Promise<string>;
  /** Undefined when unknown, expired or ended. A sign-in link works once. */
  session(token: string, purpose: 'api' | 'sign-in-link'): Promise<(Principal & { kind: 'user' }) | undefined>;
  endSession(token: string): Promise<void>;
  /** Those that are alive, the newest first; without sign-in links. */
  sessions(account: AccountId): Promise<readonly SessionInfo[]>;
  /** Answers whether the account had one with this id. */
  endSessionOf(account: AccountId, id: string): Promise<boolean>;
}
