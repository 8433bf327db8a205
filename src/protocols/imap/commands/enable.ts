import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { malformed } from '../wire/decoder.ts';

/** What can be switched on, as it is spelled. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map(
  ['IMAP4rev2', 'CONDSTORE', 'QRESYNC', 'UTF8=ACCEPT', 'UIDONLY'].map((name) => [name.toUpperCase(), name]),
);

/**
 * ENABLE (RFC 5161; IMAP4rev2: RFC 9051 §6.3.1, QRESYNC: RFC 7162 §3.2, UTF8=ACCEPT: RFC 9755, UIDONLY: RFC 9586). What is not known is passed
 * over.
 */
export const enable = command<readonly string[]>({
  name: 'ENABLE',
  states: SIGNED_IN,
  capabilities: whenSignedIn('ENABLE', 'QRESYNC', 'UTF8=ACCEPT', 'UIDONLY'),
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
    for (const word of now) session.enable(word);
    session.out.line(`* ENABLED${now.map((word) => ` ${EXTENSIONS.get(word)}`).join('')}`);
    return 'ENABLE completed';
  },
});
