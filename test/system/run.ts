/** Runs a program that we did not write to its end. */
import { spawn, spawnSync } from 'node:child_process';
import { PATIENCE_MS } from '../support/until.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export function run(
  program: string,
  args: readonly string[],
  options: { input?: string; timeoutMs?: number } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { timeout: options.timeoutMs ?? PATIENCE_MS });
    const out: Buffer[] = [];
    let stderr = '';
    child.stdout.on('data', (d: Buffer) => out.push(d));
    child.stderr.on('data', (d: Buffer) => (stderr += d.toString()));
    child.on('error', reject).on('close', (code) => resolve({ code, stdout: Buffer.concat(out), stderr }));
    // A program may end before it has read anything: its exit code says what it thought of that.
    child.stdin.on('error', () => undefined).end(options.input ?? '');
  });
}

/** Tests of a client that is not installed here are skipped, and this says so (`npm test` installs them first). */
export function installed(program: string): boolean {
  const found = spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
  if (!found) console.warn(`skipped: ${program} is not installed`);
  return found;
}
