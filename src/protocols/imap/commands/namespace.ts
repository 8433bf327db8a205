import { OTHERS } from '../places.ts';
import { command, SIGNED_IN, whenSignedIn } from '../command.ts';

/** NAMESPACE (RFC 2342): one's own mailboxes, and those that others share, `~address/path`. */
export const namespace = command({
  name: 'NAMESPACE',
  states: SIGNED_IN,
  capabilities: whenSignedIn('NAMESPACE'),
  parse: (d) => d.end(),
  run(_args, session) {
    session.out.line(`* NAMESPACE (("" "/")) (("${OTHERS}" "/")) NIL`);
    return 'NAMESPACE completed';
  },
});
