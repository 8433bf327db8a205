/** What signs return paths, page cursors and links that this service made itself. It is kept where the mail is. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import { type CommitId, type KeyValueStore, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import type { DataFolder } from './data-folder.ts';
import { StartError } from './start-error.ts';

const BYTES = 32;
/** Its header is the secret of every service on this database. */
const SECRET = partition('c', 'secret');

interface SecretParts {
  readonly folder: DataFolder;
  readonly kv: KeyValueStore;
  readonly random: Random;
}

/** Made once: what was handed out before a restart stays good. Throws `StartError`. */
export async function secretOf(config: Config, { folder, kv, random }: SecretParts): Promise<Uint8Array> {
  if (config.store.postgres !== '') return inStore(kv, random);
  const path = folder.file('secret');
  const kept = await readFile(path).catch(() => undefined);
  if (kept?.length === BYTES) return kept;
  const made = random.bytes(BYTES);
  await writeFile(path, made, { mode: 0o600, flush: true });
  return made;
}

async function inStore(kv: KeyValueStore, random: Random): Promise<Uint8Array> {
  const { version, value } = await kv.head(SECRET);
  if (value?.length === BYTES) return value;
  const made = random.bytes(BYTES);
  const id = `secret.${Buffer.from(random.bytes(9)).toString('base64url')}` as CommitId;
  const done = await kv.commit(SECRET, version, version + 1, { header: made }, id);
  if (done.kind !== 'applied') throw new StartError('the secret could not be written to the database: start again');
  return made;
}
