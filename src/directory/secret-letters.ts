/** Secrets that people copy: letters of base32 (RFC 4648), small and in groups, none of which looks like another. */
import type { Random } from '../ports/random.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** Five random bits a letter, with a hyphen after each group. */
export function randomLetters(random: Random, length: number, group: number): string {
  return grouped(Array.from(random.bytes(length), (byte) => LETTERS[byte & 31]).join(''), group);
}

export function grouped(letters: string, group: number): string {
  const groups = Math.ceil(letters.length / group);
  return Array.from({ length: groups }, (_, i) => letters.slice(i * group, (i + 1) * group)).join('-');
}

/** As it was made, however it is typed: hyphens, spaces and capitals do not matter. */
export function bareLetters(typed: string): string {
  return typed.replaceAll(/[- ]/g, '').toLowerCase();
}
