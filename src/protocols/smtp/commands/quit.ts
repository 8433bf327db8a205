import type { SmtpCommand } from '../command.ts';

/** QUIT (RFC 5321 §4.1.1.10). */
export const quit: SmtpCommand = {
  name: 'QUIT',
  argument: false,
  run: (_, session) => session.end(221, '2.0.0', 'Goodbye'),
};
