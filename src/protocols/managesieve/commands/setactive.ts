import { type Command, SIGNED_IN, text } from '../command.ts';

/** SETACTIVE (RFC 5804 §2.8). '' makes none active. */
export const setactive: Command = {
  name: 'SETACTIVE',
  states: SIGNED_IN,
  arguments: ['string'],
  required: 1,
  async run([name], session) {
    await session.scripts.activate(session.account, text(name));
    session.ok(text(name) === '' ? 'No script is active' : 'It is active');
  },
};
