/** Names of hosts that pass themselves off as others: by letters that look alike, by one letter more or less, by words around the name. */
import { domainToUnicode } from 'node:url';
import { getDomain } from 'tldts';
import { BRANDS } from './brands.ts';

/** The organisational domain, in letters; what is no name stays as it is. */
export function organisation(host: string): string {
  const lower = host.toLowerCase().replace(/\.$/, '').slice(0, 253);
  return getDomain(lower, { validateHostname: false }) ?? lower;
}

/** One domain stands for what it is made to look like. */
export interface Imitated {
  /** The domain itself. */
  readonly domain: string;
  /** Whose it is, for people. */
  readonly name: string;
}

const ALIKE: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '5': 's',
  '8': 'b',
  i: 'l',
  '|': 'l',
  // Cyrillic
  а: 'a',
  в: 'b',
  с: 'c',
  ԁ: 'd',
  е: 'e',
  ё: 'e',
  һ: 'h',
  і: 'l',
  ї: 'l',
  ј: 'j',
  к: 'k',
  ӏ: 'l',
  м: 'm',
  н: 'h',
  о: 'o',
  р: 'p',
  ԛ: 'q',
  ѕ: 's',
  т: 't',
  у: 'y',
  ԝ: 'w',
  х: 'x',
  // Greek
  α: 'a',
  β: 'b',
  ε: 'e',
  ι: 'l',
  κ: 'k',
  ν: 'v',
  ο: 'o',
  ρ: 'p',
  τ: 't',
  υ: 'u',
  χ: 'x',
  // Latin
  ı: 'l',
  ł: 'l',
  ɑ: 'a',
  ɡ: 'g',
  ø: 'o',
  đ: 'd',
};

/** What a reader sees in passing: letters that look alike are one. */
export function skeleton(label: string): string {
  const plain = label.toLowerCase().normalize('NFKD').replaceAll(/\p{M}/gu, '');
  const folded = Array.from(plain, (letter) => ALIKE[letter] ?? letter).join('');
  return folded.replaceAll('rn', 'm').replaceAll('vv', 'w').replaceAll('cl', 'd');
}

/** Letters of several alphabets in one name: nobody but who deceives has such a name. */
export function mixesScripts(host: string): boolean {
  return shownHost(host)
    .split('.')
    .some((label) => /[a-z]/.test(label) && /[\p{Script=Cyrillic}\p{Script=Greek}]/u.test(label));
}

/** In the letters that a reader would see (RFC 3492). */
export function shownHost(host: string): string {
  return /(?:^|\.)xn--/i.test(host) ? domainToUnicode(host) || host : host;
}

/** What look-alikes say beside a name to be trusted. */
const TRUST = new Set(
  (
    'login signin secure security verify verification account accounts support help helpdesk service services auth check pay payment bank ' +
    'banking center centre notice update id mail webmail member members cert confirm billing alert card delivery parcel post tracking refund ' +
    'tax gov online my www web team info user customer cs safe safety id-check kr korea com net global official event wallet'
  ).split(' '),
);

interface Label {
  readonly label: string;
  readonly imitated: Imitated;
  /** An everyday word, of which changes and other endings mean nothing. */
  readonly word: boolean;
}

/** A shorter name is like too many others. */
const SHORTEST = 4;
/** The shortest name of which another one with one letter changed is no accident. */
const SHORTEST_CHANGED = 6;
const SHORTEST_INSIDE = 5;

/** The domains that are imitated. */
export class Originals {
  readonly #names: ReadonlyMap<string, string>;
  readonly #bySkeleton = new Map<string, Label>();
  readonly #byGap = new Map<string, Label[]>();

  /** What one account knows. */
  static known(own: Iterable<Imitated>): Originals {
    const all = [...own];
    return new Originals(
      all,
      all.map((imitated) => ({ label: labelOf(imitated), imitated, word: labelOf(imitated).length < 8 })),
    );
  }

  private constructor(all: readonly Imitated[], labels: readonly Label[]) {
    this.#names = new Map(all.map(({ domain, name }) => [domain, name]));
    for (const one of labels.filter(({ label }) => label.length >= SHORTEST)) {
      const seen = skeleton(one.label);
      if (!this.#bySkeleton.has(seen)) this.#bySkeleton.set(seen, one);
      if (one.word || seen.length < SHORTEST_CHANGED) continue;
      for (const gap of gapsOf(seen)) this.#byGap.getOrInsertComputed(gap, () => []).push(one);
    }
  }

  isOriginal(host: string): boolean {
    return this.#names.has(organisation(host));
  }

  /** Whom the host passes itself off as; undefined for what is itself, or nobody else. */
  imitatedBy(host: string): Imitated | undefined {
    const organised = organisation(host);
    if (this.#names.has(organised)) return undefined;
    return this.#inLabel(shownHost(organised)) ?? this.#inSubdomains(host.toLowerCase(), organised);
  }

  #inLabel(organised: string): Imitated | undefined {
    const label = organised.split('.')[0] ?? '';
    const seen = skeleton(label);
    const same = this.#bySkeleton.get(seen);
    // The same name below another ending is another name, when it is an everyday word.
    if (same !== undefined && !(same.word && same.label === label)) return same.imitated;
    const tokens = label.split(/[-_\d]+/).filter((token) => token !== '');
    for (const token of tokens) {
      const found = this.#bySkeleton.get(skeleton(token));
      const others = tokens.filter((other) => other !== token);
      if (found !== undefined && others.some((other) => TRUST.has(other))) return found.imitated;
    }
    const joined = this.#joined(label, seen);
    if (joined !== undefined) return joined;
    if (seen.length < SHORTEST_CHANGED - 1) return undefined;
    for (const gap of [seen, ...gapsOf(seen)])
      for (const near of this.#byGap.get(gap) ?? []) if (isOneEdit(seen, skeleton(near.label))) return near.imitated;
    return undefined;
  }

  /** `naverlogin`, `mypaypal`. */
  #joined(label: string, seen: string): Imitated | undefined {
    for (const word of TRUST) {
      const ends = label.endsWith(word) ? label.slice(0, -word.length) : '';
      const begins = label.startsWith(word) ? label.slice(word.length) : '';
      for (const rest of [ends, begins]) {
        if (rest.length < SHORTEST_INSIDE || rest.length === seen.length) continue;
        const found = this.#bySkeleton.get(skeleton(rest.replaceAll(/^[-\d]+|[-\d]+$/g, '')));
        if (found !== undefined) return found.imitated;
      }
    }
    return undefined;
  }

  /** `www.naver.com.example.test`: people read from the left. */
  #inSubdomains(host: string, organised: string): Imitated | undefined {
    const labels = host.slice(0, Math.max(0, host.length - organised.length - 1)).split('.');
    for (let i = 0; i < labels.length && i < 20; i++) {
      const two = `${labels[i]}.${labels[i + 1] ?? ''}`;
      const three = `${two}.${labels[i + 2] ?? ''}`;
      for (const domain of [two, three, ...(labels[i] ?? '').split('--')].map((d) => d.replaceAll('-', '.')))
        if (this.#names.has(domain)) return { domain, name: this.#names.get(domain) ?? domain };
    }
    return undefined;
  }

  /** Those that are known everywhere. */
  static readonly common = new Originals(
    BRANDS.flatMap(({ name, domains }) => domains.map((domain) => ({ domain, name }))),
    BRANDS.flatMap(({ name, domains, word }) =>
      domains.map((domain) => {
        const imitated = { domain, name };
        return { label: labelOf(imitated), imitated, word: word === true };
      }),
    ),
  );
}

function labelOf({ domain }: Imitated): string {
  return domain.split('.')[0] ?? '';
}

/** With one letter left out, at each place. */
function gapsOf(text: string): string[] {
  return Array.from({ length: Math.min(text.length, 40) }, (_, i) => text.slice(0, i) + text.slice(i + 1));
}

/** One letter more, less or another, or two that have changed places. */
function isOneEdit(a: string, b: string): boolean {
  if (a === b || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const [inA, inB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (inA.length <= 1 && inB.length <= 1) return true;
  return inA.length === 2 && inB.length === 2 && inA[0] === inB[1] && inA[1] === inB[0];
}
