/**
 * Passwords for single programs: made here, shown once, good for some protocols only, and taken back one by one. They have
 * 100 random bits, so a fast hash keeps them as well as a slow one would; it is the key of the row, under which it is found.
 */
import { createHash } from 'node:crypto';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { ScramKeys } from '../net/scram.ts';
import type { Key, Range } from '../ports/kv.ts';
import type { AppPasswordInfo, AppPasswordScope, SignInOrigin, SignInProtocol } from './api.ts';
import { present } from './identity.ts';
import {
  type AppPasswordRow,
  decode,
  encode,
  identityPartition,
  type IdentityRow,
  NOBODY,
  type ScramKeysRow,
} from './rows.ts';
import { keysOf, keysRow, parametersOf, type Scram } from './scram.ts';
import { bareLetters, grouped, randomLetters } from './secret-letters.ts';
import { type CredentialRowParts, removeRow } from './transact.ts';

/** Of one account. */
const MAX_APP_PASSWORDS = 50;
/** The last use is written this seldom: programs sign in again and again. */
const USE_MS = 600_000;

const LENGTH = 20;
const GROUP = 5;
const SECRET = /^[a-z2-7]{20}$/;
const HASH_BYTES = 32;

const SCOPE_OF: { readonly [protocol in SignInProtocol]?: AppPasswordScope } = {
  imap: 'imap',
  pop3: 'pop3',
  smtp: 'send',
  managesieve: 'sieve',
};

/** All application passwords of a partition. */
export const APP_PASSWORD_ROWS: Range = { start: Buffer.from('p'), end: Buffer.from('q') };

/** What becomes of a password: it opens (its id), it is one but not for this protocol, or it is none. */
export type AppPasswordVerdict = { readonly id: string } | 'other-protocol' | 'none';

export class AppPasswords {
  readonly #parts: CredentialRowParts;
  readonly #scram: Scram;

  constructor(parts: CredentialRowParts, scram: Scram) {
    this.#parts = parts;
    this.#scram = scram;
  }

  /** The password is told here and never again. Throws `limit`, `account-missing`, `busy`. */
  async create(
    account: AccountId,
    { name, scopes }: { readonly name: string; readonly scopes: readonly AppPasswordScope[] },
  ): Promise<AppPasswordInfo & { readonly password: string }> {
    const password = randomLetters(this.#parts.random, LENGTH, GROUP);
    const key = rowKey(account, bareLetters(password));
    const created = this.#parts.clock.now();
    const scram = await this.#keys(account, password);
    await this.#parts.transactions.run(identityPartition(account), async (view) => {
      const identity = present(account, decode<IdentityRow>(view.header));
      if ((await view.rows(APP_PASSWORD_ROWS)).length >= MAX_APP_PASSWORDS)
        throw new MailError('limit', 'user', `an account has at most ${MAX_APP_PASSWORDS} application passwords`);
      const row: AppPasswordRow = { name, scopes, created, ...keysFor(identity, scram) };
      return { batch: { put: [[key, encode(row)]] }, result: undefined };
    });
    return { id: idOf(key), name, scopes, created, password };
  }

  /** The newest first. */
  async list(account: AccountId): Promise<readonly AppPasswordInfo[]> {
    const found: AppPasswordInfo[] = [];
    for await (const page of this.#parts.kv.scan(identityPartition(account), APP_PASSWORD_ROWS))
      for (const [key, value] of page) {
        const row = decode<AppPasswordRow>(value);
        if (row === undefined) continue;
        const { scram: _, ...shown } = row;
        found.push({ id: idOf(key), ...shown });
      }
    return found.sort((a, b) => b.created - a.created);
  }

  /** Answers whether the account had one with this id. */
  async revoke(account: AccountId, id: string): Promise<boolean> {
    const hash = Buffer.from(id, 'base64url');
    if (hash.length !== HASH_BYTES) return false;
    const was = await removeRow(this.#parts.transactions, account, keyOf(hash));
    if (was) this.#parts.ended(account);
    return was;
  }

  async has(account: AccountId, id: string): Promise<boolean> {
    const key = keyOf(Buffer.from(id, 'base64url'));
    return (await this.#parts.kv.get(identityPartition(account), [key]))[0] !== undefined;
  }

  /** `account` undefined, for an address that nobody has, takes the same way to `none`. */
  async check(account: AccountId | undefined, password: string, from: SignInOrigin): Promise<AppPasswordVerdict> {
    const secret = normalSecret(password);
    if (secret === undefined) return 'none';
    const key = rowKey(account ?? NOBODY, secret);
    const row = decode<AppPasswordRow>((await this.#parts.kv.get(identityPartition(account ?? NOBODY), [key]))[0]);
    if (account === undefined || row === undefined) return 'none';
    const verdict = await this.#verdict(account, key, row, from);
    if (typeof verdict === 'object' && row.scram === undefined)
      await this.#remember(account, key, grouped(secret, GROUP));
    return verdict;
  }

  /** The same for who shows that he has one without showing it: `proves` is asked about each. Programs must have it as it was shown. */
  async checkProof(
    account: AccountId | undefined,
    proves: (keys: ScramKeys) => boolean,
    from: SignInOrigin,
  ): Promise<AppPasswordVerdict> {
    let found: { readonly key: Key; readonly row: AppPasswordRow } | undefined;
    for await (const page of this.#parts.kv.scan(identityPartition(account ?? NOBODY), APP_PASSWORD_ROWS))
      for (const [key, value] of page) {
        const row = decode<AppPasswordRow>(value);
        if (row?.scram !== undefined && proves(keysOf(row.scram))) found = { key, row };
      }
    return account === undefined || found === undefined ? 'none' : this.#verdict(account, found.key, found.row, from);
  }

  async #verdict(account: AccountId, key: Key, row: AppPasswordRow, from: SignInOrigin): Promise<AppPasswordVerdict> {
    const scope = SCOPE_OF[from.protocol];
    if (scope === undefined || !row.scopes.includes(scope)) return 'other-protocol';
    await this.#used(account, key, row, from);
    return { id: idOf(key) };
  }

  async #keys(account: AccountId, password: string): Promise<SaltedKeys> {
    const { salt, iterations } = await this.#scram.rowOf(account);
    const keys = await this.#scram.keys(password, parametersOf({ salt, iterations }));
    return { salt, keys: keys && keysRow(keys) };
  }

  /** Of one that was made before its keys were kept. No sign-in fails because of it. */
  async #remember(account: AccountId, key: Key, password: string): Promise<void> {
    try {
      const scram = await this.#keys(account, password);
      await this.#parts.transactions.run(identityPartition(account), async (view) => {
        const row = decode<AppPasswordRow>(await view.get(key));
        const identity = decode<IdentityRow>(view.header);
        if (row === undefined || identity === undefined) return { result: undefined };
        return { batch: { put: [[key, encode({ ...row, ...keysFor(identity, scram) })]] }, result: undefined };
      });
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
    }
  }

  async #used(account: AccountId, key: Key, { lastUse }: AppPasswordRow, from: SignInOrigin): Promise<void> {
    const at = this.#parts.clock.now();
    if (lastUse !== undefined && at - lastUse.at < USE_MS) return;
    const { protocol, remote } = from;
    // No sign-in fails because its time cannot be written.
    await this.#parts.transactions
      .run(identityPartition(account), async (view) => {
        const row = decode<AppPasswordRow>(await view.get(key));
        if (row === undefined) return { result: undefined };
        return { batch: { put: [[key, encode({ ...row, lastUse: { at, protocol, remote } })]] }, result: undefined };
      })
      .catch(() => undefined);
  }
}

interface SaltedKeys {
  /** Base64. */
  readonly salt: string;
  readonly keys: ScramKeysRow | undefined;
}

/** Keys of a salt that the account no longer has are worth nothing. */
function keysFor({ scram }: IdentityRow, { salt, keys }: SaltedKeys): Pick<AppPasswordRow, 'scram'> {
  return keys !== undefined && scram?.salt === salt ? { scram: keys } : {};
}

/** Undefined: it cannot be one. */
function normalSecret(password: string): string | undefined {
  if (password.length > 2 * LENGTH) return undefined;
  const bare = bareLetters(password);
  return SECRET.test(bare) ? bare : undefined;
}

function rowKey(account: AccountId, secret: string): Key {
  return keyOf(createHash('sha256').update(`${account}\0${secret}`).digest());
}

function keyOf(hash: Uint8Array): Key {
  return Buffer.concat([Buffer.from('p'), hash]);
}

function idOf(key: Key): string {
  return Buffer.from(key.subarray(1)).toString('base64url');
}
