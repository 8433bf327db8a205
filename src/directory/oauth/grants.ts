/**
 * What an account lets programs do: a row for each program that was allowed in, with the tokens it has. A refresh token counts once; one
 * that comes a second time was stolen from somebody, and the whole grant ends (RFC 9700 §4.14.2).
 */
import { createHash } from 'node:crypto';
import type { AccountId } from '../../mailstore/api.ts';
import type { Key, Range } from '../../ports/kv.ts';
import type { SignInOrigin } from '../api.ts';
import { present } from '../identity.ts';
import { type CodeRow, decode, encode, type GrantRow, identityPartition, type IdentityRow } from '../rows.ts';
import { type CredentialRowParts, type Decision, removeRow, type View } from '../transact.ts';
import { OAuthError } from './error.ts';
import type { OAuthScope } from './scopes.ts';
import {
  type AccessToken,
  accessText,
  codeText,
  hashOf,
  newSecret,
  parseCode,
  type RefreshToken,
  refreshText,
} from './tokens.ts';

export const ACCESS_MS = 3_600_000;
/** A grant that is not used so long has ended. */
export const GRANT_IDLE_MS = 90 * 86_400_000;
/** RFC 6749 §4.1.2 recommends ten minutes at most. */
export const CODE_MS = 60_000;
/** So long it is noticed when a code comes again. */
const CODE_REMEMBERED_MS = 600_000;
/** Of one account; the one that was not used for longest goes when there are more. */
const MAX_GRANTS = 100;
/** Codes of one account that wait to be used. */
const MAX_CODES = 20;
/** Of one grant that are remembered: programs that fetch mail in several places refresh for each of them. */
const MAX_ACCESS = 10;
/** The last use is written this seldom. */
const USE_MS = 600_000;
const HASH_LETTERS = 43;

/** All of a partition. */
export const GRANT_ROWS: Range = { start: Buffer.from('o'), end: Buffer.from('p') };
export const CODE_ROWS: Range = { start: Buffer.from('c'), end: Buffer.from('d') };

export interface GrantInfo {
  /** Says nothing about the tokens. */
  readonly id: string;
  readonly client: string;
  readonly scopes: readonly OAuthScope[];
  /** Milliseconds since 1970. */
  readonly created: number;
  /** When it ends if it is not used. */
  readonly expires: number;
  /** To within ten minutes; absent: never yet. */
  readonly lastUse?: SignInOrigin & { readonly at: number };
}

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
  readonly expiresMs: number;
  readonly scopes: readonly OAuthScope[];
}

/** What an authorisation code is given out for. */
export type CodeFor = Pick<CodeRow, 'client' | 'redirect' | 'challenge' | 'scopes'>;

/** How a code is shown again. */
export interface CodeShown {
  readonly client: string;
  readonly redirect: string | undefined;
  /** RFC 7636 §4.1. */
  readonly verifier: string;
}

/** What an access token is: good, of a grant that has newer ones, or none that was given out. */
export type AccessVerdict =
  | { readonly kind: 'good'; readonly grant: GrantInfo }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unknown' };

export class Grants {
  readonly #parts: CredentialRowParts;

  constructor(parts: CredentialRowParts) {
    this.#parts = parts;
  }

  /** The code is told here only. Throws `account-missing`. */
  async code(account: AccountId, given: CodeFor): Promise<string> {
    const secret = newSecret(this.#parts.random);
    const now = this.#parts.clock.now();
    await this.#change(account, async (view) => {
      present(account, decode<IdentityRow>(view.header));
      const others = (await view.rows(CODE_ROWS)).map(([key, value]) => ({ key, row: decode<CodeRow>(value) }));
      others.sort((a, b) => (b.row?.expires ?? 0) - (a.row?.expires ?? 0));
      const kept = others.filter(({ row }) => now < (row?.expires ?? 0) + CODE_REMEMBERED_MS).slice(0, MAX_CODES - 1);
      const remove = others.filter((one) => !kept.includes(one)).map(({ key }) => key);
      const row: CodeRow = { ...given, expires: now + CODE_MS };
      return { batch: { put: [[keyOf('c', hashOf(secret)), encode(row)]], remove }, result: undefined };
    });
    return codeText({ account, secret });
  }

  /** Tokens for a code. It counts once: shown again, what came of it ends (RFC 6749 §4.1.2). Throws `invalid_grant`. */
  async redeem(text: string, shown: CodeShown): Promise<Tokens & { readonly account: AccountId }> {
    const code = parseCode(text);
    if (code === undefined) throw badCode();
    const { account, secret } = code;
    const key = keyOf('c', hashOf(secret));
    const made = this.#make();
    const given = await this.#change<Tokens | undefined>(account, async (view) => {
      const row = decode<CodeRow>(await view.get(key));
      if (row === undefined) return { result: undefined };
      if (row.grant !== undefined) return { batch: { remove: [key, keyOf('o', row.grant)] }, result: undefined };
      // Whatever is wrong with it: whoever shows a code has had his one try.
      if (row.expires <= this.#parts.clock.now() || !matches(row, shown))
        return { batch: { remove: [key] }, result: undefined };
      const { batch, result } = await this.#added(view, account, row, made);
      const used: CodeRow = { ...row, grant: made.id };
      return { batch: { ...batch, put: [...(batch?.put ?? []), [key, encode(used)]] }, result };
    });
    if (given === undefined) {
      this.#parts.ended(account);
      throw badCode();
    }
    return { ...given, account };
  }

  /** Tokens for a program that was allowed in without a code. */
  async give(account: AccountId, what: Pick<GrantRow, 'client' | 'scopes'>): Promise<Tokens> {
    const made = this.#make();
    return this.#change(account, (view) => this.#added(view, account, what, made));
  }

  /** New tokens for the one refresh token that counts, with all scopes or some. Throws `invalid_grant`, and what `narrow` throws. */
  async refresh(
    { account, family, secret }: RefreshToken,
    client: string,
    narrow: (scopes: readonly OAuthScope[]) => readonly OAuthScope[],
  ): Promise<Tokens> {
    const id = hashOf(family);
    const key = keyOf('o', id);
    const [next, access] = [newSecret(this.#parts.random), newSecret(this.#parts.random)];
    const given = await this.#change<Tokens | undefined>(account, async (view) => {
      const row = this.#alive(await view.get(key));
      if (row === undefined || row.client !== client) return { result: undefined };
      // It was exchanged before: somebody else has it, too, and nobody can tell who is who.
      if (row.refresh !== hashOf(secret)) return { batch: { remove: [key] }, result: undefined };
      const scopes = narrow(row.scopes);
      const after = this.#withTokens(row, next, access, scopes);
      return {
        batch: { put: [[key, encode(after)]] },
        result: tokensOf({ account, id, family }, next, access, scopes),
      };
    });
    if (given !== undefined) return given;
    this.#parts.ended(account);
    throw new OAuthError('invalid_grant', 'the refresh token is not, or no longer, good');
  }

  async access(token: AccessToken): Promise<AccessVerdict> {
    const row = await this.#row(token.account, token.grant);
    const hash = hashOf(token.secret);
    const found = row?.access.find((one) => one.hash === hash);
    if (row === undefined || found === undefined) return { kind: 'unknown' };
    if (found.expires <= this.#parts.clock.now()) return { kind: 'expired' };
    return { kind: 'good', grant: { ...shown(token.grant, row), scopes: found.scopes ?? row.scopes } };
  }

  /** No sign-in fails because its time cannot be written. */
  async used(account: AccountId, { id, lastUse }: GrantInfo, { protocol, remote }: SignInOrigin): Promise<void> {
    const at = this.#parts.clock.now();
    if (lastUse !== undefined && at - lastUse.at < USE_MS) return;
    const key = keyOf('o', id);
    await this.#change(account, async (view) => {
      const row = decode<GrantRow>(await view.get(key));
      if (row === undefined) return { result: undefined };
      return { batch: { put: [[key, encode({ ...row, lastUse: { at, protocol, remote } })]] }, result: undefined };
    }).catch(() => undefined);
  }

  /** Those that are alive, the newest first. */
  async list(account: AccountId): Promise<readonly GrantInfo[]> {
    const found: GrantInfo[] = [];
    for await (const page of this.#parts.kv.scan(identityPartition(account), GRANT_ROWS))
      for (const [key, value] of page) {
        const row = this.#alive(value);
        if (row !== undefined) found.push(shown(idOf(key), row));
      }
    return found.sort((a, b) => b.created - a.created);
  }

  /** All its tokens end. `client`: only if it is that one's. Answers whether there was one. */
  async revoke(account: AccountId, id: string, client?: string): Promise<boolean> {
    if (!isHash(id)) return false;
    const key = keyOf('o', id);
    // A grant's client never changes.
    if (client !== undefined && (await this.#row(account, id))?.client !== client) return false;
    const was = await removeRow(this.#parts.transactions, account, key);
    if (was) this.#parts.ended(account);
    return was;
  }

  /** The client of one that is alive. */
  async clientOf(account: AccountId, id: string): Promise<string | undefined> {
    return (await this.#row(account, id))?.client;
  }

  async #row(account: AccountId, id: string): Promise<GrantRow | undefined> {
    if (!isHash(id)) return undefined;
    return this.#alive((await this.#parts.kv.get(identityPartition(account), [keyOf('o', id)]))[0]);
  }

  /** One more grant; the one that was not used for longest goes when there are too many. */
  async #added(
    view: View,
    account: AccountId,
    { client, scopes }: Pick<GrantRow, 'client' | 'scopes'>,
    { family, id, refresh, access }: Made,
  ): Promise<Decision<Tokens>> {
    present(account, decode<IdentityRow>(view.header));
    const others = (await view.rows(GRANT_ROWS)).map(([key, value]) => ({ key, row: this.#alive(value) }));
    others.sort((a, b) => usedAt(b.row) - usedAt(a.row));
    const kept = others.filter(({ row }) => row !== undefined).slice(0, MAX_GRANTS - 1);
    const remove = others.filter((one) => !kept.includes(one)).map(({ key }) => key);
    const created = this.#parts.clock.now();
    const empty: GrantRow = { client, scopes, created, refreshed: created, refresh: '', access: [] };
    const row = this.#withTokens(empty, refresh, access, scopes);
    return {
      batch: { put: [[keyOf('o', id), encode(row)]], remove },
      result: tokensOf({ account, id, family }, refresh, access, scopes),
    };
  }

  #make(): Made {
    const { random } = this.#parts;
    const family = newSecret(random);
    return { family, id: hashOf(family), refresh: newSecret(random), access: newSecret(random) };
  }

  #withTokens(row: GrantRow, refresh: string, access: string, scopes: readonly OAuthScope[]): GrantRow {
    const now = this.#parts.clock.now();
    const newest = {
      hash: hashOf(access),
      expires: now + ACCESS_MS,
      ...(scopes.length < row.scopes.length && { scopes }),
    };
    return { ...row, refreshed: now, refresh: hashOf(refresh), access: [newest, ...row.access].slice(0, MAX_ACCESS) };
  }

  #alive(value: Uint8Array | undefined): GrantRow | undefined {
    const row = decode<GrantRow>(value);
    return row !== undefined && endsAt(row) > this.#parts.clock.now() ? row : undefined;
  }

  #change<T>(account: AccountId, decide: (view: View) => Promise<Decision<T>>): Promise<T> {
    return this.#parts.transactions.run(identityPartition(account), decide);
  }
}

interface Made {
  readonly family: string;
  readonly id: string;
  readonly refresh: string;
  readonly access: string;
}

interface Family {
  readonly account: AccountId;
  readonly id: string;
  readonly family: string;
}

function tokensOf(
  { account, id, family }: Family,
  refresh: string,
  access: string,
  scopes: readonly OAuthScope[],
): Tokens {
  return {
    access: accessText({ account, grant: id, secret: access }),
    refresh: refreshText({ account, family, secret: refresh }),
    expiresMs: ACCESS_MS,
    scopes,
  };
}

/** RFC 6749 §4.1.3; RFC 7636 §4.6. */
function matches({ client, redirect, challenge }: CodeRow, given: CodeShown): boolean {
  const hash = createHash('sha256').update(given.verifier).digest('base64url');
  return client === given.client && redirect === given.redirect && challenge === hash;
}

function badCode(): OAuthError {
  return new OAuthError('invalid_grant', 'the code is not, or no longer, good, or was given out for something else');
}

function shown(id: string, row: GrantRow): GrantInfo {
  const { client, scopes, created, lastUse } = row;
  return { id, client, scopes, created, expires: endsAt(row), ...(lastUse && { lastUse }) };
}

/** What counts as use: fresh tokens, or signing in with one. */
function usedAt(row: GrantRow | undefined): number {
  return row === undefined ? 0 : Math.max(row.refreshed, row.lastUse?.at ?? 0);
}

function endsAt(row: GrantRow): number {
  return usedAt(row) + GRANT_IDLE_MS;
}

function isHash(text: string): boolean {
  return text.length === HASH_LETTERS && /^[A-Za-z0-9_-]+$/.test(text);
}

function keyOf(kind: 'o' | 'c', hash: string): Key {
  return Buffer.concat([Buffer.from(kind), Buffer.from(hash, 'base64url')]);
}

function idOf(key: Key): string {
  return Buffer.from(key.subarray(1)).toString('base64url');
}
