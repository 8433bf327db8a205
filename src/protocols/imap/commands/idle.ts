import { command, SIGNED_IN, whenSignedIn } from '../command.ts';
import { malformed } from '../wire/decoder.ts';

/** IDLE (RFC 2177): what changes is told as it happens, until DONE. */
export const idle = command({
  name: 'IDLE',
  states: SIGNED_IN,
  capabilities: whenSignedIn('IDLE'),
  parse: (d) => d.end(),
  async run(_args, session) {
    await session.refresh();
    const answer = session.line('idling');
    await using _idling = session.idle();
    const line = await answer;
    if (line.toString('latin1').toUpperCase() !== 'DONE') throw malformed('DONE expected');
    return 'IDLE completed';
  },
});
