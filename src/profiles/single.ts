/** The profile `single`: one process, on embedded storage or on PostgreSQL. This is where the parts are put together. */
import { UndeletedHosts } from '../downmail/undeleted-hosts.ts';
import { GatewayMailboxes } from '../downmail/gateway-mailboxes.ts';
import { SenderIds } from '../downmail/ids.ts';
import { statfs } from 'node:fs/promises';
import { BreachedPasswordsFile } from '../adapters/breached-passwords-file.ts';
import { openBlobFiles } from '../adapters/blob-files.ts';
import { SystemClock } from '../adapters/clock-system.ts';
import { openQueue } from '../adapters/queue-kv.ts';
import { SystemResolver } from '../adapters/resolver-system.ts';
import { SystemRandom } from '../adapters/random-system.ts';
import type { Config } from '../config/schema.ts';
import type { Service } from '../control/service.ts';
import { Suppressions } from '../delivery/feedback/suppressions.ts';
import { ReportHistory } from '../delivery/reports/history.ts';
import { DkimKeys } from '../directory/dkim-keys.ts';
import { Senders } from '../delivery/senders.ts';
import { Compliance } from '../compliance/compliance.ts';
import { Offices } from '../directory/offices.ts';
import { CatchAll } from '../directory/catch-all.ts';
import { Tenants } from '../directory/tenants.ts';
import { AuditTrail } from '../directory/audit.ts';
import { SignUp, type SignUpParts } from '../directory/sign-up.ts';
import { RejectLists } from '../directory/reject-lists.ts';
import { KvDirectory } from '../directory/directory.ts';
import { SandboxDirectory } from '../directory/sandbox.ts';
import { createMailStore } from '../mailstore/store.ts';
import { forgetQueued } from '../intake/forget-queued.ts';
import type { MailStore } from '../mailstore/api.ts';
import type { ForgetElsewhere } from '../mailstore/mailbox.ts';
import { DeadLetters } from '../modules/dead-letters.ts';
import type { BlobStore } from '../ports/blob.ts';
import type { Bus } from '../ports/bus.ts';
import type { Cache } from '../ports/cache.ts';
import type { Queue } from '../ports/queue.ts';
import type { Random } from '../ports/random.ts';
import type { Resolver } from '../ports/resolver.ts';
import type { Log } from '../telemetry/log.ts';
import { openBucket } from './bucket.ts';
import { type DataFolder, type DataKind, openDataFolder } from './data-folder.ts';
import { type Engine, openBlobs, openEngine } from './engine.ts';
import { Health } from './health.ts';
import { checkServed } from './migration/mark.ts';
import { sendersOptions } from './outbound.ts';
import { openShared } from './shared.ts';
import { StartError } from './start-error.ts';
import { StartProgress } from './start-progress.ts';
import { Sweeper } from './sweeper.ts';

/** Everything that is stored, opened; nothing listens. */
export interface Opened extends Service, AsyncDisposable {
  readonly folder: DataFolder;
  readonly directory: KvDirectory;
  /** Who administers, what is written of that, and what the law asks of it. */
  readonly administration: Pick<Service, 'audit' | 'catchAll' | 'compliance' | 'offices' | 'tenants'>;
  readonly signUp: SignUp;
  readonly bus: Bus;
  readonly cache: Cache;
  readonly random: Random;
  readonly resolver: Resolver;
  readonly sweeper: Sweeper;
  /** Resolves, should the store ever fail, with the reason: nothing is acknowledged from then on, and the process must end
   * before long. */
  readonly failure: Promise<Error>;
}

/** `mayWait` as in `openEngine`. Throws `StartError`. */
export async function openSingle(
  config: Config,
  kind: DataKind,
  log: Log,
  mayWait?: { readonly signal?: AbortSignal },
): Promise<Opened> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await openDataFolder(config.data, kind));
  const clock = new SystemClock();
  const random = new SystemRandom();
  const resolver = undo.use(openResolver(config));
  const { bus, cache } = undo.use(await openShared(config, { clock, random, log }));
  const kv: Engine = undo.use(await opened(folder, () => openEngine(config, { folder, random, log }, mayWait)));
  await opened(folder, () => checkServed(kv));
  const bucket = undo.use(await opened(folder, () => openBucket(config, { kv, clock, random })));
  const blobs: BlobStore =
    bucket ?? undo.use(await opened(folder, () => openBlobs(config, { folder, kv, clock, random })));
  // What is opened further below; until then a removal that is settled leaves it to the next sweep.
  let elsewhere: ForgetElsewhere = () => Promise.resolve();
  const mailstore: MailStore = undo.use(
    createMailStore({
      kv,
      blobs,
      clock,
      random,
      bus,
      log,
      spool: folder.file('run'),
      searchSeconds: kind === 'sandbox' ? 0 : config.limits.search_seconds,
      forgetElsewhere: (accounts) => elsewhere(accounts),
    }),
  );
  const parts = { kv, cache, bus, clock, random, mailboxes: mailstore };
  const { limits } = config;
  const breached = undo.use(await breachedPasswords(limits.breached_passwords));
  const options = {
    hostname: config.hostname,
    ...(breached && { breached }),
    throttle: {
      perAccount: limits.sign_in_failures,
      perNetwork: limits.sign_in_failures_per_network,
      loopback: limits.loopback,
    },
    sessionIdleMs: limits.session_idle_days * 86_400_000,
    ...(limits.quota > 0 && { quota: limits.quota }),
  };
  const directory = undo.use(
    kind === 'sandbox' ? new SandboxDirectory(parts, options) : new KvDirectory(parts, options),
  );
  // A service tells how far it is with what grows with the data; a command is only late.
  await using progress = new StartProgress(mayWait ? config : { listen: { http: [], admin: [] } }, clock, log);
  const step: StartProgress['step'] = (doing, act) => progress.step(doing, (done) => opened(folder, () => act(done)));
  await step('unfinished changes of the directory', () => directory.settle());
  const queue: Queue = undo.use(await step('the queues', (onRead) => openQueue({ kv, clock, random, onRead })));
  const senders = undo.use(
    await step('what is known of senders', () => Senders.open({ kv, clock, random, log }, sendersOptions(config))),
  );
  const deadLetters = new DeadLetters(kv, random);
  elsewhere = async (accounts) => {
    await forgetQueued(queue, accounts);
    await deadLetters.forget(accounts);
    for (const account of accounts) await senders.forget(account);
  };
  const sweeper = undo.use(new Sweeper(mailstore, clock, log));
  const free = (): Promise<number> => freeBytes(folder.path);
  const health = new Health({ kv, failed: () => kv.failed, bucket, clock, random, free });
  const audit = new AuditTrail(kv, clock, random);
  const administration = {
    audit,
    compliance: new Compliance({ kv, directory, mailstore, audit, clock, random }),
    offices: new Offices(kv, clock, random, directory),
    tenants: new Tenants(kv, clock, random, directory),
    catchAll: new CatchAll({ kv, clock, random, bus, directory }),
  };
  const owned = undo.move();
  return {
    folder,
    data: folder.path,
    clock,
    random,
    resolver,
    bus,
    cache,
    kv,
    blobs,
    mailstore,
    directory,
    dkimKeys: new DkimKeys(kv, clock, random),
    rejectLists: new RejectLists(kv, clock, random),
    ...administration,
    administration,
    signUp: openSignUp(config, {
      directory,
      audit: administration.audit,
      tenants: administration.tenants,
      cache,
      clock,
    }),
    suppressions: new Suppressions(kv, clock, random),
    reports: new ReportHistory(kv, clock, random),
    dailyReports: () => undefined,
    queue,
    senders,
    sweeper,
    failure: kv.failure,
    listening: () => ({}),
    certificates: () => undefined,
    renewals: () => undefined,
    intakeStages: () => [],
    modules: () => [],
    gatewayMailboxes: new GatewayMailboxes({
      directory,
      store: mailstore,
      senderIds: new SenderIds(kv, clock, random),
      hostname: config.hostname,
    }),
    undeletedHosts: new UndeletedHosts(kv, clock, random),
    deadLetters,
    health: () => health.problems(),
    blobsIn: (path) => openBlobFiles(path, random),
    sweep: () => sweeper.sweep(),
    withoutSweep: (act) => sweeper.paused(act),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function opened<T>(folder: DataFolder, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof StartError || (error as Error).name === 'AbortError') throw error;
    throw new StartError(`the store in ${folder.path} cannot be opened: ${(error as Error).message}`, { cause: error });
  }
}

function openSignUp({ sign_up: wanted, limits }: Config, parts: SignUpParts): SignUp {
  const { mode, domains, reserved, per_network: perNetwork, per_day: perDay, quota } = wanted;
  const lower = domains.map((domain) => domain.toLowerCase());
  const limitLoopback = limits.loopback;
  return new SignUp({ mode, domains: lower, reserved, perNetwork, perDay, quota, limitLoopback }, parts);
}

/** Throws `StartError`. */
async function breachedPasswords(path: string): Promise<BreachedPasswordsFile | null> {
  if (path === '') return null;
  try {
    return await BreachedPasswordsFile.open(path);
  } catch (error) {
    throw new StartError(`limits.breached_passwords: ${(error as Error).message}`, { cause: error });
  }
}

/** Throws `StartError`. */
export function openResolver({ dns }: Config): Resolver {
  try {
    return new SystemResolver({ servers: dns.servers, trustValidation: dns.trust_validation });
  } catch (error) {
    throw new StartError(`dns.servers: ${(error as Error).message}`, { cause: error });
  }
}

export async function freeBytes(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
