import { command, messageNumber } from '../command.ts';

/** DELE (RFC 1939 §5): marks; the message goes when the client says QUIT. */
export const dele = command({
  name: 'DELE',
  states: ['transaction'],
  parse: messageNumber,
  run(number, session) {
    if (!session.requireMessage(number)) return;
    session.maildrop.markDeleted(number);
    session.ok(`Message ${number} will be deleted`);
  },
});
