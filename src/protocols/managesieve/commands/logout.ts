import { ANY_STATE, type Command } from '../command.ts';

/** LOGOUT (RFC 5804 §2.3). */
export const logout: Command = {
  name: 'LOGOUT',
  states: ANY_STATE,
  arguments: [],
  required: 0,
  run(_args, session) {
    session.ok('Good-bye');
    session.end();
  },
};
