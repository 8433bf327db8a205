/** Runs a goal: its control first, then the goal itself; one line of JSON comes out. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Form, type Goal, type GoalResult, NOTHING } from './goal.ts';

export interface Outcome extends GoalResult {
  readonly goal: string;
  readonly title: string;
  readonly form: Form;
  readonly ok: boolean;
  /** What gave the sabotaged run away. */
  readonly control: string;
  readonly seed: number;
  /** The commit, with `+` when the tree differs from it. */
  readonly build: string;
  readonly load: readonly number[];
  readonly seconds: number;
  readonly date: string;
}

export async function measure(goal: Goal, form: Form, seed: number, say: (text: string) => void): Promise<Outcome> {
  const started = performance.now();
  const load = loadavg().map((value) => Math.round(value * 100) / 100);
  const inFolder = async <T>(act: (folder: string) => Promise<T>): Promise<T> => {
    const folder = await mkdtemp(join(tmpdir(), `${goal.id.toLowerCase()}-`));
    try {
      return await act(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  let caught: string | undefined;
  let found: GoalResult = NOTHING;
  try {
    caught = await inFolder((folder) => goal.control({ form, seed, folder, say }));
    if (caught === undefined)
      found = { ...NOTHING, violations: ['the control passed: this measurement does not see what it should'] };
    else found = await inFolder((folder) => goal.run({ form, seed, folder, say }));
  } catch (error) {
    found = { ...found, violations: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
  }
  return {
    goal: goal.id,
    title: goal.title,
    form,
    ok: caught !== undefined && found.violations.length === 0,
    control: caught ?? '',
    ...found,
    seed,
    build: build(),
    load,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    date: new Date().toISOString(),
  };
}

function build(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    return git('rev-parse', '--short', 'HEAD').trim() + (git('status', '--porcelain').trim() === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}
