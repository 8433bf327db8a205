import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { malformed } from '../wire/decoder.ts';

/** What can be switched on. */
const EXTENSIONS: ReadonlySet<string> = new Set(['CONDSTORE', 'QRESYNC']);

/** ENABLE (RFC 5161; QRESYNC: RFC 7162 §3.2). What is not known is passed over. */
export const enable = command<readonly string[]>({
  name: 'ENABLE',
  states: SIGNED_IN,
  capabilities: whenSignedIn('ENABLE', 'QRESYNC'),
  parse(d) {
    const words: string[] = [];
    while (d.take(' ')) {
      if (words.length >= d.limits.list) throw malformed('list too long');
      words.push(d.word());
    }
    if (words.length === 0) throw malformed('extension expected');
    d.end();
    return words;
  },
  run(words, session) {
    const now = words.filter((word) => EXTENSIONS.has(word) && !session.enabled.has(word));
    for (const word of now) session.enabled.add(word);
    // It needs mod-sequences (RFC 7162 §3.2.3).
    if (session.enabled.has('QRESYNC')) session.enabled.add('CONDSTORE');
    session.out.line(`* ENABLED${now.map((word) => ` ${word}`).join('')}`);
    return 'ENABLE completed';
  },
});
