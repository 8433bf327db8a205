import { command } from '../command.ts';

/** USER (RFC 1939 §7): whether there is such a user is told to nobody. */
export const user = command({
  name: 'USER',
  states: ['authorization'],
  capabilities: (session) => (session.maySendPassword ? ['USER'] : []),
  parse: (rest) => (rest === undefined || rest.trim() === '' ? undefined : rest.trim()),
  run(name, session) {
    if (!session.requirePrivacy()) return;
    session.userName = name;
    session.ok('Now the password');
  },
});
