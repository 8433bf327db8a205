import { command, nothing } from '../command.ts';

/** STLS (RFC 2595 §4). Whatever was said before the handshake is forgotten. */
export const stls = command({
  name: 'STLS',
  states: ['authorization'],
  capabilities: (session) => (session.mayStartTls ? ['STLS'] : []),
  parse: nothing,
  async run(_args, session) {
    if (!session.mayStartTls) session.error('TLS is not to be had here, or on already');
    // RFC 6856 §2.1.
    else if (session.utf8) session.error('STLS is not to be had after UTF8');
    else await session.startTls('Begin TLS');
  },
});
