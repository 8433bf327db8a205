/** Bad inputs to the program itself: its configuration and its command line, in this process. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli/program.ts';
import { ConfigError, loadConfig } from '../../src/config/load.ts';
import { ConnectionEnded } from '../client/wire.ts';
import type { BadInput, Dialogue, Targets } from './bad-input.ts';

export async function openProgram(input: BadInput, { data }: Targets): Promise<Dialogue | undefined> {
  if (input.protocol === 'config') return told(await configured(input));
  return data === undefined ? undefined : told(await commanded(input, data));
}

function told(reply: string): Dialogue {
  let over = false;
  return {
    next: () => {
      if (over) return Promise.reject(new ConnectionEnded('the program has ended'));
      over = true;
      return Promise.resolve(reply);
    },
    untagged: [],
    inStep: () => Promise.resolve(undefined),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** `state`: `file` (default), `set` (an assignment a line) or `environment` (the same). */
async function configured(input: BadInput): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pabal-bad-'));
  const file = join(folder, 'pabal.toml');
  try {
    const said = input.send.toString('utf8').split('\n');
    await writeFile(file, (input.state ?? 'file') === 'file' ? input.send : '');
    const environment = new Map(
      said.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
    await loadConfig({
      file,
      ...(input.state === 'set' && { set: said }),
      ...(input.state === 'environment' && { environment: Object.fromEntries(environment) }),
    });
    return 'accepted';
  } catch (error) {
    // Anything else is a fault of ours, not of the file.
    return error instanceof ConfigError ? error.message.replaceAll(`${folder}/`, '') : `FAULT ${String(error)}`;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The arguments, one a line, on the data of a service that runs; an empty line, and what follows is standard input. */
async function commanded(input: BadInput, data: string): Promise<string> {
  const [words = '', stdin = ''] = input.send.toString('utf8').split('\n\n');
  let err = '';
  const code = await run(
    {
      out: () => undefined,
      err: (text) => void (err += text),
      interactive: false,
      stdin: (async function* () {
        yield await Promise.resolve(Buffer.from(stdin));
      })(),
      environment: {},
      terminated: () => Promise.resolve('SIGTERM'),
      exitCode: 0,
    },
    words.split('\n').map((word) => word.replaceAll('$DATA', data)),
  );
  return `${code}: ${err}`;
}
