import { type Command, SIGNED_IN, text } from '../command.ts';
import { literal } from '../wire/string.ts';

/** GETSCRIPT (RFC 5804 §2.9). */
export const getscript: Command = {
  name: 'GETSCRIPT',
  states: SIGNED_IN,
  arguments: ['string'],
  required: 1,
  async run([name], session) {
    const source = await session.scripts.source(session.account, text(name));
    session.write(`${literal(source)}\r\n`);
    session.ok('That is it');
  },
};
