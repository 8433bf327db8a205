import { type Command, SIGNED_IN, text } from '../command.ts';

/** DELETESCRIPT (RFC 5804 §2.10). */
export const deletescript: Command = {
  name: 'DELETESCRIPT',
  states: SIGNED_IN,
  arguments: ['string'],
  required: 1,
  async run([name], session) {
    await session.scripts.remove(session.account, text(name));
    session.ok('It is gone');
  },
};
