/**
 * G14, E1: after every error, in every state, every command is answered as a model of the protocol says; and so is whatever several
 * sessions do to one account at once, over kills of the service.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapClient } from '../client/imap.ts';
import { Service } from '../service.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';
import { COMMANDS, ERRORS, type Move, type State, STATES } from './imap-model.ts';
import { StressLedger } from './imap-ledger.ts';
import { settle, share, stress } from './imap-stress.ts';
import { vitest } from './vitest.ts';

/** Walks the SMTP cells: the model and the walk are a test of the SMTP session itself. */
const SMTP_WALK = 'src/protocols/smtp/state-model.test.ts';

export const goal: Goal = {
  id: 'G14',
  title: 'after every error, in every state, and among other sessions, each command is answered as the model says',

  /** A server that says OK to everything, and one that keeps every third EXPUNGE to itself. */
  async control({ seed }) {
    const secret = await stressed({ seed, sessions: 3, rounds: 1, seconds: 2, secretive: true });
    if (secret.complaints.length === 0) return undefined;
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
    return wrong.length > cells / 4 ? `${wrong.length} of ${cells} cells differ; ${secret.complaints[0]}` : undefined;
  },

  async run({ form, folder, seed, say }: GoalContext): Promise<GoalResult> {
    // Where a smoke run belongs, in `npm test`, these are among the unit tests anyway.
    const smtp =
      form === 'smoke' ? { tests: [], failures: [] } : await vitest(folder, ['--project', 'unit', SMTP_WALK]);
    say(`SMTP: ${smtp.tests.length} walks`);
    await using service = await Service.start();
    const each = byForm(form, { smoke: 4, quick: 1, full: 1 });
    const imap = await walkImap(service.at('imap'), STATES, each);
    say(`IMAP: ${imap.cells} cells`);
    const { sessions, others, rounds, seconds } = byForm(form, {
      smoke: { sessions: 4, others: 0, rounds: 1, seconds: 5 },
      quick: { sessions: 8, others: 4, rounds: 2, seconds: 30 },
      full: { sessions: 10, others: 10, rounds: 20, seconds: 30 },
    });
    const wild = await stressed({ seed, sessions, others, rounds, seconds });
    say(`stress: ${wild.commands} commands, ${wild.created} messages and copies`);
    return result({
      runs: imap.cells + smtp.tests.length,
      faults: imap.cells,
      acked: wild.created,
      violations: [
        ...smtp.failures,
        ...several('IMAP cells differ from the model', imap.wrong),
        ...several('complaints of sessions at the same account (E1)', wild.complaints),
      ],
      figures: {
        smtpWalks: smtp.tests.length,
        imapCells: imap.cells,
        stressSessions: sessions,
        stressOtherAccounts: others,
        stressKills: rounds - 1,
        stressCommands: wild.commands,
        stressCreated: wild.created,
      },
    });
  },
};

interface Stressed {
  readonly seed: number;
  readonly sessions: number;
  /** Accounts with two sessions each, beside the one that has `sessions`. */
  readonly others?: number;
  /** The service is killed between them. */
  readonly rounds: number;
  /** Of each round. */
  readonly seconds: number;
  /** Every third EXPUNGE is kept from the sessions. */
  readonly secretive?: boolean;
}

interface Wild {
  readonly complaints: readonly string[];
  readonly commands: number;
  /** Messages and copies. */
  readonly created: number;
}

/** One account with all the sessions, and `others` with two sessions each. */
async function stressed({ seed, sessions, others = 0, rounds, seconds, secretive }: Stressed): Promise<Wild> {
  const crowds = Array.from({ length: others + 1 }, (_, i) => ({
    account: `stress${i}@mail.test`,
    sessions: i === 0 ? sessions : 2,
    ledger: new StressLedger(),
  }));
  const complaints = (): readonly string[] => crowds.flatMap(({ ledger }) => ledger.complaints);
  let expunges = 0;
  const tamper = (text: string): string | undefined =>
    text.endsWith(' EXPUNGE') && ++expunges % 3 === 0 ? undefined : text;
  const data = await mkdtemp(join(tmpdir(), 'pabal-stress-'));
  try {
    for (let round = 0; round < rounds; round++) {
      await using service = await Service.start({ data });
      const address = service.at('imap');
      for (const { account, ledger } of crowds) {
        await share(address, account);
        // What the kill left.
        if (round > 0) await settle(address, account, ledger);
      }
      const ending = new AbortController();
      const running = crowds.map((crowd, i) =>
        stress({
          ...crowd,
          address,
          seed: (seed * 100 + round) * 100 + i,
          until: ending.signal,
          ...(secretive === true && { tamper }),
        }),
      );
      await sleep(seconds * 1000);
      // On a slow machine it takes longer until somebody needs what was kept from him.
      for (let more = 0; secretive === true && complaints().length === 0 && more < 60; more++) await sleep(1000);
      ending.abort();
      if (round < rounds - 1) await service.kill();
      await Promise.all(running);
      if (round === rounds - 1) for (const { account, ledger } of crowds) await settle(address, account, ledger);
    }
  } finally {
    await rm(data, { recursive: true, force: true });
  }
  const sum = (of: (ledger: StressLedger) => number): number => crowds.reduce((n, { ledger }) => n + of(ledger), 0);
  return {
    complaints: complaints(),
    commands: sum(({ commands }) => commands),
    created: sum(({ created }) => created.size),
  };
}

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
  await using imap = await ImapClient.connect(address);
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
