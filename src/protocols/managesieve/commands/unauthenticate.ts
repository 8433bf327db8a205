import { type Command, SIGNED_IN } from '../command.ts';

/** UNAUTHENTICATE (RFC 5804 §2.14.1): another user may sign in on the same connection. */
export const unauthenticate: Command = {
  name: 'UNAUTHENTICATE',
  states: SIGNED_IN,
  arguments: [],
  required: 0,
  capabilities: () => [['UNAUTHENTICATE']],
  run(_args, session) {
    session.leave();
    session.ok('Nobody is signed in');
  },
};
