/** Everything between a user who sends and the servers that receive, on the reference store and a clock that is moved by hand. */
import { LocalBus } from '../../src/adapters/bus-local.ts';
import { MemoryCache } from '../../src/adapters/cache-memory.ts';
import { ManualClock } from '../../src/adapters/clock-manual.ts';
import { MemoryKv, type Nasty } from '../../src/adapters/kv-memory.ts';
import { openQueue } from '../../src/adapters/queue-kv.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import { StaticResolver } from '../../src/adapters/resolver-static.ts';
import { Dispatcher } from '../../src/delivery/dispatcher.ts';
import type { FeedbackPayload } from '../../src/delivery/feedback/entry.ts';
import { FEEDBACK_POLICY } from '../../src/delivery/feedback/policy.ts';
import { Suppressions } from '../../src/delivery/feedback/suppressions.ts';
import { StoredSenders } from '../../src/delivery/kept-senders.ts';
import { passBack } from '../../src/delivery/feedback/pass-back.ts';
import { FeedbackStage } from '../../src/delivery/feedback/stage.ts';
import { FEEDBACK_KINDS, FeedbackWorker } from '../../src/delivery/feedback/worker.ts';
import { OUTBOUND_LIMITS, type OutboundLimits } from '../../src/delivery/limits.ts';
import { Gateway } from '../../src/downmail/gateway.ts';
import { GatewayMailboxes } from '../../src/downmail/gateway-mailboxes.ts';
import { SenderIds } from '../../src/downmail/ids.ts';
import { OriginalsStage } from '../../src/downmail/originals-stage.ts';
import type { DownmailPolicy } from '../../src/downmail/policy.ts';
import { RejectLists } from '../../src/directory/reject-lists.ts';
import type { AccountInfo, DomainInfo, Route } from '../../src/directory/api.ts';
import { FastBlock } from '../../src/delivery/fast-block.ts';
import { Reputation } from '../../src/delivery/reputation.ts';
import type { Transfer } from '../../src/delivery/transfer.ts';
import { OutboundWorker } from '../../src/delivery/worker.ts';
import { Intake } from '../../src/intake/intake.ts';
import { ReturnPaths } from '../../src/intake/return-paths.ts';
import { RecipientRate } from '../../src/intake/rate.ts';
import { Recipients } from '../../src/intake/recipients.ts';
import { IntakeWorker } from '../../src/intake/worker.ts';
import type { AccountId, FolderId, MailAccount } from '../../src/mailstore/api.ts';
import { createMailStore } from '../../src/mailstore/store.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { KeyValueStore } from '../../src/ports/kv.ts';
import type { Resolver } from '../../src/ports/resolver.ts';
import type { Scanner } from '../../src/ports/scanner.ts';
import { SieveScripts } from '../../src/intake/sieve/scripts.ts';
import { SieveStage } from '../../src/intake/sieve/stage.ts';
import { file } from '../../src/intake/stages/file.ts';
import { RejectListStage } from '../../src/intake/stages/reject-list.ts';
import { loop } from '../../src/intake/stages/loop.ts';
import { NotifyStage } from '../../src/intake/stages/notify.ts';
import { VirusStage } from '../../src/intake/stages/virus.ts';
import { SpamStage, type SpamParts } from '../../src/intake/stages/spam.ts';
import { Engines } from '../../src/intake/scan/engines.ts';
import { BayesFilters } from '../../src/intake/spam/bayes-filters.ts';
import { VacationStage } from '../../src/intake/stages/vacation.ts';
import { AutomaticSender } from '../../src/submit/automatic.ts';
import { Receipts } from '../../src/submit/receipts.ts';
import type { OutgoingCheck } from '../../src/submit/outgoing-check.ts';
import { Submit, type Submission, type User } from '../../src/submit/submit.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { DOWNMAIL, downmailOf } from './downmail.ts';
import { MemoryBlobs, SYSTEM } from './mail-store.ts';
import { pipelineOf } from './pipeline.ts';
import { settle } from './settle.ts';

export const ALICE = 'a11ce0000000000000000001' as AccountId;
export const BOB = 'b0b000000000000000000002' as AccountId;
export const CAROL = 'ca201000000000000000003a' as AccountId;
export const INBOX = 1 as FolderId;
export const SENT = 2 as FolderId;
export const BY_ALICE: User = { kind: 'user', account: ALICE, address: 'alice@example.test', admin: false };

const MADE = '9a7e000000000000000000';
const PEOPLE = { alice: ALICE, bob: BOB, carol: CAROL };

/** Alice, Bob and Carol; whoever is in `gone` has left, whoever is in `suspended` may do nothing. */
export class FewPeople {
  readonly #domain: string;
  readonly #people: ReadonlyMap<string, AccountId>;
  readonly gone = new Set<string>();
  /** Of every account. */
  categories: readonly string[] = [];
  readonly suspended = new Set<string>();
  /** What the service itself added. */
  readonly made = new Map<string, AccountId>();
  /** Makes its mailbox. */
  create: (account: AccountId) => Promise<void> = () => Promise.reject(new Error('nobody makes mailboxes'));

  constructor(domain = 'example.test') {
    this.#domain = domain;
    this.#people = new Map(Object.entries(PEOPLE).map(([name, account]) => [`${name}@${domain}`, account]));
  }

  route(address: string): Promise<Route> {
    const domain = address.slice(address.lastIndexOf('@') + 1);
    const made = this.made.get(address);
    if (made !== undefined) return Promise.resolve({ kind: 'account', account: made, address, detail: undefined });
    if (domain !== this.#domain) return Promise.resolve({ kind: 'remote', domain });
    const name = address.startsWith('postmaster@') ? `carol@${domain}` : address.replace(/\+.*@/, '@');
    const account = this.gone.has(address) ? undefined : this.#people.get(name);
    if (account === undefined) return Promise.resolve({ kind: 'unknown' });
    return Promise.resolve({ kind: 'account', account, address, detail: undefined });
  }

  maySendAs(account: AccountId, address: string): Promise<boolean> {
    return Promise.resolve(this.#people.get(address) === account);
  }

  account(id: string): Promise<AccountInfo | undefined> {
    const known = [...this.#people, ...this.made].find(([address, account]) => account === id || address === id);
    const [address, account = ''] = known ?? [];
    const suspended = this.suspended.has(address ?? '');
    const { categories } = this;
    const common = { displayName: '', aliases: [], admin: false, suspended, quota: undefined, created: 0, categories };
    return Promise.resolve(address === undefined ? undefined : { id: account as AccountId, address, ...common });
  }

  async addAccount(address: string): Promise<AccountInfo> {
    const account = (MADE + String(this.made.size + 10)) as AccountId;
    await this.create(account);
    this.made.set(address, account);
    return (await this.account(account))!;
  }

  domain(name: string): Promise<DomainInfo> {
    return Promise.resolve({ name, created: 0 });
  }

  addDomain(name: string): Promise<DomainInfo> {
    return this.domain(name);
  }
}

export interface SendingOptions {
  readonly nasty?: Nasty;
  readonly limits?: Partial<OutboundLimits>;
  /** Recipients a day that nobody wonders at. */
  readonly usualPerDay?: number;
  /** Default 100. */
  readonly mailsPerHour?: number;
  /** Default example.test. */
  readonly domain?: string;
  /** Default: a conventional server. */
  readonly downmail?: Partial<DownmailPolicy>;
  /** What judges mail from outside. Default: nobody does. */
  readonly spam?: Scanner;
  /** Of other servers. */
  readonly resolver?: Pick<Resolver, 'txt'>;
}

type SpamCommon = Omit<SpamParts, 'engines' | 'filters' | 'resolver' | 'rules' | 'limit' | 'onFailure' | 'loopback'>;

function spamStage(scanner: Scanner, common: SpamCommon & ConstructorParameters<typeof BayesFilters>[0]): SpamStage {
  return new SpamStage({
    ...common,
    engines: new Engines({ ...common, scanners: [scanner], deadlineMs: 1_000 }),
    filters: new BayesFilters(common),
    resolver: new StaticResolver({}),
    rules: { addressLists: [], domainLists: [], languages: [] },
    limit: 5,
    onFailure: 'retry',
    loopback: false,
  });
}

/** What survives a crash. */
export async function sendingWorld(options: SendingOptions = {}) {
  const moved = new ManualClock(Date.UTC(2026, 2, 1, 9));
  // Nobody moves it for who pauses after a conflict: a turn does, also when all is being ended.
  const clock: Clock = {
    now: () => moved.now(),
    monotonic: () => moved.monotonic(),
    sleep: () => settle(1),
    after: (ms, run) => moved.after(ms, run),
  };
  const kv = new MemoryKv(options.nasty);
  const blobs = new MemoryBlobs(clock);
  const directory = new FewPeople(options.domain);
  const limits: OutboundLimits = { ...OUTBOUND_LIMITS, ...options.limits };
  let seed = 100;
  // Mail stores look for lost wake-ups every ten seconds: with one node there are none, and days pass here.
  const calm: Clock = { ...clock, after: () => ({ [Symbol.dispose]: () => undefined }) };
  const first = createMailStore({ kv, blobs, clock: calm, random: new SeededRandom(1), bus: new LocalBus() });
  for (const account of Object.values(PEOPLE)) await first.createAccount(account);
  directory.create = (account) => first.createAccount(account);

  /** One run of the service on this store, or on one that wraps it. Without a transfer nothing is attempted. */
  const start = async (store: KeyValueStore = kv, transfer?: Transfer, outgoing?: Pick<OutgoingCheck, 'check'>) => {
    const random = new SeededRandom(seed++);
    const log = silentLog;
    const metrics = new Metrics();
    const hostname = `mx.${options.domain ?? 'example.test'}`;
    const mailstore = createMailStore({ kv: store, blobs, clock: calm, random, bus: new LocalBus() });
    const queue = await openQueue({ kv: store, clock, random });
    const common = { store: mailstore, directory, queue, clock, random, log, metrics, hostname };
    const wake = (account: AccountId): void => dispatcher.wake(account);
    const automatic = new AutomaticSender({ ...common, dispatcher: { wake }, remote: true });
    const scripts = new SieveScripts(clock);
    const keptSenders = new StoredSenders({ kv: store, clock, random, log });
    const returnPaths = new ReturnPaths({ directory, clock, secret: new Uint8Array(32).fill(3), kept: keptSenders });
    const agents = { ...common, scripts, automatic, returnPaths, dispatcher: { wake } };
    const policy: DownmailPolicy = { ...DOWNMAIL, ...options.downmail };
    const senderIds = new SenderIds(store, clock, random);
    const gatewayMailboxes = new GatewayMailboxes({ ...common, senderIds });
    const gateway = new Gateway({ ...agents, mailboxes: gatewayMailboxes, policy });
    const rejectLists = new RejectLists(store, clock, random);
    const stages = [
      loop(),
      new FeedbackStage(agents),
      passBack(agents),
      new VirusStage({
        ...common,
        engines: new Engines({ ...common, scanners: [], deadlineMs: 1_000 }),
        rules: { malware: 'error-queue', executables: 'error-queue', archives: 'accept', onFailure: 'retry' },
      }),
      new RejectListStage({ ...common, rejectLists }),
      ...(options.spam ? [spamStage(options.spam, { ...common, kv: store })] : []),
      ...(options.downmail ? [new OriginalsStage({ ...agents, policy, gateway })] : []),
      new SieveStage(agents),
      new VacationStage(agents),
      file(common),
      new NotifyStage(agents),
    ];
    const pipeline = pipelineOf(stages);
    const intake = new Intake({ ...common, pipeline });
    const parts = { ...common, intake, automatic, returnPaths };
    const cache = new MemoryCache(clock);
    const { held, ...downmail } = downmailOf(
      { ...parts, kv: store, cache },
      (account, effects) => dispatcher.wake(account, effects),
      options.downmail,
      options.resolver,
    );
    const dispatcher = new Dispatcher({ ...parts, held }, limits);
    const intakeWorker = new IntakeWorker({ ...common, pipeline });
    const recipients = new Recipients(directory, mailstore, returnPaths, gateway);
    const rate = new RecipientRate(new MemoryCache(clock), {
      recipientsPerHour: Math.max(1000, options.mailsPerHour ?? 0),
      mailsPerHour: options.mailsPerHour ?? 100,
      limitLoopback: true,
    });
    const suppressions = new Suppressions(store, clock, random);
    const told: FeedbackPayload[] = [];
    const heard = (one: FeedbackPayload): void => void told.push(one);
    const kept = { kv: store, clock, random, log };
    const fastBlock = await FastBlock.open(kept, {
      usualPerDay: options.usualPerDay ?? 1_000_000,
      limitLoopback: true,
    });
    const submit = new Submit({
      ...parts,
      recipients,
      rate,
      dispatcher,
      suppressions,
      fastBlock,
      remote: true,
      bounceAddresses: 'lists',
      holding: downmail.holding,
      ...(outgoing && { outgoing }),
    });
    const alice = await mailstore.open(SYSTEM, ALICE);
    const reputation = new Reputation(kept, (account, standing) => fastBlock.judge(account, standing));
    const sending = { ...parts, dispatcher, suppressions, returnPaths, reputation, fastBlock, held };
    const worker = transfer && new OutboundWorker({ ...sending, transfer }, limits);
    const feedback = FEEDBACK_KINDS.map(
      (kind) => new FeedbackWorker(kind, { ...parts, suppressions, policy: FEEDBACK_POLICY, listeners: [heard] }),
    );
    return {
      mailstore,
      queue,
      intake,
      dispatcher,
      submit,
      scripts,
      automatic,
      returnPaths,
      ...downmail,
      gatewayMailboxes,
      receipts: new Receipts({ directory, automatic, clock, hostname }),
      rejectLists,
      metrics,
      reputation,
      fastBlock,
      suppressions,
      /** What the listeners of the feedback queues heard. */
      told,
      /** A mail that another server brings, as port 25 takes it. */
      async arrives(from: string, to: string, raw: string | Uint8Array): Promise<void> {
        const recipient = await recipients.arriving(to, raw.length, from);
        const origin = { protocol: 'ESMTP', hello: 'other.test', remote: '192.0.2.9', cipher: '' };
        const mail = { head: Buffer.from(raw) };
        await intake.accept({ sender: from, recipients: [recipient], origin, source: 'outside', mail });
      },
      /** The same, and whatever follows at once. */
      async comes(from: string, to: string, raw: string | Uint8Array): Promise<void> {
        await this.arrives(from, to, raw);
        await this.quiet();
      },
      alice,
      /** Resolves when nothing is under way any more but what waits for its time. */
      async quiet(): Promise<void> {
        // Twice in a row: what one of them does may be work for the other.
        for (let clean = 0; clean < 2; ) {
          await dispatcher.idle();
          await settle(10);
          const { intake: mails, outbound, ...others } = await queue.counts();
          const isHeard = FEEDBACK_KINDS.every((kind) => others[kind].due === 0);
          const still = mails.due === 0 && isHeard && !worker?.busy && (!worker || outbound.due === 0);
          clean = still ? clean + 1 : 0;
        }
      },
      /** As a killed process: nothing is ended, and nothing goes on. */
      stop: (): void => void queue[Symbol.asyncDispose](),
      async [Symbol.asyncDispose](): Promise<void> {
        await worker?.[Symbol.asyncDispose]();
        await reputation[Symbol.asyncDispose]();
        await fastBlock[Symbol.asyncDispose]();
        for (const one of feedback) await one[Symbol.asyncDispose]();
        await dispatcher[Symbol.asyncDispose]();
        await intakeWorker[Symbol.asyncDispose]();
        await queue[Symbol.asyncDispose]();
      },
    };
  };
  return { clock: moved, kv, blobs, directory, limits, start };
}

export type Sending = Awaited<ReturnType<Awaited<ReturnType<typeof sendingWorld>>['start']>>;

export async function subjects(account: MailAccount, folder: FolderId): Promise<string[]> {
  await account.refresh();
  const all = await Array.fromAsync(account.detailsOf(account.getMessageIds({ folder })));
  return all.map((details) => details?.envelope.subject ?? '?');
}

/** A mail of alice's. */
export async function aliceSends(
  { submit }: Pick<Sending, 'submit'>,
  to: readonly string[],
  more: Partial<Submission> & { readonly subject?: string; readonly body?: string } = {},
) {
  const { subject = 'hi', body = 'text\r\n', ...rest } = more;
  const raw = Buffer.from(`From: alice@example.test\r\nTo: ${to.join(', ')}\r\nSubject: ${subject}\r\n\r\n${body}`);
  const recipients = await Promise.all(to.map((address) => submit.recipient(BY_ALICE, address, raw.length, '')));
  return submit.send({
    by: BY_ALICE,
    sender: 'alice@example.test',
    recipients,
    mail: { head: raw },
    origin: { protocol: 'ESMTPSA', hello: 'client.test', remote: '192.0.2.7', cipher: 'TLSv1.3 X' },
    copy: SENT,
    ...rest,
  });
}
