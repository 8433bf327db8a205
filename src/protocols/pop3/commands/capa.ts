import { command, nothing } from '../command.ts';

/** CAPA (RFC 2449 §5): derived from the registry. */
export const capa = command({
  name: 'CAPA',
  states: ['authorization', 'transaction'],
  parse: nothing,
  run: (_args, session) => session.write(`+OK What there is\r\n${session.capabilities.join('\r\n')}\r\n.\r\n`),
});
