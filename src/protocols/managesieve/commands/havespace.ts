import { type Command, SIGNED_IN, text } from '../command.ts';

/** HAVESPACE (RFC 5804 §2.5): would a script of that size be taken? */
export const havespace: Command = {
  name: 'HAVESPACE',
  states: SIGNED_IN,
  arguments: ['string', 'number'],
  required: 2,
  async run([name, size], session) {
    await session.scripts.checkRoom(session.account, text(name), Number(size));
    session.ok('There is room');
  },
};
