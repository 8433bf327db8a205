/**
 * The crash lab: `npm run crash -- [--kills N] [--seed N] [--point NAME] [--early]`. Kills the service at random moments
 * and at named points, starts it again, and checks what it had promised.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { SeededRandom } from '../../src/adapters/random-seeded.ts';
import type { LabPlan } from './compose.ts';
import { FaultRun, type Findings, RECIPIENTS } from './fault-run.ts';
import { startInLab } from './lab-service.ts';

/** Each, and the highest count that a second of load reaches. */
export const POINTS: readonly (readonly [name: string, most: number])[] = [
  ['put.mail.before', 100],
  ['put.mail.after', 100],
  ['commit.q.before', 40],
  ['commit.q.after', 40],
  ['commit.q.told', 40],
  ['commit.u.before', 60],
  ['commit.u.after', 60],
  ['engine.begun', 30],
  ['engine.filled', 30],
  ['engine.committed', 30],
  ['blob.created', 3],
  ['blob.written', 3],
  ['blob.synced', 3],
  ['blob.new-folder', 2],
  ['blob.unnamed', 3],
  ['blob.renamed', 3],
  ['blob.folder', 4],
  // While it starts after a kill under load, several times in a row: from the first read to well into its work.
  ['read', 12],
];
const STARTS_IN_A_ROW = 5;

export interface CrashOptions {
  readonly kills: number;
  readonly seed: number;
  readonly folder: string;
  /** Every kill here; else named points and random moments by turns. */
  readonly point?: string;
  /** So many messages are acknowledged at least, spread over the kills. */
  readonly messages?: number;
  readonly sabotage?: 'early';
  readonly say?: (text: string) => void;
  /** In the end the service is stopped under load (SIGSTOP) for so long, and goes on. */
  readonly pauseMs?: number;
  /** Stop at the first violation (controls). */
  readonly untilCaught?: boolean;
}

export interface CrashReport extends Findings {
  /** How often each point was died at; `random` is a kill from outside. */
  readonly at: Readonly<Record<string, number>>;
}

export async function crashLab(options: CrashOptions): Promise<CrashReport> {
  const { kills, seed, sabotage, say = () => undefined } = options;
  const run = new FaultRun(options.folder, seed, sabotage !== undefined);
  const data = join(options.folder, 'data');
  const at: Record<string, number> = {};
  const base: LabPlan = sabotage ? { sabotage } : {};
  for (let kill = 1; kill <= kills; kill++) {
    const crashAt = choose(run, kill, sabotage ? 'random' : options.point);
    const starting = crashAt?.startsWith('read:') ?? false;
    const dying = await startInLab(data, { ...base, ...(crashAt && !starting && { crashAt, armed: 'by-signal' }) });
    let where = crashAt ?? 'random';
    run.service = dying;
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    const loading = run.load(over);
    // Some way into the load, whatever the machine's speed.
    const owed = Math.ceil(((options.messages ?? 0) - run.findings.messages) / (kills - kill + 1));
    await run.acknowledged(Math.max(0, owed) * RECIPIENTS + 1 + run.random.below(120));
    if (crashAt && !starting) {
      process.kill(dying.pid, 'SIGUSR2');
      const died = await Promise.race([dying.exited.then(() => true), sleep(4_000, false)]);
      if (!died) where = `random (${crashAt} was not passed)`;
    }
    await dying.kill();
    // The clients notice, wait, and send again what was not acknowledged.
    run.service = undefined;
    if (starting) {
      const died = await dieStarting(data, base, run.random);
      run.findings.faults += died;
      where = died === 0 ? `random (${crashAt} was not passed)` : `read, ${died} times in a row`;
    }
    run.service = await startInLab(data, base);
    await sleep(300);
    end();
    const { entries, report } = await loading;
    const before = run.findings.violations.length;
    await run.check(`kill ${kill} at ${where}`, entries);
    const bad = run.findings.violations.length > before ? ', and not all is well' : '';
    say(`kill ${kill} at ${where}: ${entries.length} acknowledged, ${report.unknown} in doubt${bad}`);
    await run.service.kill();
    run.findings.faults++;
    const name = where.replace(/[: ,].*$/, '');
    at[name] = (at[name] ?? 0) + 1;
    if (options.untilCaught && run.findings.violations.length > 0) return { ...run.findings, at };
  }
  run.service = await startInLab(data, base);
  if (options.pauseMs !== undefined) await pause(run, options.pauseMs, say);
  await run.checkAll();
  await run.service.kill();
  return { ...run.findings, at };
}

/** A machine that was suspended: all clocks have gone on, and everything that was due is due at once. */
async function pause(run: FaultRun, pauseMs: number, say: (text: string) => void): Promise<void> {
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const loading = run.load(over);
  await run.acknowledged(50);
  const { service } = run;
  if (service === undefined) throw new Error('there is no service to pause');
  process.kill(service.pid, 'SIGSTOP');
  await sleep(pauseMs);
  process.kill(service.pid, 'SIGCONT');
  await sleep(1_000);
  end();
  const { entries } = await loading;
  await run.check(`after a pause of ${pauseMs} ms`, entries);
  if (!service.running) run.findings.violations.push('the service did not survive a pause');
  run.findings.faults++;
  say(`paused for ${pauseMs} ms: ${entries.length} acknowledged`);
}

/** Starts that end before they are ready, one after the other; resolves with how many did. */
async function dieStarting(data: string, base: LabPlan, random: SeededRandom): Promise<number> {
  const most = POINTS.find(([name]) => name === 'read')![1];
  let died = 0;
  for (let start = 0; start < STARTS_IN_A_ROW; start++) {
    const plan: LabPlan = { ...base, crashAt: `read:${1 + random.below(most)}`, armed: 'at-start' };
    const service = await startInLab(data, plan).catch(() => undefined);
    if (service === undefined) died++;
    else await service.kill();
  }
  return died;
}

/** Every third kill comes at a random moment, the others at the named points by turns. */
function choose(run: FaultRun, kill: number, point: string | undefined): string | undefined {
  if (point === 'random' || (point === undefined && kill % 3 === 0)) return undefined;
  const turn = kill - 1 - Math.floor(kill / 3);
  const named = point === undefined ? POINTS[turn % POINTS.length] : POINTS.find(([name]) => name === point);
  if (!named) throw new RangeError(`no such point: ${point} (there are ${POINTS.map(([name]) => name).join(', ')})`);
  return `${named[0]}:${1 + run.random.below(named[1])}`;
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '60' },
      seed: { type: 'string' },
      point: { type: 'string' },
      early: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const folder = await mkdtemp(join(tmpdir(), 'pabal-crash-'));
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(`seed ${seed}, in ${folder}`);
  const options = { kills: Number(values.kills), seed, folder, say };
  const report = await crashLab({
    ...options,
    ...(values.point !== undefined && { point: values.point }),
    ...(values.early && { sabotage: 'early', untilCaught: true }),
  });
  for (const violation of report.violations) say(`VIOLATION ${violation}`);
  say(JSON.stringify({ ...report, violations: report.violations.length }));
  const bad = report.violations.length > 0;
  if (!bad) await rm(folder, { recursive: true });
  // Of the sabotaged one it is the success.
  process.exit(bad === values.early ? 0 : 1);
}
