/** regex (draft-ietf-sieve-regex), with a matcher that takes no longer than the text and the expression are long. */
import type { Extension } from '../language.ts';
import type { Comparator, MatchType } from '../match.ts';
import { quoted } from '../machine.ts';
import { Regex } from '../regex.ts';

/** Compiled expressions that are kept: a script asks for the same ones for each mail. */
const MOST_KEPT = 200;
const kept = new Map<string, Regex>();

/** Throws an `Error` that says what is wrong. */
function compiled(pattern: string, ignoreCase: boolean): Regex {
  const key = `${ignoreCase ? 'i' : 'c'}${pattern}`;
  let regex = kept.get(key);
  if (regex === undefined) {
    regex = new Regex(pattern, ignoreCase);
    kept.set(key, regex);
    if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value!);
  }
  return regex;
}

function ignoresCase(comparator: Comparator): boolean {
  return comparator.equals('a', 'A');
}

function wrong(key: string, comparator: Comparator): string | undefined {
  try {
    compiled(key, ignoresCase(comparator));
    return undefined;
  } catch (error) {
    return `${quoted(key)} is not a regular expression: ${(error as Error).message}`;
  }
}

const matchRegex: MatchType = {
  name: 'regex',
  substring: true,
  wrong,
  match(value, key, { comparator }, machine) {
    const problem = wrong(key, comparator);
    if (problem !== undefined) return machine.fail(problem);
    return compiled(key, ignoresCase(comparator)).match(value, machine.has('variables'), (work) =>
      machine.charge(work),
    );
  },
};

export const regex: Extension = {
  name: 'regex',
  matchTypes: [matchRegex],
  tags: [{ on: ['set'], tag: { name: 'quoteregex', group: 'precedence 20' } }],
};
