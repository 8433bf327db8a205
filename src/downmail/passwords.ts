/**
 * Pick-up passwords: 130 bits that only this service can make, so that a notification can be composed again after a crash though
 * nothing but a hash is stored. And the pass codes of confidential mails, of which nothing is stored at all: a hash of so few digits
 * would say them.
 */
import { createHmac, hash, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { toBase32 } from '../mail/base32.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { HeldRef } from '../mailstore/sender-mailbox.ts';
import type { SubmissionId } from '../mailstore/submission.ts';
import { type ScramKeys, scramKeys, type ScramParameters } from '../net/scram.ts';

const LENGTH = 26;
const CODE_DIGITS = 8;
const pbkdf2Later = promisify(pbkdf2);

export class PickUpPasswords {
  readonly #secret: Uint8Array;

  /** `secret` stays the same over restarts. */
  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** 26 letters and digits; another one for each issue. */
  of(account: AccountId, { submission, part, position }: HeldRef, issue: number): string {
    const name = `downmail pick-up\0${account}\0${submission}\0${part}\0${position}\0${issue}`;
    return toBase32(createHmac('sha256', this.#secret).update(name).digest()).slice(0, LENGTH);
  }

  /** Eight digits that the sender of a mail tells its recipients himself: the same for all of them. */
  codeOf(account: AccountId, submission: SubmissionId): string {
    const digest = createHmac('sha256', this.#secret).update(`downmail pass code\0${account}\0${submission}`).digest();
    return String(digest.readUIntBE(0, 6) % 10 ** CODE_DIGITS).padStart(CODE_DIGITS, '0');
  }

  /**
   * What SCRAM-SHA-256 says to a user id, the same whether it exists or not. 4,096 iterations are the fewest that clients bear
   * (RFC 7677 §4): more would protect 130 random bits no better.
   */
  scramParameters(userId: string): ScramParameters {
    const salt = createHmac('sha256', this.#secret).update(`downmail pick-up salt\0${userId}`).digest().subarray(0, 16);
    return { salt, iterations: 4096 };
  }
}

/** Of a password that `PickUpPasswords` made: its letters need no preparation. */
export async function pickUpKeys(password: string, { salt, iterations }: ScramParameters): Promise<ScramKeys> {
  return scramKeys(await pbkdf2Later(password, salt, iterations, 32, 'sha256'));
}

/** 64 hex digits. The passwords are random: a slow hash would protect nothing more. */
export function passwordHash(password: string): string {
  return hash('sha256', `downmail pick-up\0${password}`, 'hex');
}

/** In a time that says nothing. Without a hash to compare with it is false, as late. */
export function isPassword(password: string, expected: string | undefined): boolean {
  const given = Buffer.from(passwordHash(password), 'hex');
  const known = Buffer.from(expected ?? passwordHash(''), 'hex');
  return timingSafeEqual(given, known) && expected !== undefined;
}

/** As somebody types it: spaces and hyphens between the digits do not count. In a time that says nothing. */
export function isCode(typed: string, code: string): boolean {
  return isPassword(typed.slice(0, 100).replaceAll(/[\s-]/g, ''), passwordHash(code));
}
