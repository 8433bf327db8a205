/** Which engine keeps the mail: the embedded one in the data folder, or PostgreSQL. */
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { hostname } from 'node:os';
import { openBlobFiles } from '../adapters/blob-files.ts';
import { openBlobKv } from '../adapters/blob-kv.ts';
import { openLmdb } from '../adapters/kv-lmdb.ts';
import { openPostgres } from '../adapters/kv-postgres.ts';
import { nodesOf } from '../adapters/kv-postgres-lease.ts';
import type { Config } from '../config/schema.ts';
import type { BlobStore } from '../ports/blob.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyValueStore, StoreFailed } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import type { Log } from '../telemetry/log.ts';
import { type DataFolder, writeSynced } from './data-folder.ts';
import { Standby } from './standby.ts';
import { StartError } from './start-error.ts';

export interface Engine extends KeyValueStore {
  /** Resolves, should it ever fail, with the reason. */
  readonly failure: Promise<StoreFailed>;
  readonly failed: StoreFailed | undefined;
  fail(error: StoreFailed): void;
}

export interface EngineParts {
  readonly folder: DataFolder;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Waits for the database while another service has it when `mayWait` is there (its signal ends the waiting) and `store.standby` asks for it. Throws `StartError`.
 */
export async function openEngine(
  config: Config,
  { folder, random, log }: EngineParts,
  mayWait?: { readonly signal?: AbortSignal },
): Promise<Engine> {
  const { postgres } = config.store;
  const marker = folder.file('store.json');
  if (postgres === '') {
    if (existsSync(marker))
      throw new StartError(`the mail of ${folder.path} is in PostgreSQL: say where with store.postgres`);
    return openLmdb(folder.file('kv'));
  }
  if (existsSync(folder.file('kv', 'data.mdb')))
    throw new StartError(
      `the mail of ${folder.path} is in the folder itself: leave store.postgres empty, or name another folder`,
    );
  await using standby = new Standby(config, log, mayWait?.signal);
  const kv = await openPostgres(postgres, {
    name: nodeName(random),
    ...(config.store.standby && mayWait && { standby: standby.options }),
  });
  try {
    await writeSynced(`${marker}.new`, JSON.stringify({ engine: 'postgres' }));
    await rename(`${marker}.new`, marker);
    return kv;
  } catch (error) {
    await kv[Symbol.asyncDispose]();
    throw error;
  }
}

/** Where large attachments are: with the mail. */
export async function openBlobs(
  config: Config,
  { folder, kv, clock, random }: { folder: DataFolder; kv: Engine; clock: Clock; random: Random },
): Promise<BlobStore> {
  if (config.store.postgres !== '') return openBlobKv({ kv, clock, random });
  return openBlobFiles(folder.file('blobs'), random, { onFailed: (error) => kv.fail(error) });
}

/** A service on the database of `store.postgres`, as it last said. */
export interface ClusterNode {
  readonly name: string;
  /** `silent`: it has not said that it is alive for as long as one that stands by waits. */
  readonly state: 'active' | 'standby' | 'silent';
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly silentMs: number;
}

/** The active one first. Throws `StartError`. */
export async function clusterNodes({ store }: Config): Promise<ClusterNode[]> {
  if (store.postgres === '')
    throw new StartError('the mail is in the data folder, which one service uses: several share store.postgres');
  const nodes = await nodesOf(store.postgres).catch((error: Error) => {
    throw new StartError(`the database of store.postgres cannot be asked: ${error.message}`, { cause: error });
  });
  return nodes.map(({ name, active, since, silentMs }) => {
    const silent = silentMs > 1000 * store.takeover_seconds;
    return { name, state: silent ? 'silent' : active ? 'active' : 'standby', since: since.getTime(), silentMs };
  });
}

/** Told to people; another start of the same machine is another one. */
function nodeName(random: Random): string {
  const machine = hostname()
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .slice(0, 30);
  return `${machine}-${Buffer.from(random.bytes(4)).toString('hex')}`;
}
