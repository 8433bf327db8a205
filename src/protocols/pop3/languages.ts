/** The languages of the words in replies (RFC 6856 §3). What programs read, numbers and keywords, is the same in all of them. */
import { KOREAN } from './words-ko.ts';

export type Language = 'en' | 'ko';

/** As the language calls itself. */
export const LANGUAGES: ReadonlyMap<Language, string> = new Map([
  ['en', 'English'],
  ['ko', '한국어'],
]);

/** The one that a language range (RFC 4647 §2.1) asks for: `ko`, `ko-KR`, `*`. */
export function languageFor(range: string): Language | undefined {
  if (range === '*') return 'en';
  const primary = range.split('-', 1)[0]?.toLowerCase();
  return [...LANGUAGES.keys()].find((language) => language === primary);
}

/** Figures and keywords, which are passed on as they are. */
const KEPT = /[A-Z0-9]{2,}|[0-9]/g;

/** A reply's text, response code included, in another language; as it is where that has no words for it. */
export function inLanguage(text: string, language: Language): string {
  if (language === 'en') return text;
  const [, code = '', words = ''] = /^(\[[A-Z/-]+\] )?(.*)$/s.exec(text) ?? [];
  const kept: readonly string[] = words.match(KEPT) ?? [];
  const translated = KOREAN.get(words.replaceAll(KEPT, '#'));
  if (translated === undefined) return text;
  let next = 0;
  return code + translated.replaceAll('#', () => kept[next++] ?? '');
}
