import type { SmtpCommand } from '../command.ts';

/** STARTTLS (RFC 3207). What was said before it is forgotten: anybody could have said it. */
export const starttls: SmtpCommand = {
  name: 'STARTTLS',
  states: ['ready'],
  argument: false,
  keywords: ({ connection, parts }) => (parts.identity === undefined || connection.secure ? [] : ['STARTTLS']),
  async run(_, session) {
    const { connection, parts } = session;
    if (connection.secure) return session.refuse({ code: 503, status: '5.5.1', text: 'TLS is on already' });
    if (parts.identity === undefined)
      return session.refuse({ code: 454, status: '4.7.0', text: 'TLS is not available' });
    session.reset();
    session.hello = undefined;
    session.user = undefined;
    await connection.startTls(parts.identity, '220 2.0.0 Go ahead\r\n');
  },
};
