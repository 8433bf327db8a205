/** Lists of flags (RFC 5232 §2): strings with spaces between flags; upper and lower case are the same. */
import { SIEVE_LIMITS } from './limits.ts';

/** As IMAP spells the flags of the system. */
const SYSTEM = new Map(
  ['\\Seen', '\\Answered', '\\Flagged', '\\Deleted', '\\Draft'].map((flag) => [flag.toLowerCase(), flag]),
);

/** Each flag once; what can be none is left out. */
export function flagList(texts: readonly string[]): readonly string[] {
  const flags: string[] = [];
  for (const text of texts)
    for (const word of text.split(' ')) {
      const flag = SYSTEM.get(word.toLowerCase()) ?? word;
      if (isFlag(flag) && !has(flags, flag) && flags.length < SIEVE_LIMITS.flags) flags.push(flag);
    }
  return flags;
}

export function withFlags(now: readonly string[], given: readonly string[]): readonly string[] {
  return [...now, ...given.filter((flag) => !has(now, flag))].slice(0, SIEVE_LIMITS.flags);
}

export function withoutFlags(now: readonly string[], given: readonly string[]): readonly string[] {
  return now.filter((flag) => !has(given, flag));
}

function has(flags: readonly string[], flag: string): boolean {
  const lower = flag.toLowerCase();
  return flags.some((one) => one.toLowerCase() === lower);
}

/** A flag of the system, or a keyword: an IMAP atom. */
function isFlag(text: string): boolean {
  if (text.length > SIEVE_LIMITS.flagCharacters) return false;
  return SYSTEM.has(text.toLowerCase()) || /^[!#$&'+-[^-z|}~]+$/.test(text);
}
