import { command } from '../command.ts';

/** PASS (RFC 1939 §7): everything after the space is the password, spaces too. */
export const pass = command({
  name: 'PASS',
  states: ['authorization'],
  parse: (rest) => rest,
  async run(password, session) {
    if (!session.requirePrivacy()) return;
    const name = session.userName;
    session.userName = undefined;
    if (name === undefined) session.error('USER comes first');
    else await (await session.byPassword(name, password))();
  },
});
