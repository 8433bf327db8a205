import { command } from '../command.ts';
import { languageFor, LANGUAGES } from '../languages.ts';
import { words } from '../wire/command-line.ts';

/** LANG (RFC 6856 §3): the language of what people read. */
export const lang = command<{ range: string | undefined }>({
  name: 'LANG',
  states: ['authorization', 'transaction'],
  capabilities: () => ['LANG'],
  parse(rest) {
    const [range, ...more] = words(rest);
    return more.length > 0 ? undefined : { range };
  },
  run({ range }, session) {
    if (range === undefined) {
      session.ok('These languages');
      for (const [language, name] of LANGUAGES) session.write(`${language} ${name}\r\n`);
      return session.write('.\r\n');
    }
    const language = languageFor(range);
    if (language === undefined) return session.error('That language is not there');
    session.language = language;
    session.ok('This language it is', language);
  },
});
