/**
 * Signing in with a code beside the password. While it is on, the password alone opens nothing: mail programs, which cannot
 * ask for a code, have application passwords. Each code counts once, also when two come at the same time.
 */
import { createHash } from 'node:crypto';
import { toBase32 } from '../mail/base32.ts';
import { MailError } from '../mail/error.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { Key } from '../ports/kv.ts';
import type { SecondStepInfo } from './api.ts';
import { present } from './identity.ts';
import { decode, encode, identityPartition, type IdentityRow, type SecondStepRow } from './rows.ts';
import { bareLetters, randomLetters } from './secret-letters.ts';
import { totpStep } from './totp.ts';
import type { CredentialRowParts, View } from './transact.ts';

/** RFC 4226 §4 R6 recommends 160 bits. */
const SECRET_BYTES = 20;
const RECOVERY_CODES = 10;
/** 80 random bits: a fast hash keeps them. */
const RECOVERY_LETTERS = 16;
const ROW: Key = Buffer.from('t');

export class SecondStep {
  readonly #parts: CredentialRowParts;

  constructor(parts: CredentialRowParts) {
    this.#parts = parts;
  }

  async show(account: AccountId): Promise<SecondStepInfo> {
    const row = decode<SecondStepRow>((await this.#parts.kv.get(identityPartition(account), [ROW]))[0]);
    if (row?.since === undefined) return { enabled: false, recoveryCodes: 0 };
    return { enabled: true, since: row.since, recoveryCodes: row.recovery.length };
  }

  /** A secret for the authenticator program (base32). Nothing is asked for yet. Throws `conflict` when there is one in use. */
  async prepare(account: AccountId): Promise<string> {
    const secret = this.#parts.random.bytes(SECRET_BYTES);
    await this.#change(account, (identity, before) => {
      if (before?.since !== undefined)
        throw new MailError('conflict', 'user', `${identity.address} has a second step already`);
      const row: SecondStepRow = { secret: Buffer.from(secret).toString('base64'), used: -1, recovery: [] };
      return { row, result: undefined };
    });
    return toBase32(secret).toUpperCase();
  }

  /** With a code of the secret that was prepared. Answers the recovery codes, told here and never again. Throws `code-required`. */
  async enable(account: AccountId, code: string): Promise<readonly string[]> {
    const codes = this.#recoveryCodes();
    const done = await this.#change<boolean>(account, (identity, before) => {
      if (before === undefined || before.since !== undefined) return { result: false };
      const now = this.#parts.clock.now();
      const used = totpStep(Buffer.from(before.secret, 'base64'), code, now, before.used);
      if (used === undefined) return { result: false };
      const row: SecondStepRow = { ...before, used, since: now, recovery: codes.map((one) => hashOf(account, one)) };
      return { row, identity: { ...identity, secondStep: true }, result: true };
    });
    if (!done) throw new MailError('code-required', 'user', 'that is not a code of the secret that was prepared');
    this.#parts.ended(account);
    return codes;
  }

  /** The ones before are worth nothing any more. */
  async newRecoveryCodes(account: AccountId): Promise<readonly string[]> {
    const codes = this.#recoveryCodes();
    await this.#change(account, (identity, before) => {
      if (before?.since === undefined)
        throw new MailError('conflict', 'user', `${identity.address} has no second step`);
      return { row: { ...before, recovery: codes.map((one) => hashOf(account, one)) }, result: undefined };
    });
    return codes;
  }

  /** Harmless when there is none. Answers whether there was one. */
  disable(account: AccountId): Promise<boolean> {
    return this.#change(account, ({ secondStep, ...identity }, before) => {
      if (before === undefined && !secondStep) return { result: false };
      return { row: null, identity, result: before?.since !== undefined };
    });
  }

  /** A code of the authenticator program, or a recovery code: it is used up. */
  use(account: AccountId, code: string): Promise<boolean> {
    const recovery = hashOf(account, code);
    return this.#change<boolean>(account, (_identity, before) => {
      if (before?.since === undefined) return { result: false };
      if (before.recovery.includes(recovery))
        return { row: { ...before, recovery: before.recovery.filter((one) => one !== recovery) }, result: true };
      const used = totpStep(Buffer.from(before.secret, 'base64'), code, this.#parts.clock.now(), before.used);
      return used === undefined ? { result: false } : { row: { ...before, used }, result: true };
    });
  }

  #recoveryCodes(): string[] {
    return Array.from({ length: RECOVERY_CODES }, () => randomLetters(this.#parts.random, RECOVERY_LETTERS, 4));
  }

  async #change<T>(
    account: AccountId,
    decide: (identity: IdentityRow, before: SecondStepRow | undefined) => Decided<T>,
  ): Promise<T> {
    return this.#parts.transactions.run(identityPartition(account), async (view: View) => {
      const identity = present(account, decode<IdentityRow>(view.header));
      const { row, identity: header, result } = decide(identity, decode<SecondStepRow>(await view.get(ROW)));
      if (row === undefined) return { result };
      return {
        batch: {
          ...(row === null ? { remove: [ROW] } : { put: [[ROW, encode(row)]] }),
          ...(header && { header: encode(header) }),
        },
        result,
      };
    });
  }
}

interface Decided<T> {
  /** Null: it goes; undefined: nothing is written. */
  readonly row?: SecondStepRow | null;
  readonly identity?: IdentityRow;
  readonly result: T;
}

function hashOf(account: AccountId, code: string): string {
  return createHash('sha256')
    .update(`${account}\0${bareLetters(code)}`)
    .digest('base64');
}
