import { command, messageNumber } from '../command.ts';

/** Bytes that are read before any is sent. */
const WHOLE = 64 * 1024;

/** RETR (RFC 1939 §5). */
export const retr = command({
  name: 'RETR',
  states: ['transaction'],
  parse: messageNumber,
  async run(number, session) {
    if (!session.requireMessage(number)) return;
    const body = await session.maildrop.body(number);
    const first = `${body.size} octets`;
    if (body.size <= WHOLE) session.sendWhole(first, await body.bytes());
    else await session.sendMessage(first, body.stream());
    session.maildrop.markFetched(number);
  },
});
