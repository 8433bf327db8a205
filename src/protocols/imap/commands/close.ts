import { command } from '../command.ts';
import { expungeDeleted } from './expunge.ts';

/** CLOSE (RFC 3501 §6.4.2): expunges without telling, then unselects. */
export const close = command({
  name: 'CLOSE',
  states: ['selected'],
  parse: (d) => d.end(),
  async run(_args, session) {
    if (!session.selected.readOnly) await expungeDeleted(session);
    session.unselect();
    return 'CLOSE completed';
  },
});
