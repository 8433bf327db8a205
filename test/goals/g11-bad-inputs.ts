/** G11: every named bad input is answered as its fixture says, and the service is as well afterwards as before. */
import { createServer, type Server } from 'node:net';
import { ImapClient } from '../client/imap.ts';
import { memory } from '../proc.ts';
import { pabal, Service } from '../service.ts';
import { type BadInput, readBadInputs, runBadInput, type Targets } from './bad-input.ts';
import { type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

/** Growth of the whole service over all inputs that is still no leak: each has an account of its own, which stays in memory. */
const GROWTH_KIB = 320 * 1024;

/** Fixtures that are promised. */
const FIXTURES = 2_000;
/** Of so many the smoke form runs one. */
const SAMPLE = 32;

export const goal: Goal = {
  id: 'G11',
  title: 'every named bad input is answered as expected',

  /** A server that says yes to everything must fail nearly all of them. */
  async control() {
    const yes = await yesServer();
    const port = `127.0.0.1:${(yes.address() as { port: number }).port}`;
    const inputs = readBadInputs()
      .filter((input) => input.protocol === 'smtp' && input.send.length < 1_000)
      // It never hangs up: who waits for that waits long.
      .filter((input) => !input.expect.some((expected) => /^\.\.\.|^closed/.test(expected)))
      .slice(0, 200);
    const failed = await runAll(inputs, { at: { smtp: port } });
    yes.close();
    return failed.length > inputs.length / 2 ? `${failed.length} of ${inputs.length} answers were wrong` : undefined;
  },

  async run({ form, say }: GoalContext): Promise<GoalResult> {
    // Names of files that run are sent as well: what is accepted is looked for in the mailbox.
    await using service = await Service.start({ set: { 'viruses.executables': 'accept' } });
    // What trusts its peers is another service: this one must not.
    await using trusting = await Service.start({ set: { 'listen.proxy_from': '["127.0.0.0/8"]' } });
    await pabal(['account', 'add', 'someone@mail.test', '--data', trusting.data]);
    const all = readBadInputs();
    // The smoke form takes a sample of every file, and nothing that is megabytes or waits; the others leave out nothing.
    const quick = all.filter((input) => input.send.length < 200_000 && !input.slow);
    const inputs = form === 'smoke' ? quick.filter((_, i) => i % SAMPLE === 0) : all;
    const targets: Targets = { at: service.listening, proxy: trusting.at('smtp'), data: trusting.data };
    await ImapClient.connect(service.at('imap')).then((imap) => imap.logout());
    const before = memory([service.pid]).pss;
    const failed = await runAll(inputs, targets);
    const grown = memory([service.pid]).pss - before;
    for (const text of failed) say(text);
    const violations = [
      ...(all.length < FIXTURES ? [`there are ${all.length} fixtures, ${FIXTURES} are promised`] : []),
      ...several('answers are not as expected', failed),
      ...(service.running && trusting.running ? [] : ['a service ended']),
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

export async function runAll(inputs: readonly BadInput[], targets: Targets, parallel = 8): Promise<readonly string[]> {
  const failed: string[] = [];
  const waiting = inputs.map((input, i) => ({ input, account: `bad${i}@mail.test` }));
  const work = async (): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const complaint = await runBadInput(one.input, targets, one.account);
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
