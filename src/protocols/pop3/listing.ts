/** LIST and UIDL: the same command about two columns. */
import type { AnyCommand } from './command.ts';
import { command, messageNumber } from './command.ts';
import type { Drop } from './maildrop.ts';
import { words } from './wire/command-line.ts';

/** Lines that go out together. */
const LINES_AT_ONCE = 500;

export function listing(
  name: string,
  column: (maildrop: Drop, number: number) => string | number,
  capabilities: readonly string[],
): AnyCommand {
  return command<{ number: number | undefined }>({
    name,
    states: ['transaction'],
    capabilities: () => capabilities,
    parse(rest) {
      const [word, ...more] = words(rest);
      const number = messageNumber(word);
      return more.length > 0 || (word !== undefined && number === undefined) ? undefined : { number };
    },
    async run({ number }, session) {
      const { maildrop } = session;
      if (number !== undefined) {
        if (session.requireMessage(number)) session.ok(`${number} ${column(maildrop, number)}`);
        return;
      }
      session.ok(`${maildrop.count} messages`);
      let lines = '';
      for (let n = 1; n <= maildrop.last; n++) {
        if (maildrop.has(n)) lines += `${n} ${column(maildrop, n)}\r\n`;
        if (n % LINES_AT_ONCE !== 0) continue;
        await session.send(lines);
        lines = '';
      }
      session.write(`${lines}.\r\n`);
    },
  });
}
