/** The tour of the README, to the letter: only ports and the data folder are this test's own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectControl } from '../../src/control/client.ts';
import { queueCounts } from '../../src/control/operations/queue.ts';
import type { QueueCounts } from '../../src/ports/queue.ts';
import { until } from '../support/until.ts';

/** The ports that the README names. */
const PORTS = { smtp: 2525, imap: 2143, pop3: 2110, http: 8080 } as const;
const LISTENERS = ['smtp', 'submission', 'submissions', 'imap', 'imaps', 'pop3', 'pop3s', 'managesieve', 'http'];

let base: string;
let stop: () => Promise<unknown>;
let addresses: Record<string, string[]>;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pabal-tour-'));
  // However slow the machine is, no letter of the demo comes between two steps.
  const set = ['demo.letters=false', ...LISTENERS.map((name) => `listen.${name}=127.0.0.1:0`)];
  const options = set.flatMap((one) => ['--set', one]);
  const service = spawn('bin/pabal', ['serve', '--demo', '--data', join(base, 'data'), ...options], {
    stdio: 'ignore',
  });
  const exited = once(service, 'exit');
  stop = () => {
    service.kill('SIGTERM');
    return exited;
  };
  const listening = await until('the demo listens', () => {
    if (service.exitCode !== null) throw new Error('the demo ended');
    return readFile(join(base, 'data', 'run', 'listen.json'), 'utf8').catch(() => undefined);
  });
  addresses = JSON.parse(listening) as Record<string, string[]>;
});
afterAll(async () => {
  await stop();
  await rm(base, { recursive: true, force: true });
});

interface Step {
  readonly command: string;
  readonly expected: readonly string[];
}

function stepsOf(readme: string): Step[] {
  const steps: { command: string; expected: string[] }[] = [];
  for (const [, block = ''] of readme.matchAll(/```console\n([\s\S]*?)```/g))
    for (const line of block.split('\n').slice(0, -1)) {
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), expected: [] });
      else steps.at(-1)?.expected.push(line);
    }
  return steps;
}

/** As one shell, in which variables live on; what a command sets going is done before the next one. */
async function run(commands: readonly string[]): Promise<string[]> {
  const mark = '--- done ---\n';
  await using control = (await connectControl(join(base, 'data', 'run', 'control.sock')))!;
  const shell = spawn('bash');
  let output = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const answers: string[] = [];
  for (const command of commands) {
    output = '';
    shell.stdin.write(`${command}\necho '${mark.trim()}'\n`);
    await until(`the end of ${command}`, () => output.endsWith(mark));
    answers.push(output.slice(0, -mark.length));
    const counts = (): Promise<readonly QueueCounts[]> => control.call(queueCounts, {}).then(Object.values);
    await until('empty queues', async () => (await counts()).every(({ due }) => due === 0));
  }
  shell.stdin.end();
  return answers;
}

function pattern(lines: readonly string[]): RegExp {
  const text = lines.map((line) =>
    line
      .split('…')
      .map((part) => RegExp.escape(part))
      .join('.*'),
  );
  return new RegExp(`^${text.join('\n')}\n?$`);
}

it('says what happens', async () => {
  const steps = stepsOf(await readFile('README.md', 'utf8'));
  expect(steps.length).toBeGreaterThan(10);
  const own = (command: string): string =>
    Object.entries(PORTS)
      .reduce((text, [name, port]) => text.replaceAll(`127.0.0.1:${port}`, addresses[name]?.[0] ?? ''), command)
      .replaceAll('--data data-demo', `--data ${join(base, 'data')}`)
      .replaceAll('/tmp/alice', join(base, 'alice'));
  const answers = await run(steps.map(({ command }) => own(command)));
  for (const [i, { command, expected }] of steps.entries()) {
    const answer = (answers[i] ?? '').replaceAll('\r', '').replaceAll(join(base, 'alice'), '/tmp/alice');
    expect(answer, command).toMatch(pattern(expected));
  }
});
