/** What an authenticator program shows for a key as people type it, at a time in milliseconds. */
import { hotp } from '../../src/directory/totp.ts';
import { fromBase32 } from '../../src/mail/base32.ts';

export function codeOf(key: string, at: number): string {
  const secret = fromBase32(key);
  if (secret === undefined) throw new Error(`${key} is no key`);
  return hotp(secret, Math.floor(at / 30_000));
}
