import { command, messageNumber } from '../command.ts';

/** RETR (RFC 1939 §5). */
export const retr = command({
  name: 'RETR',
  states: ['transaction'],
  parse: messageNumber,
  async run(number, session) {
    if (!session.requireMessage(number)) return;
    const body = await session.maildrop.body(number);
    await session.sendMessage(`+OK ${body.size} octets\r\n`, body.stream());
    session.maildrop.markFetched(number);
  },
});
