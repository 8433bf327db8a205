import { command, nothing } from '../command.ts';

/** UTF8 (RFC 6856 §2): the client understands messages as they are. */
export const utf8 = command({
  name: 'UTF8',
  states: ['authorization'],
  capabilities: () => ['UTF8'],
  parse: nothing,
  run(_args, session) {
    session.utf8 = true;
    session.ok('UTF8 it is');
  },
});
