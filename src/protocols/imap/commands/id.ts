import { ANY_STATE, command } from '../command.ts';
import { malformed } from '../wire/decoder.ts';

/** Pairs, and bytes of a field's name and of its value (RFC 2971 §3.3). */
const PAIRS = 30;
const NAME = 30;
const VALUE = 1024;

/** ID (RFC 2971). */
export const id = command<ReadonlyMap<string, string>>({
  name: 'ID',
  states: ANY_STATE,
  capabilities: [{ word: 'ID', when: () => true }],
  parse(d) {
    const fields = new Map<string, string>();
    d.sp();
    if (d.next('(')) {
      let name: string | undefined;
      d.list(() => {
        if (name === undefined) {
          name = d.string().toString();
          if (name.length > NAME || fields.size >= PAIRS) throw malformed('too much to say');
          return;
        }
        const value = d.nstring()?.toString() ?? '';
        if (value.length > VALUE) throw malformed('too much to say');
        fields.set(name.toLowerCase(), value);
        name = undefined;
      });
      if (name !== undefined) throw malformed('a field without a value');
    } else if (d.nstring() !== undefined) throw malformed("'(' expected");
    d.end();
    return fields;
  },
  run(fields, session) {
    session.connection.log.debug({ client: Object.fromEntries(fields) }, 'an IMAP client names itself');
    session.out.text('* ID ("name" "Pabal" "version" ').string(session.services.version).line(')');
    return 'ID completed';
  },
});
