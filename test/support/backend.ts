/** A mail store and a directory in memory, with alice and bob in it, for tests of the protocols. */
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { MemoryCache } from '../../src/adapters/cache-memory.ts';
import { SystemClock } from '../../src/adapters/clock-system.ts';
import { MemoryKv } from '../../src/adapters/kv-memory.ts';
import { openQueue } from '../../src/adapters/queue-kv.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { StaticResolver } from '../../src/adapters/resolver-static.ts';
import { Compliance } from '../../src/compliance/compliance.ts';
import { Dispatcher } from '../../src/delivery/dispatcher.ts';
import { UserComplaints } from '../../src/delivery/feedback/by-user.ts';
import { Suppressions } from '../../src/delivery/feedback/suppressions.ts';
import { StoredSenders } from '../../src/delivery/kept-senders.ts';
import { OUTBOUND_LIMITS } from '../../src/delivery/limits.ts';
import { Senders, type SendersOptions } from '../../src/delivery/senders.ts';
import type { DownmailPolicy } from '../../src/downmail/policy.ts';
import { FetchedOriginals } from '../../src/downmail/fetched-originals.ts';
import { FetchOriginal, type FetchOriginalParts } from '../../src/downmail/fetch-original.ts';
import { Originals } from '../../src/downmail/originals.ts';
import { UndeletedHosts } from '../../src/downmail/undeleted-hosts.ts';
import { AuditTrail } from '../../src/directory/audit.ts';
import { Offices } from '../../src/directory/offices.ts';
import { CatchAll } from '../../src/directory/catch-all.ts';
import { Tenants } from '../../src/directory/tenants.ts';
import { KvDirectory } from '../../src/directory/directory.ts';
import { RejectLists } from '../../src/directory/reject-lists.ts';
import { Classifier } from '../../src/intake/classify.ts';
import { Intake } from '../../src/intake/intake.ts';
import { Rules } from '../../src/intake/rules.ts';
import { tellOfNewForwards } from '../../src/intake/new-forward.ts';
import { SieveScripts } from '../../src/intake/sieve/scripts.ts';
import { file } from '../../src/intake/stages/file.ts';
import { loop } from '../../src/intake/stages/loop.ts';
import { Quarantine } from '../../src/intake/quarantine.ts';
import { ReportHistory } from '../../src/delivery/reports/history.ts';
import { ReturnPaths } from '../../src/intake/return-paths.ts';
import { RecipientRate } from '../../src/intake/rate.ts';
import { Recipients } from '../../src/intake/recipients.ts';
import { IntakeWorker } from '../../src/intake/worker.ts';
import type { AccountId, MailAccount, MailStore, Principal } from '../../src/mailstore/api.ts';
import { createMailStore, type MailStoreOptions } from '../../src/mailstore/store.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { AutomaticSender } from '../../src/submit/automatic.ts';
import { Receipts } from '../../src/submit/receipts.ts';
import { Submit } from '../../src/submit/submit.ts';
import { MailFlow } from '../../src/telemetry/flow.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { downmailOf } from './downmail.ts';
import { MemoryBlobs } from './mail-store.ts';
import { pipelineOf } from './pipeline.ts';

const SENDERS: SendersOptions = {
  sources: [],
  hostname: 'mail.example.test',
  warmUp: { days: 14, first: 50, last: 1000 },
  fastBlock: { usualPerDay: 1000, limitLoopback: true },
};

export type User = Principal & { kind: 'user' };

export interface BackendOptions {
  readonly remote?: boolean;
  readonly store?: Partial<MailStoreOptions>;
  /** Default: the real one. */
  readonly clock?: Clock;
  /** Default: a conventional server. */
  readonly downmail?: Partial<DownmailPolicy>;
  /** How originals are fetched from where others keep them. */
  readonly fetch?: Partial<FetchOriginalParts>;
}

export async function memoryBackend(options: BackendOptions = {}) {
  const clock = options.clock ?? new SystemClock();
  const parts = { kv: new MemoryKv(), clock, cache: new MemoryCache(clock), bus: new LocalBus() };
  const mailstore = createMailStore({
    ...parts,
    blobs: new MemoryBlobs(clock),
    random: new SeededRandom(7),
    ...options.store,
  });
  const random = new SeededRandom(8);
  const hashCost = { memoryCost: 8, timeCost: 1 };
  const directory = new KvDirectory({ ...parts, random, mailboxes: mailstore }, { hashCost });
  await directory.addDomain('example.test');
  const add = async (address: string): Promise<User> => {
    const { id } = await directory.addAccount(address, { password: 'secret password' });
    return { kind: 'user', account: id, address, admin: false };
  };
  const alice = await add('alice@example.test');
  const bob = await add('bob@example.test');
  const accountOf = (user: User): Promise<MailAccount & Disposable> => mailstore.open(user, user.account);
  /** Puts a message into the user's INBOX. */
  const deliver = async (user: User, raw: string | Uint8Array) => {
    using account = await accountOf(user);
    const folder = account.folderWithRole('inbox');
    if (folder === undefined) throw new Error('no INBOX');
    return await account.addMessage(typeof raw === 'string' ? Buffer.from(raw) : raw, { folder: folder.id });
  };
  const log = silentLog;
  const metrics = new Metrics();
  const hostname = 'mail.example.test';
  const queue = await openQueue({ ...parts, random });
  const flow = new MailFlow(clock);
  const pipeline = pipelineOf([loop(), file({ clock, log })]);
  const intake = new Intake({ store: mailstore, queue, clock, hostname, log, metrics, pipeline, flow });
  const kept = new StoredSenders({ kv: parts.kv, clock, random, log });
  const returnPaths = new ReturnPaths({ directory, clock, secret: new Uint8Array(32).fill(2), kept });
  const recipients = new Recipients(directory, mailstore, returnPaths);
  const rate = new RecipientRate(parts.cache, { recipientsPerHour: 100, limitLoopback: true });
  const common = { store: mailstore, directory, intake, queue, clock, random, log, metrics, hostname };
  const remote = options.remote ?? false;
  const wake = (account: AccountId): void => dispatcher.wake(account);
  const automatic = new AutomaticSender({ ...common, dispatcher: { wake }, remote });
  const { held, holding, pickUp, manager } = downmailOf(
    { ...common, automatic, kv: parts.kv, cache: parts.cache },
    (account, effects) => dispatcher.wake(account, effects),
    options.downmail,
  );
  const dispatcher: Dispatcher = new Dispatcher({ ...common, automatic, returnPaths, held }, OUTBOUND_LIMITS);
  const complaints = new UserComplaints({ store: mailstore, directory, dispatcher, clock });
  const receipts = new Receipts({ directory, automatic, clock, hostname });
  const fetch = new FetchOriginal({
    resolver: new StaticResolver({ 'mail.a.test': { addresses: [{ address: '127.0.0.1', family: 4 }] } }),
    privateAddresses: true,
    publicUrl: 'https://mail.example.test',
    pickUp: { open: async () => ({ kind: 'gone', state: 'expired', at: undefined }) },
    ...options.fetch,
  });
  const undeletedHosts = new UndeletedHosts(parts.kv, clock, random);
  const afterwards = new FetchedOriginals({
    ...common,
    fetch,
    hosts: undeletedHosts,
    rejectLists: new RejectLists(parts.kv, clock, random),
    againMs: 86_400_000,
    policy: 'note',
    accounts: 3,
  });
  const originals = new Originals({
    store: mailstore,
    fetch,
    afterwards,
    clock,
    hostname,
    messageSize: 1 << 20,
  });
  const suppressions = new Suppressions(parts.kv, clock, random);
  const senders = await Senders.open({ ...parts, random, log }, SENDERS);
  const submit = new Submit({
    directory,
    queue,
    fastBlock: senders.fastBlock,
    recipients,
    rate,
    store: mailstore,
    dispatcher,
    suppressions,
    clock,
    random,
    log,
    hostname,
    flow,
    remote,
    bounceAddresses: 'lists',
    holding,
  });
  const scripts = new SieveScripts(clock, tellOfNewForwards({ store: mailstore, directory, clock, hostname }));
  const rules = new Rules(scripts, random);
  const classifier = new Classifier({ store: mailstore, kv: parts.kv, rules, clock, random, log });
  /** Files what was accepted, from now on. */
  const startWorker = () => new IntakeWorker({ store: mailstore, queue, pipeline, clock, random, log, metrics, flow });
  const handles = countHandles(mailstore);
  const audit = new AuditTrail(parts.kv, clock, random);
  return {
    ...parts,
    random,
    queue,
    log,
    metrics,
    hostname,
    mailstore,
    directory,
    submit,
    suppressions,
    complaints,
    receipts,
    pickUp,
    senderMailboxes: manager,
    originals,
    afterwards,
    undeletedHosts,
    reports: new ReportHistory(parts.kv, clock, random),
    scripts,
    rules,
    classifier,
    returnPaths,
    senders,
    pushKey: 'key',
    quarantine: new Quarantine({ queue, store: mailstore }),
    audit,
    offices: new Offices(parts.kv, clock, random, directory),
    tenants: new Tenants(parts.kv, clock, random, directory),
    catchAll: new CatchAll({ ...parts, clock, random, directory }),
    compliance: new Compliance({ kv: parts.kv, directory, mailstore, audit, clock, random }),
    flow,
    deliverability: () => senders.report(),
    domainRecords: async () => [],
    dispatcher,
    startWorker,
    handles,
    alice,
    bob,
    accountOf,
    deliver,
    add,
  };
}

/** How many handles on accounts are open: at the end of a test there should be none. */
function countHandles(mailstore: MailStore): { open: number } {
  const handles = { open: 0 };
  const open = mailstore.open.bind(mailstore);
  mailstore.open = async (...args) => {
    const account = await open(...args);
    const dispose = account[Symbol.dispose].bind(account);
    handles.open++;
    account[Symbol.dispose] = () => {
      handles.open--;
      dispose();
    };
    return account;
  };
  return handles;
}
