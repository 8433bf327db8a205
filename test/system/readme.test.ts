/** The tour of the README, to the letter: only ports and the data folder are this test's own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';

/** The ports that the README names. */
const PORTS = { smtp: 2525, imap: 2143, pop3: 2110, http: 8080 } as const;
const LISTENERS = ['smtp', 'submission', 'submissions', 'imap', 'imaps', 'pop3', 'pop3s', 'managesieve', 'http'];

let base: string;
let stop: () => Promise<unknown>;
let addresses: Record<string, string[]>;
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'pabal-tour-'));
  const ports = LISTENERS.flatMap((name) => ['--set', `listen.${name}=127.0.0.1:0`]);
  const service = spawn('bin/pabal', ['serve', '--demo', '--data', join(base, 'data'), ...ports], { stdio: 'ignore' });
  const exited = once(service, 'exit');
  stop = () => {
    service.kill('SIGTERM');
    return exited;
  };
  for (;;) {
    const listening = await readFile(join(base, 'data', 'run', 'listen.json'), 'utf8').catch(() => undefined);
    if (service.exitCode !== null) throw new Error('the demo ended');
    if (listening === undefined) await sleep(20);
    else {
      addresses = JSON.parse(listening) as Record<string, string[]>;
      break;
    }
  }
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

/** As one shell, in which variables live on; a line of its own after each command. */
async function run(commands: readonly string[], mark: string): Promise<string[]> {
  const shell = spawn('bash', ['-c', commands.map((command) => `${command}\nsleep 0.3; echo '${mark}'\n`).join('')]);
  let output = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await once(shell, 'close');
  return output.split(`${mark}\n`);
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
  const answers = await run(
    steps.map(({ command }) => own(command)),
    '--- done ---',
  );
  for (const [i, { command, expected }] of steps.entries()) {
    const answer = (answers[i] ?? '').replaceAll('\r', '').replaceAll(join(base, 'alice'), '/tmp/alice');
    expect(answer, command).toMatch(pattern(expected));
  }
});
