/**
 * How likely it is that words stand in spam: the account's own experience, on top of what all accounts share (Robinson's method:
 * single words first, then Fisher's test over the most telling ones). What is shared can nudge, never decide: whoever teaches it
 * lies to may be a spammer with an account. What one's own moves taught may decide alone.
 */
import type { TokenTable } from './token-table.ts';

/** Weight of what is shared, in mails of one's own. */
const PRIOR_WEIGHT = 0.5;
/** How far what is shared may lean. */
const PRIOR_RANGE = 0.3;
/** The most telling words that count: padding with harmless words does not help. */
const MOST_WORDS = 60;
const LEAST_LEAN = 0.1;
/** From so many mails of each kind on a table is believed fully. */
const MATURE = 8;

export interface Likelihood {
  /** 0 (not spam) to 1 (spam). */
  readonly spam: number;
  /** 0 to 1: how much was learnt so far. */
  readonly confidence: number;
  readonly words: number;
}

export function likelihood(tokens: ReadonlySet<number>, own: TokenTable, shared: TokenTable): Likelihood {
  const leaning: number[] = [];
  for (const token of tokens) {
    const prior = lean(token, shared, 0.5, 2);
    const bounded = Math.min(0.5 + PRIOR_RANGE, Math.max(0.5 - PRIOR_RANGE, prior));
    const p = lean(token, own, bounded, PRIOR_WEIGHT);
    if (Math.abs(p - 0.5) >= LEAST_LEAN) leaning.push(p);
  }
  const telling = leaning.toSorted((a, b) => Math.abs(b - 0.5) - Math.abs(a - 0.5)).slice(0, MOST_WORDS);
  const n = telling.length;
  if (n === 0) return { spam: 0.5, confidence: 0, words: 0 };
  let spam = 0;
  let ham = 0;
  for (const p of telling) {
    spam += Math.log(Math.min(0.999, Math.max(0.001, 1 - p)));
    ham += Math.log(Math.min(0.999, Math.max(0.001, p)));
  }
  const isSpam = 1 - chiSquare(-2 * spam, n);
  const isHam = 1 - chiSquare(-2 * ham, n);
  const learnt = Math.min(1, Math.min(own.spam, own.ham) / MATURE);
  const sharedLearnt = Math.min(1, Math.min(shared.spam, shared.ham) / (10 * MATURE));
  return { spam: (1 + isSpam - isHam) / 2, confidence: Math.max(learnt, 0.4 * sharedLearnt), words: n };
}

/** Robinson's f(w). */
function lean(token: number, table: TokenTable, prior: number, weight: number): number {
  const [spam, ham] = table.counts(token);
  const n = spam + ham;
  if (n === 0 || table.spam === 0 || table.ham === 0) return prior;
  const inSpam = Math.min(1, spam / table.spam);
  const inHam = Math.min(1, ham / table.ham);
  return (weight * prior + n * (inSpam / (inSpam + inHam))) / (weight + n);
}

/** Probability that chi-square with 2n degrees of freedom is at least x. */
function chiSquare(x: number, n: number): number {
  const m = x / 2;
  let term = Math.exp(-m);
  let sum = term;
  for (let i = 1; i < n; i++) {
    term *= m / i;
    sum += term;
  }
  return Math.min(1, sum);
}
