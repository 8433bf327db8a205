import { command, messageNumber } from '../command.ts';
import { words } from '../wire/command-line.ts';
import { top as topOf } from '../wire/multiline.ts';

/** TOP (RFC 1939 §7). */
export const top = command({
  name: 'TOP',
  states: ['transaction'],
  capabilities: () => ['TOP'],
  parse(rest) {
    const [word, count, ...more] = words(rest);
    const number = messageNumber(word);
    const lines = messageNumber(count);
    return number === undefined || lines === undefined || more.length > 0 ? undefined : { number, lines };
  },
  async run({ number, lines }, session) {
    if (!session.requireMessage(number)) return;
    const body = await session.maildrop.body(number);
    await session.sendMessage('The top of it', topOf(body.stream(), lines));
  },
});
