/**
 * Light stemming for English: plural, -ed, -ing and a silent -e, as the first and the last step of Porter's algorithm (1980)
 * do it. Only queries are stemmed: the index holds words as they are written, so that phrases and substrings stay exact.
 */

const LETTERS = /^[a-z]{3,40}$/;
const VOWEL = /[aeiouy]/;

/** The word itself where it is no English one. Words with one stem all begin with `stemPrefix` of it. */
export function stem(word: string): string {
  if (!LETTERS.test(word)) return word;
  return withoutSilentE(withoutEnding(withoutPlural(word)));
}

/** What every word that has this stem begins with. */
export function stemPrefix(stemmed: string): string {
  return stemmed.length > 2 && /[ey]$/.test(stemmed) ? stemmed.slice(0, -1) : stemmed;
}

function withoutPlural(word: string): string {
  if (!word.endsWith('s')) return word;
  if (word.endsWith('sses')) return word.slice(0, -2);
  if (word.endsWith('ies')) return word.length > 4 ? `${word.slice(0, -3)}y` : word.slice(0, -1);
  if (/(?:s|u|i)s$/.test(word) || word.length === 3) return word;
  return word.slice(0, -1);
}

function withoutEnding(word: string): string {
  for (const ending of ['ed', 'ing']) {
    if (!word.endsWith(ending) || word.endsWith('eed')) continue;
    const rest = word.slice(0, -ending.length);
    if (rest.length < 2 || !VOWEL.test(rest)) return word;
    if (/(?:at|bl|iz)$/.test(rest)) return `${rest}e`;
    if (/([^aeiouylsz])\1$/.test(rest)) return rest.slice(0, -1);
    return measure(rest) === 1 && endsShort(rest) ? `${rest}e` : rest;
  }
  return word;
}

function withoutSilentE(word: string): string {
  if (!word.endsWith('e')) return word;
  const rest = word.slice(0, -1);
  const m = measure(rest);
  return m > 1 || (m === 1 && !endsShort(rest)) ? rest : word;
}

/** How often a vowel is followed by a consonant. */
function measure(word: string): number {
  return word.match(/[aeiouy]+[^aeiouy]+/g)?.length ?? 0;
}

/** Consonant, vowel, consonant. */
function endsShort(word: string): boolean {
  return /(?:^|[^aeiou])[aeiouy][^aeiouwxy]$/.test(word);
}
