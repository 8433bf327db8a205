/** G9: idle IMAP sessions and event streams are cheap, the rest stays quick beside them, and all hear of a mail soon. */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { loadAccounts } from '../load/message.ts';
import { memory, quantiles, round } from '../proc.ts';
import { Service } from '../service.ts';
import { PATIENCE_MS } from '../support/until.ts';
import { atMost, byForm, inTime, type Goal, type GoalContext, type GoalResult, result } from './goal.ts';
import type { IdleArguments, IdleReport } from './idle-clients.ts';

const KIB_EACH = 40;
const NOOP_P99_MS = 200;
const REACHED_MS = 5_000;
/** One process cannot hold more connections than it may open files. */
const PER_PROCESS = 2_500;

interface Watched {
  readonly pid: number;
  readonly imap: string;
  readonly http: string | undefined;
  readonly smtp: string | undefined;
}

interface Figures {
  readonly idle: number;
  readonly streams: number;
  readonly privateKiBEach: number;
  readonly noopMs: { readonly p50: number; readonly p99: number; readonly max: number };
  /** From the 250 for the one mail until so many connections heard of it. */
  readonly reachedMs: number;
  readonly reached: number;
}

export const goal: Goal = {
  id: 'G9',
  title: 'idle connections cost at most 40 KiB each, and all hear of a new mail within 5 s',

  async control() {
    const child = spawn(process.execPath, [new URL('sabotage/fat-server.ts', import.meta.url).pathname], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      const fat: Watched = { pid: child.pid as number, imap: line.trim(), http: undefined, smtp: undefined };
      const { privateKiBEach } = await measured(fat, 300, 0);
      return privateKiBEach > KIB_EACH ? `${privateKiBEach} KiB each` : undefined;
    } finally {
      child.kill();
    }
  },

  async run({ form }: GoalContext): Promise<GoalResult> {
    const idle = byForm(form, { smoke: 600, quick: 2_000, full: 10_000 });
    const streams = byForm(form, { smoke: 100, quick: 400, full: 2_000 });
    await using service = await Service.start();
    const { pid, listening } = service;
    const figures = await measured(
      { pid, imap: service.at('imap'), http: listening.http, smtp: service.at('smtp') },
      idle,
      streams,
    );
    const { privateKiBEach, noopMs, reached, reachedMs } = figures;
    const violations = [
      ...(!atMost(form, privateKiBEach, KIB_EACH) ? [`${privateKiBEach} KiB each, ${KIB_EACH} are allowed`] : []),
      ...(!inTime(form, noopMs.p99, NOOP_P99_MS) ? [`p99 of NOOP ${noopMs.p99} ms, ${NOOP_P99_MS} are allowed`] : []),
      ...(!inTime(form, reachedMs, REACHED_MS) ? [`all heard of the mail after ${reachedMs} ms`] : []),
      ...(reached < idle + streams ? [`${reached} of ${idle + streams} heard of the mail in ${reachedMs} ms`] : []),
    ];
    return result({ runs: 1, faults: 0, violations, figures: { ...figures } });
  },
};

async function measured(watched: Watched, idle: number, streams: number): Promise<Figures> {
  const accounts = loadAccounts(Math.min(100, Math.ceil(idle / 20)), 'mail.test');
  // Each account is opened once before, so that its index is not counted as a connection's.
  const first = await Fleet.open(watched, accounts, accounts.length, 0);
  await sleep(500);
  const before = memory([watched.pid]).private;
  await using fleet = await Fleet.open(watched, accounts, idle, streams);
  await sleep(1_500);
  const after = memory([watched.pid]).private;
  const noops: number[] = [];
  await using imap = await ImapClient.connect(watched.imap);
  await imap.login(accounts[0] as string, 'pass');
  for (let i = 0; i < 300; i++) {
    const begun = performance.now();
    await imap.ok('NOOP');
    noops.push(performance.now() - begun);
  }
  let reachedMs = 0;
  if (watched.smtp !== undefined) {
    await using smtp = await SmtpClient.connect(watched.smtp);
    const raw = Buffer.from('Message-ID: <one@client.test>\r\nSubject: one for all\r\n\r\nnews\r\n');
    const [reply] = await smtp.send('sender@client.test', accounts, raw);
    if (reply?.code !== 250) throw new Error(`the mail was answered ${reply?.code}`);
    const begun = performance.now();
    while (fleet.reached < idle + streams && performance.now() - begun < PATIENCE_MS) await sleep(10);
    reachedMs = Math.round(performance.now() - begun);
  }
  await first[Symbol.asyncDispose]();
  return {
    idle,
    streams,
    privateKiBEach: round((after - before) / (idle + streams), 1),
    noopMs: quantiles(noops),
    reachedMs,
    reached: fleet.reached,
  };
}

/** The processes that hold the connections. */
class Fleet implements AsyncDisposable {
  readonly #children: readonly ChildProcess[];
  readonly #reached = new Map<ChildProcess, number>();

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children;
  }

  static async open(
    { imap, http }: Watched,
    accounts: readonly string[],
    idle: number,
    streams: number,
  ): Promise<Fleet> {
    const processes = Math.ceil((idle + streams) / PER_PROCESS);
    const share = (total: number, i: number): number =>
      Math.floor((total * (i + 1)) / processes) - Math.floor((total * i) / processes);
    const children = Array.from({ length: processes }, (_, i) => {
      const args: IdleArguments = {
        imap,
        http,
        accounts,
        password: 'pass',
        idle: share(idle, i),
        streams: share(streams, i),
      };
      return fork(new URL('idle-clients.ts', import.meta.url).pathname, [JSON.stringify(args)]);
    });
    const fleet = new Fleet(children);
    const ready = children.map(
      (child) =>
        new Promise<void>((resolve, reject) => {
          child.on('message', (message) => {
            const { ready: isReady, failed, reached } = message as IdleReport;
            if (isReady) resolve();
            if (failed !== undefined) reject(new Error(failed));
            if (reached !== undefined) fleet.#reached.set(child, reached);
          });
          child.once('exit', () => reject(new Error('a client process ended')));
        }),
    );
    try {
      await Promise.all(ready);
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
    return fleet;
  }

  get reached(): number {
    return [...this.#reached.values()].reduce((sum, count) => sum + count, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, 'exit');
        child.kill();
        await ended;
      }),
    );
  }
}
