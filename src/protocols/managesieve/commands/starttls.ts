import { type Command, NOT_SIGNED_IN } from '../command.ts';

/** STARTTLS (RFC 5804 §2.2). Whatever was said before the handshake is forgotten; the capabilities follow anew. */
export const starttls: Command = {
  name: 'STARTTLS',
  states: NOT_SIGNED_IN,
  arguments: [],
  required: 0,
  capabilities: (session) => (session.mayStartTls ? [['STARTTLS']] : []),
  async run(_args, session) {
    if (!session.mayStartTls) return session.no('TLS is not to be had here, or on already');
    await session.startTls('OK "Begin TLS"\r\n');
    session.writeCapabilities();
    session.ok('TLS is on');
  },
};
