import { command } from '../command.ts';
import { expungeDeleted } from './expunge.ts';

/** CLOSE (RFC 3501 §6.4.2): expunges without telling, then unselects. */
export const close = command({
  name: 'CLOSE',
  states: ['selected'],
  parse: (d) => d.end(),
  async run(_args, session) {
    // Without the right to expunge it is UNSELECT (RFC 4314 §4).
    if (!session.selected.readOnly && session.selected.may('e')) await expungeDeleted(session);
    session.unselect();
    return 'CLOSE completed';
  },
});
