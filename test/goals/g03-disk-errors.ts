/** G3: a disk that fails a write or a sync, or has no room left, costs nothing that was acknowledged. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { ImapClient } from '../client/imap.ts';
import { SmtpClient } from '../client/smtp.ts';
import { FaultRun } from '../lab/fault-run.ts';
import { imagesMissing, makeImage, Mounted } from '../lab/image.ts';
import { startInLab } from '../lab/lab-service.ts';
import { checkLedger, isClean } from '../load/check.ts';
import { Ledger, readLedger } from '../load/ledger.ts';
import { smtpLoad } from '../load/smtp-load.ts';
import { pabal, Service } from '../service.ts';
import { PATIENCE_MS } from '../support/until.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';
import { straceMissing } from './strace.ts';

/** What strace makes fail, once in each thread: the next call of that thread would work, as it does on a real disk. */
interface Spot {
  readonly calls: string;
  readonly error: 'EIO' | 'ENOSPC';
  readonly when: number;
  /** Nothing may be accepted any more afterwards. `false`: only what needed the call is refused. `undefined`: one or the
   * other, as it is LMDB that was hit or not. */
  readonly fatal: boolean | undefined;
}

const SYNCS = 'fsync,fdatasync,msync';
/** LMDB's writes, and those that make room for them. */
const WRITES = 'pwrite64,pwritev';

const SPOTS: readonly Spot[] = [
  { calls: SYNCS, error: 'EIO', when: 1, fatal: true },
  { calls: WRITES, error: 'EIO', when: 2, fatal: true },
  { calls: SYNCS, error: 'EIO', when: 2, fatal: true },
  { calls: SYNCS, error: 'EIO', when: 5, fatal: true },
  { calls: SYNCS, error: 'EIO', when: 17, fatal: true },
  { calls: SYNCS, error: 'ENOSPC', when: 3, fatal: true },
  { calls: WRITES, error: 'EIO', when: 3, fatal: true },
  { calls: WRITES, error: 'EIO', when: 40, fatal: true },
  { calls: WRITES, error: 'ENOSPC', when: 10, fatal: undefined },
  { calls: 'rename', error: 'EIO', when: 1, fatal: false },
  { calls: 'openat', error: 'EIO', when: 1, fatal: undefined },
];

/** An acknowledgement that had left before is read a little later. */
const ON_ITS_WAY_MS = 500;

const IMAGE_BYTES = 192 << 20;

export const goal: Goal = {
  id: 'G3',
  title: 'failing writes and syncs, and a full disk, cost nothing that was acknowledged',
  missing: () => straceMissing() ?? imagesMissing(),

  /** The store says that a commit is there before it is. */
  async control({ folder, seed, say }) {
    const found = await spot(SPOTS[0]!, folder, seed, say, true);
    return found.lost > 0 ? `${found.lost} acknowledged mails were lost to a failed sync` : undefined;
  },

  async run(context: GoalContext): Promise<GoalResult> {
    const { form, folder, seed, say } = context;
    const spots = byForm(form, {
      smoke: SPOTS.slice(0, 2),
      quick: SPOTS,
      full: [1, 2, 3].flatMap((round) => SPOTS.map((one) => ({ ...one, when: one.when * round }))),
    });
    const violations: string[] = [];
    const total = { acked: 0, lost: 0, duplicated: 0 };
    let injected = 0;
    let ended = 0;
    const trySpots = async () => {
      for (const [i, one] of spots.entries()) {
        const own = join(folder, `spot-${i}`);
        mkdirSync(own);
        const found = await spot(one, own, seed + i, say);
        violations.push(...found.violations);
        injected += found.injected;
        if (found.ended) ended++;
        for (const key of ['acked', 'lost', 'duplicated'] as const) total[key] += found[key];
      }
    };
    const cycles = byForm(form, { smoke: 1, quick: 5, full: 10 });
    const [full] = await Promise.all([fullDisk(cycles, folder, say), trySpots()]);
    violations.push(...full.violations);
    for (const key of ['acked', 'lost', 'duplicated'] as const) total[key] += full[key];
    return result({
      runs: spots.length + cycles,
      faults: injected + cycles,
      ...total,
      violations: several('findings', violations),
      figures: { spots: spots.length, injected, ended, fullDisks: cycles, refusedForRoom: full.refused },
    });
  },
};

interface SpotFound {
  readonly injected: number;
  readonly ended: boolean;
  readonly acked: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly violations: readonly string[];
}

/** One service under load, one kind of call that fails. */
async function spot(
  { calls, error, when, fatal }: Spot,
  folder: string,
  seed: number,
  say: (text: string) => void,
  sabotaged = false,
): Promise<SpotFound> {
  const name = `${calls} ${error} at ${when}`;
  const data = join(folder, 'data');
  const trace = join(folder, 'trace');
  const violations: string[] = [];
  const run = new FaultRun(folder, seed, sabotaged);
  let ended = false;
  let loading: ReturnType<FaultRun['load']>;
  let redAt: number | undefined;
  {
    await using service = sabotaged ? await startInLab(data, { sabotage: 'early' }) : await Service.start({ data });
    run.service = service;
    const over = Promise.withResolvers<void>();
    loading = run.load(over.promise);
    await run.acknowledged(30);
    await using _strace = await attach(service.pid, trace, ['-e', `inject=${calls}:error=${error}:when=${when}`]);
    await until(() => count(trace) > 0 || !service.running);
    if (fatal) redAt = await until(async () => (await healthy(service)) === false && Date.now());
    if (fatal) ended = (await until(() => !service.running)) === true;
    else await sleep(fatal === undefined ? 3000 : 1000);
    ended ||= !service.running;
    run.service = undefined;
    over.resolve();
    const { code, signal } = ended ? await service.exited : { code: 1, signal: null };
    if (!sabotaged) {
      if (fatal && redAt === undefined) violations.push(`${name}: /healthz was not red after ${PATIENCE_MS} ms`);
      if (fatal && !ended) violations.push(`${name}: the service goes on`);
      if (code === 0) violations.push(`${name}: the service ended as if all were well`);
      if (fatal === false && !service.running) violations.push(`${name}: the service ended`);
      if (signal !== null) say(`${name}: ended by ${signal}`);
    }
    await service.kill();
  }
  const { entries } = await loading;
  const injected = count(trace);
  if (injected === 0) violations.push(`${name}: nothing was injected`);
  const late = entries.filter(({ at }) => redAt !== undefined && at > redAt + ON_ITS_WAY_MS).length;
  if (late > 0) violations.push(`${name}: ${late} mails were accepted after the store had failed`);
  await using service = await Service.start({ data });
  run.service = service;
  await run.check(name, entries);
  const { acked, lost, duplicated } = run.findings;
  say(`${name}: ${injected} calls failed, ${entries.length} mails acknowledged, ${lost} lost`);
  return { injected, ended, acked, lost, duplicated, violations: [...violations, ...run.findings.violations] };
}

/** strace on a running process, all its threads; resolves when it is there. */
async function attach(pid: number, trace: string, words: readonly string[]): Promise<AsyncDisposable> {
  const tracing = spawn('strace', ['-f', '-p', String(pid), '-e', 'signal=none', ...words, '-o', trace], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [line] = (await once(tracing.stderr.setEncoding('utf8'), 'data')) as [string];
  if (!line.includes('attached')) throw new Error(`strace cannot attach: ${line}`);
  const ended = once(tracing, 'exit');
  return {
    async [Symbol.asyncDispose]() {
      tracing.kill('SIGTERM');
      await ended;
    },
  };
}

function count(trace: string): number {
  return existsSync(trace) ? readFileSync(trace, 'latin1').split('(INJECTED)').length - 1 : 0;
}

/** Polls; answers what came, undefined when nothing came in time. */
async function until<T>(ask: () => T | Promise<T>): Promise<Exclude<T, false> | undefined> {
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(20)) {
    const answer = await ask();
    if (answer !== false) return answer as Exclude<T, false>;
  }
  return undefined;
}

/** A service that does not answer is not healthy. */
async function healthy(service: Service): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return (await fetch(`http://${service.at('http')}/healthz`, { signal })).ok;
  } catch {
    return false;
  }
}

/** Fills the disk under load, again and again, with the same service. */
async function fullDisk(cycles: number, folder: string, say: (text: string) => void) {
  const violations: string[] = [];
  const image = join(folder, 'full.image');
  makeImage(image, IMAGE_BYTES);
  using disk = new Mounted(image, join(folder, 'full'));
  const data = join(disk.path, 'data');
  const path = join(folder, 'full.ledger');
  using ledger = new Ledger(path);
  await using service = await Service.start({ data });
  const { pid } = service;
  let refused = 0;
  let first = 0;
  const load = async (messages: number, connections = 4, signal?: AbortSignal) => {
    const report = await smtpLoad(
      {
        address: () => service.at('smtp'),
        recipients: ['full1@mail.test', 'full2@mail.test'],
        ledger,
        connections,
        messages,
        first,
        size: (number) => (number % 3 === 0 ? 150_000 : 4_000),
        resend: false,
      },
      signal,
    );
    first += report.sent;
    for (const [code, times] of Object.entries(report.refused)) {
      if (!['421', '451', '452'].includes(code)) violations.push(`full disk: ${times} mails were answered ${code}`);
      refused += times;
    }
    return report;
  };
  for (let cycle = 1; cycle <= cycles; cycle++) {
    const name = `full disk ${cycle}`;
    await load(20);
    await sendToDelete(service);
    using ballast = new Ballast(disk.path);
    const stop = new AbortController();
    const loading = load(100_000, 4, stop.signal);
    await ballast.fill();
    // Whatever room deletes had left is used up by mail that is accepted: none is, in the end.
    const red = await until(async () => !(await healthy(service)));
    if (red === undefined) violations.push(`${name}: /healthz is green`);
    stop.abort();
    await loading;
    const before = ledger.entries;
    const { acked } = await load(5, 1);
    if (acked > 0 || ledger.entries > before) violations.push(`${name}: ${acked} mails were accepted`);
    violations.push(...(await readAndDelete(service)).map((problem) => `${name}: ${problem}`));
    ballast[Symbol.dispose]();
    const again = await until(async () => (await load(1, 1)).acked > 0);
    if (again === undefined) violations.push(`${name}: nothing is accepted although there is room again`);
    if ((await until(() => healthy(service))) === undefined) violations.push(`${name}: /healthz stays red`);
    if (!service.running || service.pid !== pid) violations.push(`${name}: the service ended`);
    say(`${name}: ${ledger.entries} acknowledged, ${refused} refused so far`);
  }
  const entries = readLedger(path);
  let report = await checkLedger(entries, { imap: service.at('imap'), password: 'pass' });
  for (const end = performance.now() + PATIENCE_MS; report.lost.length > 0 && performance.now() < end; await sleep(200))
    report = await checkLedger(entries, { imap: service.at('imap'), password: 'pass' });
  if (!isClean(report)) violations.push(`full disk: ${JSON.stringify(report).slice(0, 300)}`);
  await service.stop();
  const verified = await pabal(['verify', '--json', '--data', data]);
  if (verified.code !== 0) violations.push(`full disk: verify says ${verified.stdout.slice(0, 300)}`);
  const { lost, duplicated } = report;
  return { acked: entries.length, lost: lost.length, duplicated: duplicated.length, refused, violations };
}

/** Of this account the ledger knows nothing. */
const DELETING = 'deleting@mail.test';

async function sendToDelete(service: Service): Promise<void> {
  await using smtp = await SmtpClient.connect(service.at('smtp'));
  await smtp.send('a@client.test', [DELETING], Buffer.from(`Subject: ${process.hrtime.bigint()}\r\n\r\nx\r\n`));
}

async function readAndDelete(service: Service): Promise<readonly string[]> {
  const problems: string[] = [];
  try {
    await using imap = await ImapClient.connect(service.at('imap'));
    await imap.login(DELETING, 'pass');
    let read = 0;
    for await (const { raw } of imap.messages('INBOX')) read += raw.includes('Subject: ') ? 1 : 0;
    if (read !== 1) problems.push(`${read} messages were read instead of one`);
    await imap.ok('SELECT INBOX');
    await imap.ok('STORE 1:* +FLAGS (\\Deleted)');
    await imap.ok('EXPUNGE');
    if ((await imap.count('INBOX')) !== 0) problems.push('a message was not deleted');
  } catch (error) {
    problems.push(`reading and deleting: ${String(error)}`);
  }
  return problems;
}

/** Takes all the room there is. */
class Ballast implements Disposable {
  readonly #path: string;
  constructor(folder: string) {
    this.#path = join(folder, 'ballast');
  }

  async fill(): Promise<void> {
    const file = openSync(this.#path, 'w');
    const block = Buffer.from(new SeededRandom(1).bytes(1 << 20));
    try {
      for (let size = block.length; size >= 4096; size /= 4)
        try {
          for (;;) {
            writeSync(file, block, 0, size);
            await sleep(1);
          }
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        }
    } finally {
      closeSync(file);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.#path, { force: true });
  }
}
