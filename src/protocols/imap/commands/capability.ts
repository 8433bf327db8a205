import { capabilityWords } from '../capability.ts';
import { ANY_STATE, command } from '../command.ts';

/** CAPABILITY (RFC 3501 §6.1.1). */
export const capability = command({
  name: 'CAPABILITY',
  states: ANY_STATE,
  parse: (d) => d.end(),
  run(_args, session) {
    session.out.line(`* CAPABILITY ${capabilityWords(session.facts)}`);
    return 'CAPABILITY completed';
  },
});
