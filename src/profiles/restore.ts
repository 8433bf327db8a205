/** A backup becomes a data folder: verified on the way, and with numbers that were never given out before. Or it is only looked into. */
import { constants } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { openBlobFiles } from '../adapters/blob-files.ts';
import { SystemRandom } from '../adapters/random-system.ts';
import type { Config } from '../config/schema.ts';
import { localControl } from '../control/local.ts';
import { BACKUP_FORMAT, type BackupManifest, emptyFolder, type Problem, verify } from '../control/operations/store.ts';
import { MailError } from '../mail/error.ts';
import type { BlobKey } from '../ports/blob.ts';
import { createLog } from '../telemetry/log.ts';
import { writeFormat } from './data-folder.ts';
import { type Opened, openSingle } from './single.ts';
import { StartError } from './start-error.ts';

export interface RestoreReport {
  readonly accounts: number;
  readonly blobs: number;
  readonly bytes: number;
  /** Blobs that the backup should hold and does not, or that are damaged. */
  readonly missing: readonly string[];
  /** What is wrong in the accounts for that or another reason, as `verify` says it. */
  readonly problems: readonly Problem[];
}

/** Throws `StartError`, `conflict` when the data folder is not empty. */
export async function restoreSingle(
  from: string,
  config: Config,
  progress: (done: number, of: number) => void,
): Promise<RestoreReport> {
  const manifest = await readManifest(from);
  const folder = resolve(config.data);
  await emptyFolder(folder);
  await cp(join(from, 'kv'), join(folder, 'kv'), { recursive: true });
  const listed = JSON.parse(await readFile(join(from, 'blobs.json'), 'utf8')) as { key: BlobKey; size: number }[];
  const random = new SystemRandom();
  await using source = await openBlobFiles(join(from, 'blobs'), random);
  await using target = await openBlobFiles(join(folder, 'blobs'), random);
  const missing: string[] = [];
  let bytes = 0;
  for (const [i, { key, size }] of listed.entries()) {
    try {
      const content = await source.get(key);
      if (content === undefined) missing.push(`attachment ${key} (${size} bytes)`);
      else await target.put(key, content);
      bytes += size;
    } catch (error) {
      missing.push(`attachment ${key} (${size} bytes): ${(error as Error).message}`);
    }
    progress(i + 1, listed.length);
  }
  // Last: a folder without it is not started as if it were whole.
  await writeFormat(folder, 'mail');
  await using opened = await openSingle({ ...config, data: folder }, 'mail', createLog({ level: 'silent' }));
  let accounts = 0;
  for await (const id of opened.mailstore.accounts()) {
    await opened.mailstore.restored(id);
    accounts++;
  }
  const problems: Problem[] = [];
  await localControl(opened).call(verify, {}, { onItem: (problem) => void problems.push(problem) });
  return { accounts, blobs: manifest.blobs - missing.length, bytes, missing, problems };
}

/**
 * What is in a backup, without changing it: its store is copied below `scratch`, which has room for that, until it is closed again;
 * attachments are read where they are. Throws `StartError`.
 */
export async function openBackup(from: string, config: Config, scratch: string): Promise<Opened> {
  await readManifest(from);
  const folder = await mkdtemp(join(scratch, 'backup-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true });
  try {
    await cp(join(from, 'kv'), join(folder, 'kv'), { recursive: true, mode: constants.COPYFILE_FICLONE });
    await symlink(join(resolve(from), 'blobs'), join(folder, 'blobs'));
    await writeFormat(folder, 'mail');
    const store = { ...config.store, postgres: '', s3: { ...config.store.s3, endpoint: '' } };
    const embedded = { ...config, data: folder, store };
    const opened = await openSingle(embedded, 'mail', createLog({ level: 'silent' }));
    return {
      ...opened,
      async [Symbol.asyncDispose]() {
        await opened[Symbol.asyncDispose]();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function readManifest(from: string): Promise<BackupManifest> {
  const names = await readdir(from).catch(() => undefined);
  if (names === undefined) throw new StartError(`there is no backup in ${from}`);
  if (!names.includes('backup.json'))
    throw new StartError(`${from} is no complete backup: backup.json is missing, which is written last`);
  const manifest = JSON.parse(await readFile(join(from, 'backup.json'), 'utf8')) as BackupManifest;
  if (manifest.format > BACKUP_FORMAT)
    throw new MailError('conflict', 'user', `${from} was written by a newer pabal: restore it with that one`);
  return manifest;
}
