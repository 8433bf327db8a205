import { command, nothing } from '../command.ts';

/** QUIT (RFC 1939 §4, §6): what was marked is deleted now, and the answer comes after that is durable. */
export const quit = command({
  name: 'QUIT',
  states: ['authorization', 'transaction'],
  parse: nothing,
  run: (_args, session) => session.quit(),
});
