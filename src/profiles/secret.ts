/** What signs return paths, page cursors and links that this service made itself. It is kept where the mail is. */
import { readFile, writeFile } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import { type CommitId, type KeyValueStore, partition } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import type { DataFolder } from './data-folder.ts';
import { StartError } from './start-error.ts';

const BYTES = 32;
/** Its header is the secret of every service on this database. */
export const SECRET = partition('c', 'secret');

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

interface SecretPlace extends SecretParts {
  readonly config: Config;
}

/** What was handed out before the mail moved stays good after it. */
export async function copySecret(from: Omit<SecretPlace, 'random'>, to: SecretPlace): Promise<void> {
  const secret =
    from.config.store.postgres === ''
      ? await readFile(from.folder.file('secret')).catch(() => undefined)
      : (await from.kv.head(SECRET)).value;
  if (secret?.length !== BYTES) return;
  if (to.config.store.postgres === '') await writeFile(to.folder.file('secret'), secret, { mode: 0o600, flush: true });
  else await putSecret(to.kv, secret, to.random);
}

async function inStore(kv: KeyValueStore, random: Random): Promise<Uint8Array> {
  const { value } = await kv.head(SECRET);
  if (value?.length === BYTES) return value;
  const made = random.bytes(BYTES);
  await putSecret(kv, made, random);
  return made;
}

async function putSecret(kv: KeyValueStore, secret: Uint8Array, random: Random): Promise<void> {
  const { version } = await kv.head(SECRET);
  const id = `secret.${Buffer.from(random.bytes(9)).toString('base64url')}` as CommitId;
  const done = await kv.commit(SECRET, version, version + 1, { header: secret }, id);
  if (done.kind !== 'applied') throw new StartError('the secret could not be written to the database: start again');
}
