import { type Command, SIGNED_IN } from '../command.ts';
import { string } from '../wire/string.ts';

/** LISTSCRIPTS (RFC 5804 §2.7). */
export const listscripts: Command = {
  name: 'LISTSCRIPTS',
  states: SIGNED_IN,
  arguments: [],
  required: 0,
  async run(_args, session) {
    for (const { name, active } of await session.scripts.list(session.account))
      session.write(`${string(name)}${active ? ' ACTIVE' : ''}\r\n`);
    session.ok('These are all');
  },
};
