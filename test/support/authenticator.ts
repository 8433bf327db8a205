/** What an authenticator program shows for a key as people type it, at a time in milliseconds. */
import { hotp } from '../../src/directory/totp.ts';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function codeOf(key: string, at: number): string {
  const bits = Array.from(key, (letter) => LETTERS.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  return hotp(secret, Math.floor(at / 30_000));
}
