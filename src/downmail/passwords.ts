/**
 * Pick-up passwords: 130 bits that only this service can make, so that a notification can be composed again after a crash though
 * nothing but a hash is stored.
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto';
import { toBase32 } from '../mail/base32.ts';
import type { AccountId } from '../mailstore/api.ts';
import type { HeldRef } from '../mailstore/sender-mailbox.ts';

const LENGTH = 26;

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
