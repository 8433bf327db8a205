import { ANY_STATE, type Command } from '../command.ts';

/** CAPABILITY (RFC 5804 §2.4). */
export const capability: Command = {
  name: 'CAPABILITY',
  states: ANY_STATE,
  arguments: [],
  required: 0,
  run(_args, session) {
    session.writeCapabilities();
    session.ok('That is all');
  },
};
