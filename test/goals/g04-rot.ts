/** G4: a byte that rots on the disk is never served: what is read is right, or an error. */
import { type ChildProcess, fork } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { fillStore, type Reading } from '../lab/rot.ts';
import type { Damage } from '../lab/rot-reader.ts';
import type { LabPlan } from '../lab/compose.ts';
import { byForm, type Goal, type GoalContext, type GoalResult, result, several } from './goal.ts';

const READER = new URL('../lab/rot-reader.ts', import.meta.url).pathname;
const COMPOSE = new URL('../lab/compose.ts', import.meta.url).href;
const PAGE = 4096;
/** A page's number, kind, and where in it its rows begin. */
const HEAD = 160;
/** Where a page says what it is, and the kinds that are no mere continuation of a long value. */
const KIND = 18;
const TREE = 1 | 2 | 8;
/** A reader that takes longer than this never ends. */
const HUNG_MS = 60_000;
/** A reader has so many copies mapped before another one takes over. */
const COPIES_PER_READER = 50;

const STORE = 'kv/data.mdb';

export const goal: Goal = {
  id: 'G4',
  title: 'a flipped bit or a cut file never makes a wrong answer',

  /** Values are not compared with their checksums. */
  async control({ form, folder, seed, say }) {
    const tried = byForm(form, { smoke: 10, quick: 40, full: 200 });
    const lab = await RotLab.make(folder, seed, { sabotage: 'unchecked' });
    const found = await lab.try(lab.flips(STORE, tried), say);
    return found.wrong > 0 ? `${found.wrong} of ${tried} flipped bits were served` : undefined;
  },

  async run({ form, folder, seed, say }: GoalContext): Promise<GoalResult> {
    const tried = byForm(form, {
      smoke: { store: 10, structure: 6, cut: 2, blob: 2, blobCut: 2 },
      quick: { store: 150, structure: 150, cut: 20, blob: 32, blobCut: 16 },
      full: { store: 2500, structure: 2500, cut: 300, blob: 300, blobCut: 100 },
    });
    const lab = await RotLab.make(folder, seed, {});
    const blobs = lab.blobs();
    const of = (count: number, part: (file: string, count: number) => readonly Damage[]) =>
      blobs.flatMap((file) => part(file, Math.ceil(count / blobs.length)));
    const found = {
      'flips in the store': await lab.try(lab.flips(STORE, tried.store), say),
      'flips in the structure of its pages': await lab.try(lab.structureFlips(tried.structure), say),
      'cuts of the store': await lab.try(lab.cuts(STORE, tried.cut), say),
      'flips in blobs': await lab.try(
        of(tried.blob, (file, count) => lab.flips(file, count)),
        say,
      ),
      'cuts of blobs': await lab.try(
        of(tried.blobCut, (file, count) => lab.cuts(file, count)),
        say,
      ),
    };
    const violations = Object.entries(found).flatMap(([what, { wrong, harmless, examples }]) => [
      ...(wrong > 0 ? [`${what}: ${wrong} wrong answers: ${examples.join('; ')}`] : []),
      // No byte of a blob means nothing.
      ...(harmless > 0 && what.endsWith('blobs') ? [`${what}: ${harmless} were not noticed`] : []),
    ]);
    const faults = Object.values(found).reduce((sum, one) => sum + one.tried, 0);
    return result({ runs: faults, faults, violations: several('findings', violations), figures: found });
  },
};

/** What became of damaged copies; each counts once. */
class Found {
  tried = 0;
  /** Everything was read and is right: what was hit is in no use. */
  harmless = 0;
  /** The store was not opened. */
  refused = 0;
  /** The process ended, or never came to an end. */
  stopped = 0;
  /** Something was read as an error, all else was right. */
  detected = 0;
  /** Reading noticed nothing and was right, `verify` noticed it. */
  verifyOnly = 0;
  /** Rows were missing, and reading or `verify` said that something is wrong; or neither did. */
  absentFound = 0;
  absentMissed = 0;
  /** Rows were as they had been earlier; likewise. */
  olderFound = 0;
  olderMissed = 0;
  wrong = 0;
  readonly examples: string[] = [];

  add(damage: Damage, reading: Reading | undefined): void {
    this.tried++;
    const kind = kindOf(reading);
    this[kind]++;
    if (['wrong', 'absentMissed', 'olderMissed'].includes(kind) && this.examples.length < 6)
      this.examples.push(`${kind}: ${JSON.stringify(damage)}: ${reading?.examples.join(', ')}`);
  }
}

function kindOf(reading: Reading | undefined) {
  if (!reading) return 'stopped';
  const { refused, wrong, absent, older, errors, problems } = reading;
  const noticed = errors > 0 || problems > 0;
  if (wrong > 0) return 'wrong';
  if (refused !== undefined) return 'refused';
  if (absent > 0) return noticed ? 'absentFound' : 'absentMissed';
  if (older > 0) return noticed ? 'olderFound' : 'olderMissed';
  if (errors > 0) return 'detected';
  return problems > 0 ? 'verifyOnly' : 'harmless';
}

class RotLab {
  readonly #sound: string;
  readonly #copy: string;
  readonly #plan: LabPlan;
  readonly #random: SeededRandom;

  private constructor(folder: string, seed: number, plan: LabPlan) {
    this.#sound = join(folder, 'sound');
    this.#copy = join(folder, 'copy');
    this.#plan = plan;
    this.#random = new SeededRandom(seed);
  }

  static async make(folder: string, seed: number, plan: LabPlan): Promise<RotLab> {
    const lab = new RotLab(folder, seed, plan);
    const held = await fillStore(lab.#sound, seed);
    writeFileSync(join(lab.#sound, 'held.json'), JSON.stringify(held));
    return lab;
  }

  blobs(): string[] {
    const names = readdirSync(join(this.#sound, 'blobs'), { recursive: true, encoding: 'utf8' });
    return names.map((name) => join('blobs', name)).filter((name) => statSync(join(this.#sound, name)).isFile());
  }

  flips(file: string, count: number): readonly Damage[] {
    const length = this.#length(file);
    return Array.from({ length: count }, () => ({
      file,
      offset: this.#random.below(length),
      bit: this.#random.below(8),
    }));
  }

  /** In the heads of the pages that have rows or lead to them, where no checksum reaches. */
  structureFlips(count: number): readonly Damage[] {
    const bytes = readFileSync(join(this.#sound, STORE));
    const heads: number[] = [];
    for (let at = 0; at < this.#length(STORE); at += PAGE)
      if (Number(bytes.readBigUInt64LE(at)) === at / PAGE && bytes.readUInt16LE(at + KIND) & TREE) heads.push(at);
    // Of the two root pages, which come first, one is in use: they are hit as often as all others together.
    const head = () => heads[this.#random.below(this.#random.below(2) === 0 ? 2 : heads.length)]!;
    return Array.from({ length: count }, () => ({
      file: STORE,
      offset: head() + this.#random.below(HEAD),
      bit: this.#random.below(8),
    }));
  }

  cuts(file: string, count: number): readonly Damage[] {
    const length = this.#length(file);
    return Array.from({ length: count }, () => ({ file, offset: this.#random.below(length) }));
  }

  /** Of the store only what was ever written: behind that are zeros. */
  #length(file: string): number {
    const bytes = readFileSync(join(this.#sound, file));
    if (file !== STORE) return bytes.length;
    let pages = bytes.length / PAGE;
    while (bytes.subarray((pages - 1) * PAGE, pages * PAGE).every((byte) => byte === 0)) pages--;
    return pages * PAGE;
  }

  async try(damages: readonly Damage[], say: (text: string) => void): Promise<Found> {
    const found = new Found();
    for (let first = 0; first < damages.length; ) {
      await using reader = await Reader.start([this.#sound, this.#copy], this.#plan);
      for (let i = 0; i < COPIES_PER_READER && first < damages.length; i++) {
        const damage = damages[first++]!;
        const reading = await reader.read(damage);
        found.add(damage, reading);
        if (!reading) break;
      }
    }
    say(JSON.stringify(found));
    return found;
  }
}

class Reader implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<undefined>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once('exit', () => resolve(undefined)));
  }

  static async start(args: readonly string[], plan: LabPlan): Promise<Reader> {
    const child = fork(READER, args, {
      execArgv: ['--import', COMPOSE],
      env: { ...process.env, LAB: JSON.stringify(plan) },
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const reader = new Reader(child);
    await reader.#message();
    return reader;
  }

  /** Undefined when the process did not survive it. */
  async read(damage: Damage): Promise<Reading | undefined> {
    const reading = this.#message();
    this.#child.send(damage);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), HUNG_MS);
    try {
      return (await reading) as Reading | undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  #message(): Promise<unknown> {
    return Promise.race([new Promise((resolve) => this.#child.once('message', resolve)), this.#ended]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
