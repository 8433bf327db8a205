import { command, nothing } from '../command.ts';

/** STAT (RFC 1939 §5). */
export const stat = command({
  name: 'STAT',
  states: ['transaction'],
  parse: nothing,
  run: (_args, session) => session.ok(`${session.maildrop.count} ${session.maildrop.bytes}`),
});
