import type { SmtpCommand } from '../command.ts';

/** NOOP (RFC 5321 §4.1.1.9). */
export const noop: SmtpCommand = {
  name: 'NOOP',
  junk: true,
  run: (_, session) => session.reply(250, '2.0.0', 'Still here'),
};
