/** Runs test files in a process of their own and reads what came of them. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PeakMemory } from '../proc.ts';

export const ROOT = new URL('../../', import.meta.url).pathname;
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');

export interface TestReport {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly duration?: number;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** `folder` takes the report. */
export async function vitest(folder: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const file = join(folder, 'report.json');
  const child = spawn(process.execPath, [VITEST, 'run', ...args, '--reporter=json', `--outputFile=${file}`], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-20_000);
    });
  using peak = new PeakMemory([child.pid as number]);
  while (child.exitCode === null && child.signalCode === null) await sleep(50);
  let report: TestReport;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as TestReport;
  } catch (error) {
    throw new Error(`vitest left no report: ${output.slice(-2_000)}`, { cause: error });
  }
  const tests = report.testResults.flatMap((one) => one.assertionResults);
  const failures = tests
    .filter((test) => test.status !== 'passed')
    .map((test) => `${test.fullName}: ${(test.failureMessages?.[0] ?? test.status).slice(0, 500)}`);
  if (!report.success && failures.length === 0) failures.push(`the run failed: ${output.slice(-500)}`);
  if (tests.length === 0) failures.push('there is nothing to run');
  return { report, tests, failures, peakMiB: peak.mib() };
}
