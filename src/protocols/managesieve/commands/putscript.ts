import { type Command, SIGNED_IN, text } from '../command.ts';

/** PUTSCRIPT (RFC 5804 §2.6). A script that is not valid changes nothing. */
export const putscript: Command = {
  name: 'PUTSCRIPT',
  states: SIGNED_IN,
  arguments: ['string', 'string'],
  required: 2,
  async run([name, source], session) {
    await session.scripts.put(session.account, text(name), text(source));
    session.ok('It is stored');
  },
};
