/** Comparators and match types of RFC 5228 §2.7; extensions bring more of both. */
import type { CheckedText } from './call.ts';
import { find } from './find.ts';
import { Glob } from './glob.ts';
import type { Machine } from './machine.ts';

/** RFC 4790. */
export interface Comparator {
  readonly name: string;
  /** What is equal becomes the same, in the same length; undefined when substrings cannot be compared. */
  readonly fold?: (text: string) => string;
  equals(a: string, b: string): boolean;
  /** Negative, 0 or positive. */
  compare(a: string, b: string): number;
}

export interface MatchType {
  readonly name: string;
  /** A relation stands after the tag (RFC 5231). */
  readonly relation?: boolean;
  /** It looks into the strings: the comparator must be able to fold. */
  readonly substring?: boolean;
  /** The keys are names of lists outside the script (RFC 6134), which are asked. */
  readonly asks?: boolean;
  /** What is compared is how many values there are. */
  readonly counts?: boolean;
  /** Undefined when a key of a script is fine, else what is wrong with it. */
  wrong?(key: string, comparator: Comparator): string | undefined;
  /** Undefined when it does not match, else what the match variables become ([] leaves them alone). */
  match(value: string, key: string, matching: Matching, machine: Machine): readonly string[] | undefined;
}

export interface Matching {
  readonly type: MatchType;
  readonly comparator: Comparator;
  readonly relation: string;
  readonly keys: readonly CheckedText[];
}

const NO_VARIABLES: readonly string[] = [];

export const is: MatchType = {
  name: 'is',
  match: (value, key, { comparator }, machine) => {
    machine.charge(Math.min(value.length, key.length));
    return comparator.equals(value, key) ? NO_VARIABLES : undefined;
  },
};

export const contains: MatchType = {
  name: 'contains',
  substring: true,
  match: (value, key, { comparator }, machine) => {
    machine.charge(value.length + key.length);
    return find(machine.folded(comparator, value), comparator.fold!(key)) >= 0 ? NO_VARIABLES : undefined;
  },
};

export const matches: MatchType = {
  name: 'matches',
  substring: true,
  match: (value, key, { comparator }, machine) => {
    machine.charge(value.length + key.length);
    const glob = new Glob(comparator.fold!(key));
    const found = glob.match(machine.folded(comparator, value), value, (work) => machine.charge(work));
    return found === undefined ? undefined : [value, ...found];
  },
};

export const octet: Comparator = {
  name: 'i;octet',
  fold: (text) => text,
  equals: (a, b) => a === b,
  compare: compareText,
};

export const asciiCasemap: Comparator = {
  name: 'i;ascii-casemap',
  fold: foldAscii,
  equals: (a, b) => a === b || (a.length === b.length && foldAscii(a) === foldAscii(b)),
  compare: (a, b) => compareText(foldAscii(a), foldAscii(b)),
};

/** RFC 4790 §9.1: the digits that a string begins with; without any it is larger than every number. */
export const asciiNumeric: Comparator = {
  name: 'i;ascii-numeric',
  equals: (a, b) => compareNumbers(a, b) === 0,
  compare: compareNumbers,
};

function compareNumbers(a: string, b: string): number {
  const [one, other] = [leadingNumber(a), leadingNumber(b)];
  if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
  return one.length - other.length || compareText(one, other);
}

/** Without zeros in front. */
function leadingNumber(text: string): string | undefined {
  let end = 0;
  while (isDigit(text.charCodeAt(end))) end += 1;
  if (end === 0) return undefined;
  let start = 0;
  while (text.charCodeAt(start) === 0x30) start += 1;
  return text.slice(start, end);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** In the order of their UTF-8 octets, which is that of code points. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  if (i === length) return a.length - b.length;
  const [one, other] = [a.charCodeAt(i), b.charCodeAt(i)];
  // Surrogates stand for what is above all other code units.
  const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdfff;
  return isHigh(one) === isHigh(other) ? one - other : isHigh(one) ? 1 : -1;
}

/** Upper case of ASCII becomes lower case; nothing else changes, nor does the length. */
export function foldAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}
