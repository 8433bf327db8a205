/** Which engine keeps the mail: the embedded one in the data folder, or PostgreSQL, whose database and data folder belong to each other. */
import { readFile, rename } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { openLmdb } from '../adapters/kv-lmdb.ts';
import { openPostgres } from '../adapters/kv-postgres.ts';
import type { Config } from '../config/schema.ts';
import { type CommitId, type KeyValueStore, partition, type StoreFailed } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { type DataFolder, writeSynced } from './data-folder.ts';
import { StartError } from './start-error.ts';

export interface Engine extends KeyValueStore {
  /** Resolves, should it ever fail, with the reason. */
  readonly failure: Promise<StoreFailed>;
  readonly failed: StoreFailed | undefined;
  fail(error: StoreFailed): void;
}

/** Its header is the id of the data folder with which a database is used. */
const FOLDER = partition('c', 'folder');

/** Throws `StartError`. */
export async function openEngine(config: Config, folder: DataFolder, random: Random): Promise<Engine> {
  const { postgres } = config.store;
  const marker = folder.file('store.json');
  const known = await readFile(marker, 'utf8').catch(() => undefined);
  if (postgres === '') {
    if (known !== undefined)
      throw new StartError(`the mail of ${folder.path} is in PostgreSQL: say where with store.postgres`);
    return openLmdb(folder.file('kv'));
  }
  if (existsSync(folder.file('kv', 'data.mdb')))
    throw new StartError(
      `the mail of ${folder.path} is in the folder itself: leave store.postgres empty, or name another folder`,
    );
  const kv = await openPostgres(postgres);
  try {
    await pair(kv, marker, known, random);
    return kv;
  } catch (error) {
    await kv[Symbol.asyncDispose]();
    throw error;
  }
}

/** A folder with another database would miss its attachments, and a database with another folder its mail. */
async function pair(kv: KeyValueStore, marker: string, known: string | undefined, random: Random): Promise<void> {
  const { version, value } = await kv.head(FOLDER);
  const inStore = value && Buffer.from(value).toString();
  if (known !== undefined || inStore !== undefined) {
    const { id } = known === undefined ? { id: undefined } : (JSON.parse(known) as { id?: string });
    if (id !== inStore)
      throw new StartError(
        'the database of store.postgres belongs to another data folder, or this folder to another database',
      );
    return;
  }
  const id = Buffer.from(random.bytes(12)).toString('hex');
  const done = await kv.commit(FOLDER, version, version + 1, { header: Buffer.from(id) }, `folder.${id}` as CommitId);
  if (done.kind !== 'applied') throw new StartError('the database could not be taken: try again');
  await writeSynced(`${marker}.new`, JSON.stringify({ engine: 'postgres', id }));
  await rename(`${marker}.new`, marker);
}
