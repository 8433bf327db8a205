import { command, nothing } from '../command.ts';

/** RSET (RFC 1939 §5): nothing is marked as deleted any more. */
export const rset = command({
  name: 'RSET',
  states: ['transaction'],
  parse: nothing,
  run(_args, session) {
    session.maildrop.unmarkAll();
    session.ok(`${session.maildrop.count} messages`);
  },
});
