/** A real SMTP listener on a made-up directory, for tests of the wire: what was accepted lies in a list. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryCache } from '../../src/adapters/cache-memory.ts';
import { ManualClock } from '../../src/adapters/clock-manual.ts';
import { StaticResolver } from '../../src/adapters/resolver-static.ts';
import { SeededRandom } from '../../src/adapters/random-seeded.ts';
import type { Directory, Route } from '../../src/directory/api.ts';
import type { Arrival } from '../../src/intake/arrival.ts';
import { RecipientRate } from '../../src/intake/rate.ts';
import { Recipients } from '../../src/intake/recipients.ts';
import { MailError } from '../../src/mail/error.ts';
import type { AccountId, EmailId, Staged } from '../../src/mailstore/api.ts';
import type { NewSubmission } from '../../src/mailstore/submission.ts';
import { parseListen } from '../../src/net/address.ts';
import { selfSignedCertificate } from '../../src/net/certificate.ts';
import type { AdmissionLimits } from '../../src/net/admission.ts';
import { ADMISSION_LIMITS } from '../../src/net/admission.ts';
import type { LineProtocol } from '../../src/net/network.ts';
import { Network } from '../../src/net/network.ts';
import { ReverseNames } from '../../src/net/reverse-name.ts';
import { TlsIdentity } from '../../src/net/tls.ts';
import type { QueueId } from '../../src/ports/queue.ts';
import type { SmtpRole } from '../../src/protocols/smtp/command.ts';
import { SMTP_LIMITS } from '../../src/protocols/smtp/limits.ts';
import { sandboxRecipients } from '../../src/protocols/smtp/sandbox.ts';
import { smtpServer } from '../../src/protocols/smtp/server.ts';
import type { SmtpParts } from '../../src/protocols/smtp/session.ts';
import { Submit, type SubmitParts } from '../../src/submit/submit.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import type { WireOptions } from '../client/wire.ts';
import { WireClient } from '../client/wire.ts';
import { offerFor } from '../support/scram-client.ts';

/** Password of everybody. */
export const PASSWORD = 'canary-password';

const PEOPLE = new Map([
  ['alice', 'a1'],
  ['bob', 'b1'],
  ['robert', 'b1'],
  ['full', 'f1'],
  ['사서함', 'k1'],
]);

export class FakeDirectory
  implements Pick<Directory, 'account' | 'route' | 'authenticate' | 'scram' | 'bearer' | 'maySendAs'>
{
  signIns = 0;

  account(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  route(address: string): Promise<Route> {
    if (address.toLowerCase() === 'postmaster') return this.route('robert@example.test');
    const at = address.lastIndexOf('@');
    const domain = address.slice(at + 1);
    if (domain !== 'example.test' && domain !== 'mail.test') return Promise.resolve({ kind: 'remote', domain });
    const local = address.slice(0, at).toLowerCase();
    const [base = '', detail] = local.split('+');
    if (base === 'suspended') return Promise.resolve({ kind: 'suspended' });
    const account = PEOPLE.get(base) ?? (/^user\d+$/.test(base) ? base : undefined);
    if (account === undefined) return Promise.resolve({ kind: 'unknown' });
    return Promise.resolve({ kind: 'account', account: account as AccountId, address: `${base}@${domain}`, detail });
  }

  async scram(address: string): ReturnType<Directory['scram']> {
    const by = (password: string) => () => this.authenticate(address, password);
    return offerFor(PASSWORD, by(PASSWORD), by('wrong'));
  }

  bearer(token: string, _from: unknown, address = ''): ReturnType<Directory['bearer']> {
    return this.authenticate(address, token === 'good-token' ? PASSWORD : 'wrong');
  }

  authenticate(address: string, password: string): ReturnType<Directory['authenticate']> {
    this.signIns++;
    const account = PEOPLE.get(address.split('@')[0] as string);
    if (address.startsWith('throttled'))
      return Promise.reject(new MailError('auth-throttled', 'temporary', 'slow down'));
    if (address.startsWith('suspended')) return Promise.reject(new MailError('account-suspended', 'user', 'suspended'));
    if (account === undefined || password !== PASSWORD)
      return Promise.reject(new MailError('auth-failed', 'user', 'wrong password'));
    return Promise.resolve({ kind: 'user', account: account as AccountId, address, admin: false });
  }

  async maySendAs(account: AccountId, address: string): Promise<boolean> {
    const route = await this.route(address);
    return route.kind === 'account' && route.account === account;
  }
}

export interface Accepted extends Omit<Arrival, 'mail' | 'recipients'> {
  readonly recipients: readonly { readonly address: string; readonly account?: AccountId }[];
  readonly raw: Buffer;
  /** Of a user's mail. */
  readonly submission?: NewSubmission;
}

/** As much of a mail store as submission needs. */
function submissions(take: (mail: Accepted) => Promise<string>): SubmitParts['store'] {
  const staged = new Map<string, Buffer>();
  const outgoing = {
    async submit({ email }: Staged, submission: NewSubmission) {
      const { sender, origin, deliveries, messageId } = submission;
      const recipients = deliveries.flatMap((delivery) => delivery.recipients);
      const id = await take({ sender, origin, recipients, submission, raw: staged.get(email) as Buffer });
      return { id, messageId, state: 'released', duplicate: false };
    },
  };
  return {
    async stage(accounts, raw) {
      const pieces: Uint8Array[] = [];
      if (raw instanceof Uint8Array) pieces.push(raw);
      else for await (const piece of raw) pieces.push(piece);
      return accounts.map(({ account }) => {
        const email = `e${staged.size}` as EmailId;
        staged.set(email, Buffer.concat(pieces));
        return { account, email, size: staged.get(email)?.length ?? 0 };
      });
    },
    open: () =>
      Promise.resolve({
        outgoing,
        record: () => Promise.resolve(undefined),
        [Symbol.dispose]: () => undefined,
      } as never),
  };
}

export interface SmtpHarness extends AsyncDisposable {
  readonly address: string;
  readonly accepted: Accepted[];
  readonly promoted: string[];
  readonly clock: ManualClock;
  readonly network: Network;
  readonly protocol: LineProtocol;
  readonly metrics: Metrics;
  readonly directory: FakeDirectory;
  connect(options?: WireOptions): Promise<WireClient>;
}

let identity: Promise<TlsIdentity> | undefined;
export function testIdentity(): Promise<TlsIdentity> {
  identity ??= selfSignedCertificate(mkdtempSync(join(tmpdir(), 'pabal-tls-')), []).then(
    (pair) => new TlsIdentity(pair),
  );
  return identity;
}

export interface SmtpHarnessOptions {
  readonly role?: SmtpRole;
  readonly parts?: Partial<SmtpParts>;
  readonly limits?: Partial<typeof SMTP_LIMITS>;
  readonly admission?: Partial<AdmissionLimits>;
  readonly implicitTls?: boolean;
  readonly recipientsPerHour?: number;
  /** Whether users may send to other domains. */
  readonly remote?: boolean;
  /** What taking a mail throws. */
  readonly failure?: () => Error | undefined;
}

export async function startSmtp(options: SmtpHarnessOptions = {}): Promise<SmtpHarness> {
  const clock = new ManualClock();
  const metrics = new Metrics();
  const directory = new FakeDirectory();
  const accepted: Accepted[] = [];
  const promoted: string[] = [];
  const store = { roomFor: (account: AccountId) => Promise.resolve(account !== 'f1') };
  const recipients = new Recipients(directory, store);
  const perHour = options.recipientsPerHour ?? 0;
  const rate = new RecipientRate(new MemoryCache(clock), {
    recipientsPerHour: perHour,
    limitLoopback: perHour > 0,
  });
  const intake = {
    async accept({ mail, ...rest }: Arrival): Promise<QueueId> {
      const pieces: Uint8Array[] = [mail.head];
      if (mail.rest !== undefined) for await (const piece of mail.rest) pieces.push(piece);
      const failure = options.failure?.();
      if (failure !== undefined) throw failure;
      accepted.push({ ...rest, raw: Buffer.concat(pieces) });
      return `q${accepted.length}` as QueueId;
    },
    checkRecipient: () => Promise.resolve(),
    signedIn: (account: AccountId) => Promise.resolve(void promoted.push(account)),
  };
  const hostname = 'mx.example.test';
  const random = new SeededRandom(1);
  const sending = submissions(async (mail) => {
    const failure = options.failure?.();
    if (failure !== undefined) throw failure;
    accepted.push(mail);
    return `q${accepted.length}`;
  });
  const submit = new Submit({
    directory,
    queue: { add: () => Promise.resolve([]), list: () => Promise.resolve([]) },
    fastBlock: { check: () => undefined, admit: () => Promise.resolve() },
    recipients,
    rate,
    store: sending,
    dispatcher: { wake: () => undefined },
    suppressions: { check: () => Promise.resolve() },
    clock,
    random,
    log: silentLog,
    hostname,
    remote: options.remote ?? false,
    bounceAddresses: 'lists',
  });
  const network = new Network({
    log: silentLog,
    metrics,
    clock,
    limits: { ...ADMISSION_LIMITS, ...options.admission },
  });
  const protocol = smtpServer({
    role: options.role ?? 'smtp',
    hostname,
    limits: { ...SMTP_LIMITS, ...options.limits },
    directory,
    recipients,
    rate,
    intake,
    submit,
    clock,
    identity: await testIdentity(),
    room: { has: () => true },
    metrics,
    reverseNames: new ReverseNames({ resolver: new StaticResolver({}), cache: new MemoryCache(clock), clock }),
    allowPlaintextLogin: 'never',
    hook: sandboxRecipients('mail.test'),
    ...options.parts,
  });
  const endpoint = await network.listen({
    protocol,
    addresses: parseListen('127.0.0.1:0'),
    ...(options.implicitTls === true ? { implicitTls: await testIdentity() } : {}),
  });
  const address = endpoint.addresses[0] as string;
  const clients: WireClient[] = [];
  return {
    address,
    accepted,
    promoted,
    clock,
    network,
    protocol,
    metrics,
    directory,
    async connect(wire = {}) {
      const client = await WireClient.connect(address, wire);
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      await network.close(0);
    },
  };
}
