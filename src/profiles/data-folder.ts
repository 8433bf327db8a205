/**
 * The folder that holds everything: `format.json` says what made it, `run/` what belongs to the process that has it open.
 * One process has it at a time; the system itself takes the lock away from one that died.
 */
import { access, constants, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DataInUse, lockData } from '../adapters/data-lock.ts';
import { StartError } from './start-error.ts';

/** What a folder was made for: a demo never opens real mail, and real mail never a store that anybody signs in to. */
export type DataKind = 'mail' | 'demo' | 'sandbox';

/** Counts up when the layout of the folder changes. */
const FORMAT = 1;

export interface DataFolder extends Disposable {
  readonly path: string;
  /** It was empty or missing. */
  readonly isNew: boolean;
  /** The service that had it last did not end by itself. */
  readonly unclean: boolean;
  file(...names: string[]): string;
}

/** Makes it when it is missing. Throws `StartError`. */
export async function openDataFolder(folder: string, kind: DataKind): Promise<DataFolder> {
  const path = resolve(folder);
  await makeFolder(path);
  await checkOwner(path);
  // One of them may be on another disk, or be another user's: better known now than when the first large mail comes.
  for (const name of ['run', 'kv', 'blobs']) await makeFolder(join(path, name));
  const lock = takeLock(path);
  try {
    const isNew = await checkFormat(path, kind);
    await writeFile(join(path, 'run', 'pid'), `${process.pid}\n`);
    const listening = join(path, 'run', 'listen.json');
    const unclean = await access(listening).then(
      () => true,
      () => false,
    );
    if (unclean) await rm(listening);
    return {
      path,
      isNew,
      unclean,
      file: (...names) => join(path, ...names),
      [Symbol.dispose]: () => lock[Symbol.dispose](),
    };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error instanceof StartError ? error : unusable(path, error);
  }
}

/** What the folder was made for; undefined when there is nothing in it. */
export async function kindOf(folder: string): Promise<DataKind | undefined> {
  return (await readFormat(resolve(folder)))?.kind;
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw unusable(path, error);
  }
}

async function checkOwner(path: string): Promise<void> {
  const { uid } = await stat(path);
  const me = process.getuid?.();
  if (me !== undefined && uid !== me)
    throw new StartError(
      `the data folder ${path} belongs to user ${uid}, and this is user ${me}: start it as that user, or give the folder away with chown -R ${me} ${path}`,
    );
}

function takeLock(path: string): Disposable {
  try {
    return lockData(join(path, 'run'));
  } catch (error) {
    if (error instanceof DataInUse)
      throw new StartError(`another pabal uses ${path}: stop it first, or name another folder with --data`);
    throw unusable(path, error);
  }
}

interface Format {
  readonly format: number;
  readonly kind: DataKind;
}

async function readFormat(path: string): Promise<Format | undefined> {
  try {
    return JSON.parse(await readFile(join(path, 'format.json'), 'utf8')) as Format;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new StartError(`${join(path, 'format.json')} cannot be read: ${(error as Error).message}`);
  }
}

async function checkFormat(path: string, kind: DataKind): Promise<boolean> {
  const found = await readFormat(path);
  if (found === undefined) {
    await writeFormat(path, kind);
    return true;
  }
  if (found.format > FORMAT)
    throw new StartError(
      `${path} was written by a newer pabal (format ${found.format}, this one reads ${FORMAT}): start that one`,
    );
  if (found.kind !== kind) {
    const how = { mail: 'without --demo and --sandbox', demo: 'with --demo', sandbox: 'with --sandbox' };
    throw new StartError(`${path} was made ${how[found.kind]} and starts only so: name another folder with --data`);
  }
  return false;
}

/** Of a folder that is being made, by a first start or a restore. */
export async function writeFormat(path: string, kind: DataKind): Promise<void> {
  const temporary = join(path, 'format.json.new');
  await writeSynced(temporary, JSON.stringify({ format: FORMAT, kind } satisfies Format));
  await rename(temporary, join(path, 'format.json'));
}

/** A small file that survives the loss of power. */
export async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}

function unusable(path: string, error: unknown): StartError {
  const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  return new StartError(
    `cannot write to the data folder ${path} (${reason}): give it to this user, or name another with --data`,
    { cause: error },
  );
}

/** Appears whole: whoever sees it may connect. */
export async function writeListening(folder: DataFolder, listening: object): Promise<void> {
  const temporary = folder.file('run', 'listen.json.new');
  await writeFile(temporary, `${JSON.stringify(listening)}\n`);
  await rename(temporary, folder.file('run', 'listen.json'));
}
