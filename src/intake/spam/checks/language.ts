/** A mail in a script that nobody here reads. Which language it is within a script, nobody guesses. */
import { point, type SpamCheck } from '../check.ts';

const SCRIPTS: readonly (readonly [name: string, pattern: RegExp, languages: readonly string[]])[] = [
  ['Korean', /\p{Script=Hangul}/gu, ['ko']],
  ['Japanese', /[\p{Script=Hiragana}\p{Script=Katakana}]/gu, ['ja']],
  ['Chinese', /\p{Script=Han}/gu, ['zh', 'ja', 'ko']],
  ['Cyrillic', /\p{Script=Cyrillic}/gu, ['ru', 'uk', 'be', 'bg', 'sr', 'mk', 'kk', 'ky', 'mn', 'tg']],
  ['Arabic', /\p{Script=Arabic}/gu, ['ar', 'fa', 'ur', 'ps', 'ug']],
  ['Hebrew', /\p{Script=Hebrew}/gu, ['he', 'yi']],
  ['Thai', /\p{Script=Thai}/gu, ['th']],
  ['Greek', /\p{Script=Greek}/gu, ['el']],
  ['Devanagari', /\p{Script=Devanagari}/gu, ['hi', 'mr', 'ne', 'sa']],
];
const LOOKED_AT = 20_000;
/** Fewer letters say nothing. */
const ENOUGH = 40;

export const language: SpamCheck = {
  name: 'language',
  run({ mail, rules }) {
    if (rules.languages.length === 0) return [];
    const sample = `${mail.envelope.subject}\n${mail.text}`.slice(0, LOOKED_AT);
    const letters = sample.match(/\p{L}/gu)?.length ?? 0;
    if (letters < ENOUGH) return [];
    for (const [name, pattern, languages] of SCRIPTS) {
      const share = (sample.match(pattern)?.length ?? 0) / letters;
      // Japanese is told by its Kana, which are a third of it.
      if (share < (name === 'Japanese' ? 0.2 : 0.5)) continue;
      if (languages.some((one) => rules.languages.includes(one))) return [];
      return [point('FOREIGN_SCRIPT', 2, `it is written in a script (${name}) that is not read here`)];
    }
    return [];
  },
};
