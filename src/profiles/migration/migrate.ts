/**
 * Moves an installation from one configuration to another: from the data folder to PostgreSQL and S3, back, or from one database to
 * the next. Row by row, whatever the engines; neither side is served meanwhile. Done again after an interruption, it goes on where it was.
 */
import { cp, readdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { BLOB_BUCKETS } from '../../adapters/blob-kv.ts';
import { SystemClock } from '../../adapters/clock-system.ts';
import { SystemRandom } from '../../adapters/random-system.ts';
import type { Config } from '../../config/schema.ts';
import { localControl } from '../../control/local.ts';
import { type Problem, verify } from '../../control/operations/store.ts';
import { AuditTrail } from '../../directory/audit.ts';
import type { BlobStore } from '../../ports/blob.ts';
import { type CommitId, type Partition, PARTITION_KINDS } from '../../ports/kv.ts';
import type { Random } from '../../ports/random.ts';
import { createLog } from '../../telemetry/log.ts';
import { BUCKET, openBucket } from '../bucket.ts';
import { type DataFolder, type DataKind, kindOf, openDataFolder } from '../data-folder.ts';
import { type Engine, openBlobs, openEngine } from '../engine.ts';
import { copySecret, SECRET } from '../secret.ts';
import { openSingle } from '../single.ts';
import { StartError } from '../start-error.ts';
import { MARK, type Mark, markOf, setMark } from './mark.ts';
import { type Copied, makeSame } from './same-rows.ts';

export interface MigrationReport {
  readonly accounts: number;
  readonly rows: number;
  readonly bytes: number;
  readonly attachments: number;
  /** Attachments that could not be read where they were. */
  readonly missing: readonly string[];
  /** What `verify` says of the mail where it is now. */
  readonly problems: readonly Problem[];
}

export interface MigrationProgress {
  (step: 'copying' | 'comparing' | 'attachments', done: number): void;
}

interface Store extends AsyncDisposable {
  readonly config: Config;
  readonly folder: DataFolder;
  readonly kv: Engine;
  readonly blobs: BlobStore;
}

/** Belongs to the place, not to the mail. */
const STAYS: ReadonlySet<Partition> = new Set([MARK, BUCKET, SECRET]);
/** A store of blobs copies them. */
const SKIP_BUCKETS: ReadonlySet<string> = new Set(BLOB_BUCKETS);
/** Partitions, or attachments, on their way at once. */
const AT_ONCE = 8;

const clock = new SystemClock();
const random: Random = new SystemRandom();
const log = createLog({ level: 'silent' });
const newId = (): CommitId => `migrate.${Buffer.from(random.bytes(12)).toString('base64url')}` as CommitId;

/** Throws `StartError` (a service runs on either, there is something else in the target), `Damaged`, and what the engines throw; then the source is as it was. */
export async function migrate(from: Config, to: Config, progress: MigrationProgress): Promise<MigrationReport> {
  const kind = await kindOf(from.data);
  if (kind === undefined)
    throw new StartError(`there is no data in ${resolve(from.data)}: name its folder with --data`);
  if (resolve(from.data) === resolve(to.data) && from.store.postgres === to.store.postgres)
    throw new StartError('the mail is there already: name another data folder or database to move to');
  const report = await move(from, to, kind, progress);
  const problems: Problem[] = [];
  await using opened = await openSingle(to, kind, log);
  await localControl(opened).call(verify, {}, { onItem: (problem) => void problems.push(problem) });
  return { ...report, problems };
}

async function move(
  from: Config,
  to: Config,
  kind: DataKind,
  progress: MigrationProgress,
): Promise<Omit<MigrationReport, 'problems'>> {
  await using source = await openStore(from, kind);
  const before = await markOf(source.kv);
  await using target = await openStore(to, kind);
  const move = before?.move ?? newId();
  const place = placeOf(to);
  await checkTarget(target, move);
  if (before?.state === 'left' && (await markOf(target.kv))?.state !== 'arriving')
    throw new StartError(`this mail went to ${before.to ?? 'another store'} before: see pabal migrate --reopen`);
  const mark = (store: Store, state: Mark['state']): Promise<void> =>
    setMark(store.kv, { state, move, at: clock.now(), ...(state === 'left' && { to: place }) }, random);
  if (before?.state !== 'left') {
    const trail = new AuditTrail(source.kv, clock, random);
    await trail.add({ by: 'operator', what: 'migrate', about: place, outcome: 'asked' });
    await mark(source, 'leaving');
  }
  await mark(target, 'arriving');
  await copySecret(source, { ...target, random });
  await copyCertificate(source.folder, target.folder);
  const missing: string[] = [];
  const attachments = await copyBlobs(source.blobs, target.blobs, missing, (done) => progress('attachments', done));
  const { rows, bytes } = await copyAll(source.kv, target.kv, (done) => progress('copying', done));
  const compared = await copyAll(source.kv, target.kv, (done) => progress('comparing', done));
  if (compared.changed > 0)
    throw new StartError(`${compared.changed} rows were not the same when they were compared: run pabal migrate again`);
  // In this order: nobody may serve both, and when a crash comes between the two it is run again.
  await mark(source, 'left');
  await mark(target, 'here');
  let accounts = 0;
  for await (const _account of target.kv.partitions('u')) accounts++;
  return { accounts, rows, bytes, attachments, missing };
}

/** The mail that left is served from here again: what came to the other place meanwhile is not here. Throws `StartError`. */
export async function reopen(config: Config): Promise<void> {
  const kind = await kindOf(config.data);
  if (kind === undefined) throw new StartError(`there is no data in ${resolve(config.data)}`);
  await using store = await openStore(config, kind);
  const mark = await markOf(store.kv);
  if (mark?.state !== 'left') throw new StartError('no mail has left this store: there is nothing to reopen');
  const trail = new AuditTrail(store.kv, clock, random);
  await trail.add({ by: 'operator', what: 'migrate --reopen', about: placeOf(config), outcome: 'asked' });
  // Another move from here is another one.
  await setMark(store.kv, { state: 'here', move: newId(), at: clock.now() }, random);
}

async function openStore(config: Config, kind: DataKind): Promise<Store> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await openDataFolder(config.data, kind));
  const kv = undo.use(await openEngine(config, { folder, random, log }));
  const bucket = undo.use(await openBucket(config, { kv, clock, random }));
  const blobs = bucket ?? undo.use(await openBlobs(config, { folder, kv, clock, random }));
  const owned = undo.move();
  return { config, folder, kv, blobs, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function checkTarget({ kv, config }: Store, move: string): Promise<void> {
  const mark = await markOf(kv);
  if (mark?.state === 'arriving') {
    if (mark.move === move) return;
    throw new StartError(`other mail is on its way to ${placeOf(config)}: finish that, or name an empty one`);
  }
  for (const kind of PARTITION_KINDS)
    for await (const p of kv.partitions(kind))
      if (!STAYS.has(p)) throw new StartError(`${placeOf(config)} is not empty: name a new data folder or database`);
}

async function copyAll(from: Engine, to: Engine, progress: (rows: number) => void): Promise<Copied> {
  const all: Copied = { rows: 0, bytes: 0, changed: 0 };
  await several(partitionsOf(from, to), async (p) => {
    const { rows, bytes, changed } = await makeSame(from, to, p, { skipBuckets: SKIP_BUCKETS, newId });
    all.rows += rows;
    all.bytes += bytes;
    all.changed += changed;
    progress(all.rows);
  });
  return all;
}

/** Of both: what an earlier attempt has brought and is gone since goes there, too. */
async function* partitionsOf(from: Engine, to: Engine): AsyncGenerator<Partition, void, undefined> {
  for (const kind of PARTITION_KINDS) {
    const seen = new Set<Partition>();
    for (const kv of [from, to])
      for await (const p of kv.partitions(kind)) {
        if (STAYS.has(p) || seen.has(p)) continue;
        seen.add(p);
        yield p;
      }
  }
}

async function copyBlobs(
  from: BlobStore,
  to: BlobStore,
  missing: string[],
  progress: (blobs: number) => void,
): Promise<number> {
  let blobs = 0;
  await several(from.list(), async ({ key, size }) => {
    if ((await to.info(key))?.size !== size)
      try {
        const content = await from.get(key);
        if (content === undefined) throw new Error('it is not there');
        await to.put(key, content);
      } catch (error) {
        if ((error as Error).name === 'StoreFailed') throw error;
        missing.push(`attachment ${key} (${size} bytes): ${(error as Error).message}`);
      }
    progress(++blobs);
  });
  return blobs;
}

/** The certificate that was made for want of another: programs of people here may have been told to trust it. */
async function copyCertificate(from: DataFolder, to: DataFolder): Promise<void> {
  const own = await readdir(from.file('tls')).catch(() => []);
  if (own.length > 0) await cp(from.file('tls'), to.file('tls'), { recursive: true, force: false });
}

async function several<T>(all: AsyncIterable<T>, act: (one: T) => Promise<void>): Promise<void> {
  const running = new Set<Promise<void>>();
  for await (const one of all) {
    const work: Promise<void> = act(one).finally(() => running.delete(work));
    work.catch(() => undefined);
    running.add(work);
    if (running.size >= AT_ONCE) await Promise.race(running);
  }
  await Promise.all(running);
}

/** Without passwords. */
function placeOf({ data, store }: Config): string {
  if (store.postgres === '') return resolve(data);
  const { host, pathname, searchParams } = new URL(store.postgres);
  return `PostgreSQL ${searchParams.get('host') ?? host}${pathname}`;
}
