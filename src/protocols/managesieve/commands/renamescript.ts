import { type Command, SIGNED_IN, text } from '../command.ts';

/** RENAMESCRIPT (RFC 5804 §2.11). The active script stays active. */
export const renamescript: Command = {
  name: 'RENAMESCRIPT',
  states: SIGNED_IN,
  arguments: ['string', 'string'],
  required: 2,
  async run([name, to], session) {
    await session.scripts.rename(session.account, text(name), text(to));
    session.ok('It has its new name');
  },
};
