/** The service as it runs: every protocol on the opened store, and what works behind them. */
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/schema.ts';
import { OPERATIONS } from '../control/operations.ts';
import { serveControl } from '../control/server.ts';
import type { Service } from '../control/service.ts';
import { ArcSealer } from '../delivery/arc.ts';
import { Dispatcher } from '../delivery/dispatcher.ts';
import { DkimSigner } from '../delivery/dkim.ts';
import { UserComplaints } from '../delivery/feedback/by-user.ts';
import { noteFeedback } from '../delivery/feedback/note.ts';
import { FEEDBACK_KINDS, FeedbackWorker } from '../delivery/feedback/worker.ts';
import { StoredSenders } from '../delivery/kept-senders.ts';
import { Gateway } from '../downmail/gateway.ts';
import { tellPostmaster } from '../delivery/block-notice.ts';
import type { Blocked } from '../delivery/fast-block.ts';
import { OutboundWorker } from '../delivery/worker.ts';
import { startDemo } from '../demo/demo.ts';
import { checkRecords, recordsFor } from '../directory/dns-records.ts';
import { OpenAccess } from '../directory/open-access.ts';
import { SANDBOX_DOMAIN } from '../directory/sandbox.ts';
import { Classifier } from '../intake/classify.ts';
import { Intake } from '../intake/intake.ts';
import { Quarantine } from '../intake/quarantine.ts';
import { ReturnPaths } from '../intake/return-paths.ts';
import { BayesFilters } from '../intake/spam/bayes-filters.ts';
import { RecipientRate } from '../intake/rate.ts';
import { Recipients } from '../intake/recipients.ts';
import { Room } from '../intake/room.ts';
import { Rules } from '../intake/rules.ts';
import { tellOfNewForwards } from '../intake/new-forward.ts';
import { SieveScripts } from '../intake/sieve/scripts.ts';
import { IntakeWorker } from '../intake/worker.ts';
import type { AccountId } from '../mailstore/api.ts';
import { AccountConnections } from '../net/account-connections.ts';
import { isLoopback } from '../net/address.ts';
import { ErrorDelay } from '../net/error-delay.ts';
import { type LineProtocol, Network } from '../net/network.ts';
import { ReverseNames } from '../net/reverse-name.ts';
import { createHttpServer } from '../protocols/http/server.ts';
import { createImapServer } from '../protocols/imap/server.ts';
import { manageSieve } from '../protocols/managesieve/protocol.ts';
import { pop3 } from '../protocols/pop3/protocol.ts';
import { SMTP_LIMITS } from '../protocols/smtp/limits.ts';
import { sandboxRecipients } from '../protocols/smtp/sandbox.ts';
import { smtpServer } from '../protocols/smtp/server.ts';
import { AutomaticSender } from '../submit/automatic.ts';
import { Receipts } from '../submit/receipts.ts';
import { Submit } from '../submit/submit.ts';
import { MailFlow } from '../telemetry/flow.ts';
import type { Log } from '../telemetry/log.ts';
import { stsPolicyOf } from '../mail/sts-policy.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { watchStray } from '../telemetry/stray.ts';
import { VERSION } from '../version.ts';
import { publishedBy } from './published.ts';
import { type DataKind, writeListening } from './data-folder.ts';
import { type FirstAdministrator, firstRun } from './first-run.ts';
import { httpOptionsOf } from './http-options.ts';
import { openPipeline } from './intake-stages.ts';
import { openEngines, outgoingCheck } from './engines.ts';
import { downmailPolicyOf, openDownmail, openOriginals } from './downmail.ts';
import { openDailyReports, openReportCounts } from './reports.ts';
import { openModules } from './modules.ts';
import { feedbackPolicyOf, NOWHERE, outboundLimitsOf, watchQueues, watchSenders } from './outbound.ts';
import { secretOf } from './secret.ts';
import { LISTEN_NAMES, type LineListener, listenFor, type ListenName, openListener, sieveUrl } from './listeners.ts';
import { watchHealth } from './health.ts';
import { freeBytes, openSingle } from './single.ts';
import { openCertificates } from './tls-identity.ts';
import { openTransfer } from './transfer.ts';
import { watchSignIns } from './watch-sign-ins.ts';

/** Where `web/build.ts` puts the web client. */
const CLIENT_FOLDER = fileURLToPath(new URL('../../web/dist/', import.meta.url));

/** Sessions and requests that are under way when the service is told to end have this long. */
const DRAIN_MS = 20_000;

export interface Running extends Service, AsyncDisposable {
  /** On the first run only. */
  readonly firstAdministrator: FirstAdministrator | undefined;
  /** As `Opened` has it. */
  readonly failure: Promise<Error>;
}

/**
 * Resolves when everything listens; `signal` ends waiting for a database that another service uses. Disposing drains, closes and
 * flushes. Throws `StartError`.
 */
export async function serveSingle(config: Config, kind: DataKind, log: Log, signal?: AbortSignal): Promise<Running> {
  await using undo = new AsyncDisposableStack();
  const store = undo.use(await openSingle(config, kind, log, signal ? { signal } : {}));
  const { folder, clock, random, mailstore, directory, queue, bus, cache } = store;
  const { hostname, limits, tls: tlsConfig } = config;
  if (folder.unclean)
    log.warn(
      'the service did not end by itself the last time: it was killed, or had no power. If that happens again, pabal verify',
    );
  const metrics = new Metrics();
  metrics.watchProcess();
  undo.use(watchStray(log, metrics));
  const { certificates, renewals } = undo.use(await openCertificates(config, folder, { clock, log, metrics }));
  const tls = certificates.identity;
  const firstAdministrator = kind === 'mail' ? await firstRun(directory, hostname) : undefined;

  const { resolver } = store;
  const reverseNames = new ReverseNames({ resolver, cache, clock });
  // What is only played with sends nothing out, unless it is told where to.
  const remote = kind === 'mail' || config.outbound.relay !== undefined || config.outbound.routes.size > 0;
  const wakeDispatcher = (account: AccountId): void => dispatcher.wake(account);
  const automatic = new AutomaticSender({
    directory,
    store: mailstore,
    dispatcher: { wake: wakeDispatcher },
    clock,
    remote,
  });
  const scripts = new SieveScripts(clock, tellOfNewForwards({ store: mailstore, directory, clock, hostname }));
  const rules = new Rules(scripts, random);
  const classifier = undo.use(new Classifier({ store: mailstore, kv: store.kv, rules, clock, random, log }));
  const secret = await secretOf(config, { folder, kv: store.kv, random });
  const kept = undo.use(new StoredSenders({ kv: store.kv, clock, random, log }));
  const returnPaths = new ReturnPaths({ directory, clock, secret, kept });
  const engines = undo.use(openEngines(config, { clock, log, metrics }));
  const filters = new BayesFilters({ kv: store.kv, clock, random });
  const people = { store: mailstore, directory, automatic, returnPaths, clock, log, hostname };
  const counts = undo.use(openReportCounts(config, remote, { kv: store.kv, clock, random, log }));
  const policy = downmailPolicyOf(config);
  const gateway = new Gateway({ ...people, mailboxes: store.gatewayMailboxes, policy });
  const pipeline = openPipeline({
    ...people,
    reports: store.reports,
    evaluated: counts.evaluated,
    dispatcher: { wake: wakeDispatcher },
    config,
    resolver,
    reverseNames,
    rejectLists: store.rejectLists,
    scripts,
    metrics,
    cache,
    engines,
    filters,
    policy,
    gateway,
  });
  const flow = new MailFlow(clock);
  const intake = new Intake({ store: mailstore, queue, clock, hostname, log, metrics, pipeline, flow });
  undo.use(watchSignIns({ ...store, intake, hostname, log }));
  const access = undo.use(new OpenAccess({ directory, bus, log }));
  const recipients = new Recipients(directory, mailstore, returnPaths, gateway);
  const room = new Room(() => freeBytes(folder.path), clock);
  const rate = new RecipientRate(cache, {
    recipientsPerHour: limits.messages_per_hour,
    mailsPerHour: limits.mails_per_hour,
    limitLoopback: limits.loopback,
  });
  const sending = { store: mailstore, queue, clock, random, log, metrics, hostname, flow };
  const outboundLimits = outboundLimitsOf(config);
  const downmail = openDownmail(config, {
    ...store,
    log,
    intake,
    automatic,
    dispatcher: { wake: (account, effects) => dispatcher.wake(account, effects) },
    secret,
  });
  const held = downmail.carrier;
  const dispatcher = undo.use(
    new Dispatcher({ ...sending, directory, intake, automatic, returnPaths, held }, outboundLimits),
  );
  undo.use(new IntakeWorker({ store: mailstore, queue, pipeline, clock, random, log, metrics, flow }));
  const signer = config.outbound.sign ? new DkimSigner({ keys: store.dkimKeys, clock, log }) : undefined;
  const sealer = new ArcSealer({ keys: store.dkimKeys, clock, log, hostname });
  const { fastBlock, reputation, sources } = store.senders;
  const transfer = remote
    ? openTransfer(config, {
        kv: store.kv,
        resolver,
        ...(signer && { signer }),
        sealer,
        clock,
        random,
        log,
        metrics,
        sources,
        ...(counts.onTls && { onTls: counts.onTls }),
      })
    : NOWHERE;
  const { suppressions } = store;
  const { originals, afterwards } = openOriginals(config, downmail, { ...store, engines, log });
  const outbound = {
    ...sending,
    directory,
    dispatcher,
    suppressions,
    returnPaths,
    transfer,
    reputation,
    fastBlock,
    held,
    fetched: afterwards,
  };
  undo.use(new OutboundWorker(outbound, outboundLimits));
  const feedback = {
    ...sending,
    suppressions,
    policy: feedbackPolicyOf(config),
    listeners: [noteFeedback(reputation)],
  };
  for (const kind of FEEDBACK_KINDS) undo.use(new FeedbackWorker(kind, feedback));
  const { reports: history } = store;
  const dailyReports = openDailyReports(config, {
    counts: counts.counts,
    history,
    automatic,
    directory,
    resolver,
    clock,
    log,
    metrics,
  });
  if (dailyReports) undo.use(dailyReports);
  watchQueues(queue, clock, metrics);
  watchHealth(metrics, { problems: store.health, free: () => freeBytes(folder.path) });
  watchSenders(fastBlock, sources, metrics);
  const notices = { directory, intake, hostname };
  const told = (blocked: Blocked): void =>
    void tellPostmaster(notices, blocked).catch((error: unknown) =>
      log.error({ err: error, ...blocked }, 'nobody was told'),
    );
  undo.use(fastBlock.onBlock(told));
  const submit = new Submit({
    directory,
    recipients,
    rate,
    store: mailstore,
    dispatcher,
    suppressions,
    queue,
    fastBlock,
    clock,
    random,
    log,
    flow,
    hostname,
    remote,
    bounceAddresses: config.feedback.bounce_addresses,
    outgoing: outgoingCheck(config, { engines, clock, log }),
    holding: downmail.holding,
  });
  const complaints = new UserComplaints({ store: mailstore, directory, dispatcher, clock });
  const modules = undo.use(
    await openModules(config, {
      store,
      filters,
      complaints,
      originals,
      scripts,
      returnPaths,
      directory,
      automatic,
      clock,
      log,
      metrics,
      hostname,
    }),
  );
  const errorDelay = new ErrorDelay({ mostMs: 1000 * limits.error_delay, limitLoopback: limits.loopback }, clock);
  const connections = new AccountConnections({
    perAccount: limits.connections_per_account,
    perAccountAndAddress: limits.connections_per_account_and_address,
    limitLoopback: limits.loopback,
  });
  const network = new Network({
    log,
    metrics,
    clock,
    limits: {
      total: limits.connections,
      perAddress: limits.connections_per_address,
      perNetwork: limits.connections_per_network,
      perMinute: limits.connections_per_minute,
      limitLoopback: limits.loopback,
    },
  });
  const listening = new Map<string, readonly string[]>();
  const stsPolicy = stsPolicyOf(tlsConfig.mta_sts, hostname);
  const published = publishedBy(config);
  const http = await createHttpServer({
    mailstore,
    directory,
    access,
    submit,
    quarantine: new Quarantine({ queue, store: mailstore }),
    ...store.administration,
    cache,
    flow,
    suppressions,
    complaints,
    senderMailboxes: downmail.manager,
    receipts: new Receipts({ directory, automatic, clock, hostname }),
    originals,
    pickUp: downmail.pickUp,
    rules,
    scripts,
    classifier,
    deliverability: () => store.senders.report(),
    queue,
    domainRecords: async (domain) => {
      const records = recordsFor(domain, published, await store.dkimKeys.of(domain));
      const found = await checkRecords(records, resolver);
      return records.map((record, i) => ({ ...record, found: found[i] ?? 'missing' }));
    },
    reports: history,
    clock,
    random,
    log,
    metrics,
    secret,
    hostname,
    listening: () => Object.fromEntries(listening),
    clientFolder: CLIENT_FOLDER,
    health: store.health,
    ...httpOptionsOf(config),
    remoteImages: { resolver, privateAddresses: config.http.private_images },
    ...(stsPolicy !== undefined && { stsPolicy }),
    acmeChallenge: (token) => renewals?.challenge(token),
    signUp: store.signUp,
    pushKey: modules.pushKey,
  });
  undo.defer(async () => {
    await Promise.all([network.close(DRAIN_MS), http.close(DRAIN_MS)]);
  });

  const allowPlaintextLogin = tlsConfig.allow_plaintext_login;
  const plaintextFrom = (remote: string): boolean =>
    allowPlaintextLogin === 'always' || (allowPlaintextLogin === 'loopback' && isLoopback(remote));
  const smtp = (role: 'smtp' | 'submission' | 'lmtp'): LineProtocol =>
    smtpServer({
      role,
      hostname,
      limits: {
        ...SMTP_LIMITS,
        messageSize: limits.message_size,
        incomingMemory: limits.incoming_memory,
        recipients: limits.recipients,
        errors: limits.errors,
      },
      errorDelay,
      metrics,
      flow,
      directory,
      recipients,
      rate,
      intake,
      submit,
      clock,
      room,
      reverseNames,
      identity: tls,
      allowPlaintextLogin,
      access,
      ...(kind === 'sandbox' && { hook: sandboxRecipients(SANDBOX_DOMAIN) }),
    });
  const imap = createImapServer({
    store: mailstore,
    directory,
    clock,
    tls,
    access,
    plaintextLogin: plaintextFrom,
    messageSize: limits.message_size,
    messageLimit: limits.imap_messages,
    errors: limits.errors,
    errorDelay,
    connections,
    metrics,
    pickUp: downmail.pickUp,
    senderSignIn: downmail.senderSignIn,
    manageSieve: () => sieveUrl(hostname, listening.get('managesieve')),
    version: VERSION,
  });
  const pop = pop3({
    errors: limits.errors,
    errorDelay,
    connections,
    access,
    metrics,
    mailstore,
    directory,
    tls,
    allowPlaintextLogin,
    pickUp: downmail.pickUp,
    senderSignIn: downmail.senderSignIn,
  });
  const submission = smtp('submission');
  const protocols: Partial<Record<ListenName, LineListener>> = {
    smtp: [smtp('smtp')],
    submission: [submission],
    submissions: [submission, tls],
    lmtp: [smtp('lmtp')],
    imap: [imap],
    imaps: [imap, tls],
    pop3: [pop],
    pop3s: [pop, tls],
    managesieve: [manageSieve({ mailstore, directory, scripts, tls, access, allowPlaintextLogin })],
  };
  for (const name of LISTEN_NAMES) {
    const addresses = await openListener(name, config.listen[name], async (endpoint) => {
      const line = protocols[name];
      return line === undefined
        ? await http.listen(endpoint, name === 'admin' ? 'operator' : 'public', name === 'https' ? tls : undefined)
        : await listenFor(network, line, endpoint, config.listen.proxy_from);
    });
    if (addresses.length > 0) listening.set(name, addresses);
  }

  const service: Running = {
    ...store,
    firstAdministrator,
    dailyReports: () => dailyReports,
    intakeStages: () => pipeline.facts(),
    modules: modules.facts,
    certificates: () => certificates,
    renewals: () => renewals,
    listening: () => Object.fromEntries(listening),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  if (kind === 'demo') undo.use(await startDemo({ ...store, intake, recipients, log }, config.demo.letters));
  undo.use(await serveControl(folder.file('run', 'control.sock'), service, OPERATIONS, log));
  store.sweeper.start();
  renewals?.start();
  await classifier.resume();
  await writeListening(folder, service.listening());
  undo.defer(() => rm(folder.file('run', 'listen.json'), { force: true }));
  log.info({ version: VERSION, data: folder.path, listening: service.listening() }, 'ready');
  const owned = undo.move();
  return service;
}
