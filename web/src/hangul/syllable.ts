/**
 * Syllables put together from the keys of the Korean standard layout (two sets, KS X 5002): for keyboards that know no Hangul. What is
 * being composed is one letter or syllable; each key goes into it, or ends it and begins the next.
 */

const INITIALS = 'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ';
const VOWELS = 'ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ';
/** The first stands for none. */
const FINALS = ' ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ';
const FIRST_SYLLABLE = 0xac00;
const LAST_SYLLABLE = 0xd7a3;

/** Two letters that become one, and the one. */
const PAIRS: ReadonlyMap<string, string> = new Map(
  'ㅗㅏㅘ ㅗㅐㅙ ㅗㅣㅚ ㅜㅓㅝ ㅜㅔㅞ ㅜㅣㅟ ㅡㅣㅢ ㄱㅅㄳ ㄴㅈㄵ ㄴㅎㄶ ㄹㄱㄺ ㄹㅁㄻ ㄹㅂㄼ ㄹㅅㄽ ㄹㅌㄾ ㄹㅍㄿ ㄹㅎㅀ ㅂㅅㅄ'
    .split(' ')
    .map((three) => [three.slice(0, 2), three.slice(2)]),
);
const HALVES: ReadonlyMap<string, string> = new Map([...PAIRS].map(([two, one]) => [one, two]));

const KEYS = 'qwertyuiopasdfghjklzxcvbnm';
const LETTERS = 'ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ';
const SHIFTED: Readonly<Record<string, string>> = { Q: 'ㅃ', W: 'ㅉ', E: 'ㄸ', R: 'ㄲ', T: 'ㅆ', O: 'ㅒ', P: 'ㅖ' };

/** The letter on this key; undefined for keys without one. */
export function letterOf(key: string): string | undefined {
  if (key.length !== 1) return undefined;
  return SHIFTED[key] ?? LETTERS[KEYS.indexOf(key.toLowerCase())];
}

export interface Composed {
  /** Finished: nothing goes into it any more. */
  readonly done: string;
  /** Still being composed. */
  readonly open: string;
}

/** One more letter. `open` is what was being composed, '' at a beginning. */
export function add(open: string, letter: string): Composed {
  const next: Composed = { done: open, open: letter };
  const into = (syllable: string): Composed => ({ done: '', open: syllable });
  const { initial, vowel, final } = partsOf(open);
  if (VOWELS.includes(letter)) {
    if (final !== '') {
      // The last consonant begins the next syllable.
      const [stays = '', goes = ''] = HALVES.get(final) ?? ['', final];
      return INITIALS.includes(goes)
        ? { done: syllableOf(initial, vowel, stays), open: syllableOf(goes, letter) }
        : next;
    }
    if (vowel === '') return initial === '' ? into(letter) : into(syllableOf(initial, letter));
    const both = PAIRS.get(vowel + letter);
    if (both === undefined) return next;
    return into(initial === '' ? both : syllableOf(initial, both));
  }
  if (initial === '' || vowel === '') return next;
  const together = final === '' ? letter : PAIRS.get(final + letter);
  return together !== undefined && FINALS.includes(together) ? into(syllableOf(initial, vowel, together)) : next;
}

/** Without its last letter; '' when there was one. */
export function takeBack(open: string): string {
  const { initial, vowel, final } = partsOf(open);
  if (final !== '') return syllableOf(initial, vowel, HALVES.get(final)?.slice(0, 1) ?? '');
  if (vowel === '') return '';
  const half = HALVES.get(vowel)?.slice(0, 1);
  if (initial === '') return half ?? '';
  return half === undefined ? initial : syllableOf(initial, half);
}

function partsOf(open: string): { initial: string; vowel: string; final: string } {
  const code = open.charCodeAt(0);
  if (code >= FIRST_SYLLABLE && code <= LAST_SYLLABLE) {
    const at = code - FIRST_SYLLABLE;
    return {
      initial: INITIALS[Math.floor(at / (VOWELS.length * FINALS.length))] ?? '',
      vowel: VOWELS[Math.floor(at / FINALS.length) % VOWELS.length] ?? '',
      final: FINALS[at % FINALS.length]?.trim() ?? '',
    };
  }
  return { initial: INITIALS.includes(open) ? open : '', vowel: VOWELS.includes(open) ? open : '', final: '' };
}

function syllableOf(initial: string, vowel: string, final = ''): string {
  const at = INITIALS.indexOf(initial) * VOWELS.length + VOWELS.indexOf(vowel);
  return String.fromCharCode(FIRST_SYLLABLE + at * FINALS.length + (final === '' ? 0 : FINALS.indexOf(final)));
}
