/** What every command shares: where to write, the common options, and how to reach the service. */
import type { Command } from 'commander';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { connectControl } from '../control/client.ts';
import { localControl } from '../control/local.ts';
import type { Control } from '../control/operation.ts';
import { type DataKind, kindOf } from '../profiles/data-folder.ts';
import { StartError } from '../profiles/start-error.ts';
import { createLog } from '../telemetry/log.ts';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Cli {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Somebody looks: progress is drawn. */
  readonly interactive: boolean;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Resolves with the signal's name when the process is asked to end. From the call on, signals do nothing else. */
  readonly terminated: () => Promise<string>;
  /** Calls `act` whenever the process is asked to look at its files again (SIGHUP); without it that signal ends it. */
  readonly onReload?: (act: () => void) => void;
  /** The exit code when nothing is thrown; a command that found something wrong sets 1. */
  exitCode: number;
}

export interface CommonOptions {
  readonly data?: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly json?: boolean;
}

/** Wrong usage: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function common(command: Command): Command {
  return command
    .option('--data <dir>', 'data folder (default: what the configuration says, ./data)')
    .option('--config <file>', 'configuration file (default: ./pabal.toml if there is one)')
    .option(
      '--set <key=value>',
      'sets a key of the configuration; may be repeated',
      (one: string, all: string[]) => [...all, one],
      [],
    );
}

export function withJson(command: Command): Command {
  return common(command).option('--json', 'print JSON');
}

export function configOf(
  cli: Cli,
  options: CommonOptions,
  mode: Readonly<Record<string, unknown>> = {},
): Promise<LoadedConfig> {
  const set = [...(options.set ?? []), ...(options.data === undefined ? [] : [`data=${options.data}`])];
  return loadConfig({ file: options.config, set, environment: cli.environment, mode });
}

const STARTING_MS = 10_000;

/**
 * The service that runs on this data, or its store opened here. A folder without data is an error unless `create`.
 * Throws `StartError`.
 */
export async function connect(cli: Cli, options: CommonOptions, create = false): Promise<Control> {
  const { config } = await configOf(cli, options);
  const path = resolve(config.data);
  const kind = await kindOf(path);
  if (kind === undefined && !create)
    throw new StartError(`there is no data in ${path}: start the service once, or name its folder with --data`);
  const until = performance.now() + STARTING_MS;
  for (;;) {
    const remote = await connectControl(join(path, 'run', 'control.sock'));
    if (remote !== undefined) return remote;
    try {
      return await openHere(config, kind ?? 'mail');
    } catch (error) {
      // A service that is just starting holds the folder, and answers soon.
      if (!(error instanceof StartError && error.message.startsWith('another pabal')) || performance.now() > until)
        throw error;
      await sleep(100);
    }
  }
}

async function openHere(config: LoadedConfig['config'], kind: DataKind): Promise<Control> {
  // Loaded only when needed: the store's engines take longer to load than most commands to run.
  const { openSingle } = await import('../profiles/single.ts');
  return localControl(await openSingle(config, kind, createLog({ level: 'silent' })));
}

/** Calls `act` with the service's control, and closes it. */
export async function withControl<T>(
  cli: Cli,
  options: CommonOptions,
  act: (control: Control) => Promise<T>,
  create = false,
): Promise<T> {
  await using control = await connect(cli, options, create);
  return await act(control);
}

export async function readAll(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of stream) {
    pieces.push(piece);
    size += piece.length;
    if (size > limit) throw new UsageError(`standard input has more than ${limit} bytes`);
  }
  return Buffer.concat(pieces);
}

/** A list with commas of words that there are. Throws `UsageError`. */
export function wordsOf<T extends string>(text: string, known: readonly T[]): T[] {
  return text.split(',').map((word) => {
    const found = known.find((one) => one === word.trim());
    if (found === undefined) throw new UsageError(`${JSON.stringify(word.trim())} is none of ${known.join(', ')}`);
    return found;
  });
}
