/** G11: every named bad input is answered as its fixture says, and the service is as well afterwards as before. */
import { createServer, type Server } from 'node:net';
import { ImapClient } from '../client/imap.ts';
import { memory } from '../proc.ts';
import { Service } from '../service.ts';
import { type Addresses, type BadInput, readBadInputs, runBadInput } from './bad-input.ts';
import { type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

/** Growth of the whole service over all inputs that is still no leak. */
const GROWTH_KIB = 160 * 1024;

export const goal: Goal = {
  id: 'G11',
  title: 'every named bad input is answered as expected',

  /** A server that says yes to everything must fail nearly all of them. */
  async control() {
    const yes = await yesServer();
    const port = `127.0.0.1:${(yes.address() as { port: number }).port}`;
    const inputs = readBadInputs().filter((input) => input.protocol === 'smtp' && input.send.length < 1_000);
    const failed = await runAll(inputs, { smtp: port });
    yes.close();
    return failed.length > inputs.length / 2 ? `${failed.length} of ${inputs.length} answers were wrong` : undefined;
  },

  async run({ form, say }: GoalContext): Promise<GoalResult> {
    await using service = await Service.start();
    const all = readBadInputs();
    // The smoke form leaves out what takes megabytes; the others leave out nothing.
    const inputs = form === 'smoke' ? all.filter((input) => input.send.length < 200_000) : all;
    const at: Addresses = service.listening;
    await ImapClient.connect(service.at('imap')).then((imap) => imap.logout());
    const before = memory([service.pid]).pss;
    const failed = await runAll(inputs, at);
    const grown = memory([service.pid]).pss - before;
    for (const text of failed) say(text);
    const violations = [
      ...several('answers are not as expected', failed),
      ...(service.running ? [] : ['the service ended']),
      ...(grown > GROWTH_KIB ? [`the service grew by ${Math.round(grown / 1024)} MiB`] : []),
    ];
    const rows = new Set(inputs.map((input) => input.row).filter((row) => row !== undefined));
    return result({
      runs: inputs.length,
      faults: inputs.length,
      violations,
      figures: {
        fixtures: inputs.length,
        asExpected: inputs.length - failed.length,
        rows: [...rows].sort(),
        grownMiB: Math.round(grown / 1024),
      },
    });
  },
};

export async function runAll(inputs: readonly BadInput[], at: Addresses, parallel = 8): Promise<readonly string[]> {
  const failed: string[] = [];
  const waiting = inputs.map((input, i) => ({ input, account: `bad${i}@mail.test` }));
  const work = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const complaint = await runBadInput(one.input, at, one.account);
      if (complaint !== undefined) failed.push(`${one.input.file} '${one.input.name}': ${complaint}`);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return failed;
}

function yesServer(): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write('220 yes\r\n');
    socket.on('data', (chunk) => {
      const lines = chunk.toString('latin1').split('\n').length - 1;
      for (let i = 0; i < lines; i++)
        socket.write(/^DATA/i.test(chunk.toString('latin1')) ? '354 yes\r\n' : '250 yes\r\n');
    });
  });
  return new Promise((resolve) => void server.listen(0, '127.0.0.1', () => resolve(server)));
}
