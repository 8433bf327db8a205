import type { SmtpCommand } from '../command.ts';

/** RSET (RFC 5321 §4.1.1.5). */
export const rset: SmtpCommand = {
  name: 'RSET',
  argument: false,
  junk: true,
  run(_, session) {
    session.reset();
    session.reply(250, '2.0.0', 'Forgotten');
  },
};
