import { ANY_STATE, command } from '../command.ts';

/** LOGOUT (RFC 3501 §6.1.3). */
export const logout = command({
  name: 'LOGOUT',
  states: ANY_STATE,
  parse: (d) => d.end(),
  run(_args, session) {
    session.out.line('* BYE Goodbye');
    session.end();
    return 'LOGOUT completed';
  },
});
