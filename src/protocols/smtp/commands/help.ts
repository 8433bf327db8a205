import type { SmtpCommand } from '../command.ts';

/** HELP (RFC 5321 §4.1.1.8). */
export const help: SmtpCommand = {
  name: 'HELP',
  junk: true,
  run(_, session) {
    const names = Array.from(session.commands, ({ name }) => name).join(' ');
    session.reply(214, '2.0.0', names);
  },
};
