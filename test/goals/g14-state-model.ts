/** G14: after every error, in every state, every command is answered as a model of the protocol says. */
import { createServer } from 'node:net';
import { ImapClient } from '../client/imap.ts';
import { Service } from '../service.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';
import { COMMANDS, ERRORS, type Move, type State, STATES } from './imap-model.ts';
import { vitest } from './vitest.ts';

/** Walks the SMTP cells: the model and the walk are a test of the SMTP session itself. */
const SMTP_WALK = 'src/protocols/smtp/state-model.test.ts';

export const goal: Goal = {
  id: 'G14',
  title: 'after every error, in every state, each command is answered as the model says',

  /** A server that says OK to everything. */
  async control() {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('* OK yes\r\n');
      socket.on('data', (chunk) => {
        for (const line of chunk.toString('latin1').trim().split('\r\n'))
          socket.write(`${line.split(' ')[0]} OK yes\r\n`);
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const { cells, wrong } = await walkImap(`127.0.0.1:${port}`, ['signed-in'], 4);
    server.close();
    return wrong.length > cells / 4 ? `${wrong.length} of ${cells} cells differ` : undefined;
  },

  async run({ form, folder, say }: GoalContext): Promise<GoalResult> {
    const smtp = await vitest(folder, ['--project', 'unit', SMTP_WALK]);
    say(`SMTP: ${smtp.tests.length} walks`);
    await using service = await Service.start();
    const each = byForm(form, { smoke: 4, quick: 1, full: 1 });
    const imap = await walkImap(service.at('imap'), STATES, each);
    say(`IMAP: ${imap.cells} cells`);
    return result({
      runs: imap.cells + smtp.tests.length,
      faults: imap.cells,
      violations: [...smtp.failures, ...several('IMAP cells differ from the model', imap.wrong)],
      figures: { smtpWalks: smtp.tests.length, imapCells: imap.cells },
    });
  },
};

/** Each state × each error × each command (every `each`th of them), on connections that are made new for each error. */
async function walkImap(address: string, states: readonly State[], each: number) {
  const wrong: string[] = [];
  let cells = 0;
  const waiting = states.flatMap((state) => ERRORS.map((error) => ({ state, error })));
  const work = async (lane: number): Promise<void> => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      for (const [i, next] of COMMANDS.entries()) {
        // Other ones for each error, so that a short walk meets every command, too.
        if ((i + ERRORS.indexOf(one.error)) % each !== 0) continue;
        cells++;
        const complaint = await cell(address, `model${lane}@mail.test`, one.state, one.error, next);
        if (complaint !== undefined) wrong.push(complaint);
      }
    }
  };
  await Promise.all([0, 1, 2, 3].map(work));
  return { cells, wrong };
}

async function cell(
  address: string,
  account: string,
  from: State,
  error: Move,
  next: Move,
): Promise<string | undefined> {
  await using imap = await ImapClient.connect(address, { timeoutMs: 15_000 });
  let state: State = 'connected';
  if (from !== 'connected') {
    await imap.login(account, 'pass');
    state = 'signed-in';
    if ((await imap.count('INBOX')) === 0) await imap.ok('APPEND INBOX ', Buffer.from('Subject: x\r\n\r\nx\r\n'));
  }
  if (from === 'selected' || from === 'examined') {
    await imap.ok(from === 'selected' ? 'SELECT INBOX' : 'EXAMINE INBOX');
    state = from;
  }
  const story: string[] = [from];
  for (const move of [error, next]) {
    const { may, after } = move.judge(state);
    const { status, text } = await imap.command(move.line);
    story.push(`'${move.line}' ${status}`);
    if (!may.includes(status)) return `${story.join(', ')} ${text}: the model says ${may.join(' or ')}`;
    if (after !== undefined && (status === 'OK' || move === error)) state = after;
  }
  const now = await stateOf(imap);
  return now === state ? undefined : `${story.join(', ')}: the session is ${now}, the model says ${state}`;
}

/** What the session is in, asked by commands that change nothing. */
async function stateOf(imap: ImapClient): Promise<State> {
  if ((await imap.command('NAMESPACE')).status !== 'OK') return 'connected';
  if ((await imap.command('CHECK')).status !== 'OK') return 'signed-in';
  return (await imap.command('STORE 1 +FLAGS.SILENT (\\Seen)')).status === 'OK' ? 'selected' : 'examined';
}
