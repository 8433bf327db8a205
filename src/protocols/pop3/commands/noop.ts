import { command, nothing } from '../command.ts';

/** NOOP (RFC 1939 §5). */
export const noop = command({
  name: 'NOOP',
  states: ['transaction'],
  parse: nothing,
  run: (_args, session) => session.ok('Here'),
});
