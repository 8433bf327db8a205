import { command, whenSignedIn } from '../command.ts';

/** UNSELECT (RFC 3691). */
export const unselect = command({
  name: 'UNSELECT',
  states: ['selected'],
  capabilities: whenSignedIn('UNSELECT'),
  parse: (d) => d.end(),
  run(_args, session) {
    session.unselect();
    return 'UNSELECT completed';
  },
});
