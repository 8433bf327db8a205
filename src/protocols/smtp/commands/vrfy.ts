import type { SmtpCommand } from '../command.ts';

/** VRFY (RFC 5321 §3.5.3): says nothing about who is here. */
export const vrfy: SmtpCommand = {
  name: 'VRFY',
  argument: true,
  junk: true,
  run: (_, session) => session.reply(252, '2.1.5', 'Send the mail, and you will see'),
};
