import { ANY_STATE, command } from '../command.ts';

/** NOOP (RFC 3501 §6.1.2): what changed is told after it, what other nodes wrote included. */
export const noop = command({
  name: 'NOOP',
  states: ANY_STATE,
  parse: (d) => d.end(),
  async run(_args, session) {
    if (session.state !== 'not-authenticated') await session.refresh();
    return 'NOOP completed';
  },
});
