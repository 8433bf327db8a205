import { command, nothing } from '../command.ts';

/** CAPA (RFC 2449 §5): derived from the registry. */
export const capa = command({
  name: 'CAPA',
  states: ['authorization', 'transaction'],
  parse: nothing,
  run(_args, session) {
    session.ok('What there is');
    session.write(`${session.capabilities.join('\r\n')}\r\n.\r\n`);
  },
});
