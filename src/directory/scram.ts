/**
 * What SCRAM needs of an account: one salt and count of iterations for all its passwords, because the server names them before it
 * knows which one the client has, and the keys of each. They are made when a password is set, and of older ones at the next right sign-in.
 */
import { createHmac } from 'node:crypto';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import { type ScramKeys, scramKeys, type ScramParameters } from '../net/scram.ts';
import { present } from './identity.ts';
import type { Passwords } from './passwords.ts';
import {
  decode,
  encode,
  identityPartition,
  type IdentityRow,
  type ScramKeysRow,
  type ScramRow,
  SECRETS,
  type SecretsRow,
} from './rows.ts';
import { saslPrepared } from './saslprep.ts';
import type { RowParts, View } from './transact.ts';

/** RFC 7677 §4 asks for 15,000; about 20 ms. */
const ITERATIONS = 20_000;
const SALT_BYTES = 16;
const NONCE_BYTES = 18;

export interface ScramParts extends RowParts {
  readonly passwords: Passwords;
}

export class Scram {
  readonly #parts: ScramParts;
  #secret: Promise<Uint8Array> | undefined;

  constructor(parts: ScramParts) {
    this.#parts = parts;
  }

  nonce(): string {
    return Buffer.from(this.#parts.random.bytes(NONCE_BYTES)).toString('base64');
  }

  /** For a name without keys: always the same, and nobody can tell it from a salt that was drawn. */
  async madeUp(name: string): Promise<ScramParameters> {
    this.#secret ??= this.#serverSecret();
    const secret = await this.#secret.catch((error: unknown) => {
      this.#secret = undefined;
      throw error;
    });
    const salt = createHmac('sha256', secret).update(name).digest().subarray(0, SALT_BYTES);
    return { salt, iterations: ITERATIONS };
  }

  /** Of a new password of the account, with a new salt. Throws `busy`. */
  async row(password: string): Promise<ScramRow> {
    const row = this.#newRow();
    const keys = await this.keys(password, parametersOf(row));
    return keys === undefined ? row : { ...row, keys: keysRow(keys) };
  }

  /** Undefined for what no client would send. Throws `busy`. */
  async keys(password: string, { salt, iterations }: ScramParameters): Promise<ScramKeys | undefined> {
    const prepared = saslPrepared(password);
    return prepared === undefined
      ? undefined
      : scramKeys(await this.#parts.passwords.salted(prepared, salt, iterations));
  }

  /** The account's row, made where there was none. Throws `account-missing`. */
  async rowOf(account: AccountId): Promise<ScramRow> {
    return this.#parts.transactions.run(identityPartition(account), (view) => {
      const identity = present(account, decode<IdentityRow>(view.header));
      if (identity.scram !== undefined) return { result: identity.scram };
      const scram = this.#newRow();
      return { batch: { header: encode({ ...identity, scram }) }, result: scram };
    });
  }

  /** After `password` was right for `phc`: so that the next sign-in may be by SCRAM. No sign-in fails because of it. */
  async remember(account: AccountId, { scram, password: phc }: IdentityRow, password: string): Promise<void> {
    if (scram?.keys !== undefined || saslPrepared(password) === undefined) return;
    try {
      const row = scram ?? (await this.rowOf(account));
      const keys = await this.keys(password, parametersOf(row));
      if (keys === undefined) return;
      await this.#parts.transactions.run(identityPartition(account), (view: View) => {
        const identity = decode<IdentityRow>(view.header);
        if (identity === undefined || identity.password !== phc || identity.scram?.salt !== row.salt)
          return { result: undefined };
        const header = encode({ ...identity, scram: { ...row, keys: keysRow(keys) } });
        return { batch: { header }, result: undefined };
      });
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
    }
  }

  #newRow(): ScramRow {
    const salt = Buffer.from(this.#parts.random.bytes(SALT_BYTES)).toString('base64');
    return { salt, iterations: ITERATIONS };
  }

  async #serverSecret(): Promise<Uint8Array> {
    const made = Buffer.from(this.#parts.random.bytes(32)).toString('base64');
    const secret = await this.#parts.transactions.run(SECRETS, ({ header }) => {
      const before = decode<SecretsRow>(header);
      if (before !== undefined) return { result: before.salts };
      return { batch: { header: encode({ salts: made }) }, result: made };
    });
    return Buffer.from(secret, 'base64');
  }
}

export function parametersOf({ salt, iterations }: ScramRow): ScramParameters {
  return { salt: Buffer.from(salt, 'base64'), iterations };
}

export function keysOf({ stored, server }: ScramKeysRow): ScramKeys {
  return { storedKey: Buffer.from(stored, 'base64'), serverKey: Buffer.from(server, 'base64') };
}

export function keysRow({ storedKey, serverKey }: ScramKeys): ScramKeysRow {
  return { stored: Buffer.from(storedKey).toString('base64'), server: Buffer.from(serverKey).toString('base64') };
}
