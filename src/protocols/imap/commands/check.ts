import { command } from '../command.ts';

/** CHECK (RFC 3501 §6.4.1): everything acknowledged is on disk already. */
export const check = command({
  name: 'CHECK',
  states: ['selected'],
  parse: (d) => d.end(),
  async run(_args, session) {
    await session.refresh();
    return 'CHECK completed';
  },
});
