/**
 * The power lab: `npm run power -- [--cuts N] [--seed N] [--no-sync]`. Cuts the power of a service under load and starts
 * again from what the disk had at that moment. Needs root.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { LabPlan } from './compose.ts';
import { FaultRun, type Findings } from './fault-run.ts';
import { copyImage, imagesMissing, makeImage, Mounted } from './image.ts';
import { freeze, startInLab } from './lab-service.ts';

const IMAGE_BYTES = 512 << 20;
/** After so many cuts the service begins on a new, empty image. */
const CUTS_PER_IMAGE = 5;

export interface PowerOptions {
  readonly cuts: number;
  readonly seed: number;
  readonly folder: string;
  readonly sabotage?: 'no-sync';
  readonly say?: (text: string) => void;
}

export interface PowerReport extends Findings {
  /** Cuts after which something that had been acknowledged was missing, or the service did not start at all. */
  cutsWithLoss: number;
}

export async function powerLab(options: PowerOptions): Promise<PowerReport> {
  const { cuts, seed, folder, sabotage, say = () => undefined } = options;
  const missing = imagesMissing();
  if (missing !== undefined) throw new Error(missing);
  const plan: LabPlan = sabotage ? { sabotage } : {};
  const report: PowerReport = {
    faults: 0,
    messages: 0,
    acked: 0,
    lost: 0,
    duplicated: 0,
    violations: [],
    cutsWithLoss: 0,
  };
  // Whatever was lost spoils what comes after it: the sabotaged one gets a new image each time.
  const perImage = sabotage ? 1 : CUTS_PER_IMAGE;
  for (let first = 1; first <= cuts; first += perImage) {
    // A ledger folder for each image: what an earlier image held is no business of this one.
    const ledgers = join(folder, `ledgers-${first}`);
    mkdirSync(ledgers);
    const run = new FaultRun(ledgers, seed + first, sabotage !== undefined);
    const image = new Disk(join(folder, `disk-${first}`));
    for (let cut = first; cut < Math.min(first + perImage, cuts + 1); cut++) await oneCut(run, image, cut);
    const { findings } = run;
    report.faults += findings.faults;
    report.messages += findings.messages;
    report.acked += findings.acked;
    report.lost += findings.lost;
    report.duplicated += findings.duplicated;
    report.violations.push(...findings.violations);
    image.remove();
  }
  return report;

  async function oneCut(run: FaultRun, disk: Disk, cut: number): Promise<void> {
    run.service = undefined;
    const before = run.findings.violations.length;
    let loading: ReturnType<FaultRun['load']>;
    {
      using mounted = disk.mount();
      await using service = await startInLab(join(mounted.path, 'data'), plan);
      run.service = service;
      const { promise: over, resolve: end } = Promise.withResolvers<void>();
      loading = run.load(over);
      await run.acknowledged(1 + run.random.below(200));
      await sleep(run.random.below(50));
      await freeze(service.pid);
      disk.cut();
      run.service = undefined;
      end();
      await service.kill();
    }
    const { entries } = await loading;
    using mounted = disk.mount();
    try {
      // Sabotage is for the time before the cut; afterwards it only has to read.
      await using service = await startInLab(join(mounted.path, 'data'));
      run.service = service;
      await run.check(`cut ${cut}`, entries);
    } catch (error) {
      run.findings.violations.push(`cut ${cut}: ${String(error).slice(0, 300)}`);
    }
    run.findings.faults++;
    const bad = run.findings.violations.length > before;
    if (bad) report.cutsWithLoss++;
    say(`cut ${cut}: ${entries.length} acknowledged${bad ? ', and not all is well' : ''}`);
  }
}

/** The image in use, and after a cut the copy of it. */
class Disk {
  readonly #path: string;
  #copies = 0;
  #mounts = 0;

  constructor(path: string) {
    this.#path = path;
    makeImage(this.#image, IMAGE_BYTES);
  }

  get #image(): string {
    return `${this.#path}.${this.#copies}`;
  }

  mount(): Mounted {
    return new Mounted(this.#image, `${this.#path}.mounted-${this.#mounts++}`);
  }

  /** What is on it at this moment is what there is from here on. */
  cut(): void {
    const from = this.#image;
    this.#copies++;
    copyImage(from, this.#image);
  }

  remove(): void {
    for (let i = 0; i <= this.#copies; i++) rmSync(`${this.#path}.${i}`, { force: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      cuts: { type: 'string', default: '20' },
      seed: { type: 'string' },
      'no-sync': { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const folder = await mkdtemp(join(tmpdir(), 'pabal-power-'));
  const say = (text: string) => process.stdout.write(`${text}\n`);
  say(`seed ${seed}, in ${folder}`);
  const sabotaged = values['no-sync'];
  const report = await powerLab({
    cuts: Number(values.cuts),
    seed,
    folder,
    say,
    ...(sabotaged && { sabotage: 'no-sync' }),
  });
  for (const violation of report.violations) say(`VIOLATION ${violation}`);
  say(JSON.stringify({ ...report, violations: report.violations.length }));
  await rm(folder, { recursive: true, force: true });
  // Of the sabotaged one it is the success to be caught at (nearly) every cut.
  const asExpected = sabotaged ? report.cutsWithLoss >= 0.95 * report.faults : report.violations.length === 0;
  process.exit(asExpected ? 0 : 1);
}
