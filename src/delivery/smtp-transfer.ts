/**
 * Transfer over SMTP: the servers of a domain one after the other until each recipient has an answer. A server that
 * cannot be reached, or breaks off, is no answer; what it says about a recipient is.
 */
import type { Mailbox } from '../mail/path.ts';
import { isLoopback } from '../net/address.ts';
import type { Clock } from '../ports/clock.ts';
import type { HostAddress } from '../ports/resolver.ts';
import { inSevenBits } from './client/downgrade.ts';
import { type BodyType, envelopeAddress } from './client/envelope.ts';
import { CLIENT_TIMEOUTS, type ClientTimeouts, POOL_LIMITS, type PoolLimits } from './client/limits.ts';
import { SessionPool } from './client/pool.ts';
import { replyStatus, replyText } from './client/reply.ts';
import { SessionRefused, SessionUnfit, SmtpSession, type TlsPlan } from './client/session.ts';
import { BodyFailed, SessionLost, transact, type Verdict } from './client/transaction.ts';
import { WireError } from './client/wire.ts';
import { withHeader } from './outgoing-mail.ts';
import type { Hop, Router } from './route.ts';
import { Leases } from './sources/leases.ts';
import type { SourcePool } from './sources/pool.ts';
import type { Source } from './sources/source.ts';
import type { StsPolicy } from './tls/mta-sts.ts';
import { type Decision, failureType, type PolicyType, type TlsFailure, type TlsPolicies } from './tls/policy.ts';
import { type OutgoingMail, type OutgoingRecipient, type Outcome, Postponed, type Transfer } from './transfer.ts';

/** How TLS went with one server, for TLS-RPT (RFC 8460). */
export interface TlsResult {
  readonly domain: string;
  readonly policy: PolicyType;
  readonly sts: StsPolicy | undefined;
  /** Empty where no server was asked: the policy itself could not be had. */
  readonly host: string;
  readonly address: string;
  readonly sourceAddress: string;
  /** Of the policy, where it is DANE. */
  readonly tlsa?: readonly string[];
  readonly result: 'success' | TlsFailure;
  readonly reason: string | undefined;
}

/** Header fields that the author's domain puts on top of a mail. */
export interface Signer {
  /** `gateway`: for what has no author of ours, and is signed all the same. */
  sign(raw: AsyncIterable<Uint8Array>, gateway?: string): Promise<Uint8Array>;
}

/** Header lines that the domain which passes a mail on puts on top of it. */
export interface Sealer {
  seal(raw: AsyncIterable<Uint8Array>, domain: string): Promise<Uint8Array>;
}

export interface SmtpTransferOptions {
  readonly router: Pick<Router, 'route'>;
  readonly tls: TlsPolicies;
  readonly signer?: Signer;
  readonly sealer?: Sealer;
  readonly clock: Clock;
  readonly timeouts?: Partial<ClientTimeouts>;
  readonly pool?: Partial<PoolLimits>;
  /** By which address of ours a mail goes. */
  readonly sources: Pick<SourcePool, 'acquire'>;
  readonly onTls?: (result: TlsResult) => void;
}

/** Addresses that one attempt tries. */
const MAX_TRIES = 6;
/** In one transaction: what every server must take (RFC 5321 §4.5.3.1.8). */
const MAX_RECIPIENTS = 100;

type Failure = Extract<Outcome, { kind: 'temporary' | 'permanent' }>;

/** From where to where. */
interface Way {
  readonly hop: Hop;
  readonly address: HostAddress;
  readonly source: Source;
}

/** One call of `transfer`: what is known so far. */
interface Job {
  readonly domain: string;
  readonly mail: OutgoingMail;
  /** As it is, with its signatures, once a server has asked for it. */
  signed?: Promise<OutgoingMail>;
  readonly sender: Mailbox | undefined;
  readonly recipients: readonly OutgoingRecipient[];
  readonly mailboxes: readonly (Mailbox | undefined)[];
  readonly outcomes: (Outcome | undefined)[];
  readonly sts: StsPolicy | undefined;
  readonly signal: AbortSignal;
}

export class SmtpTransfer implements Transfer {
  readonly #options: SmtpTransferOptions;
  readonly #timeouts: ClientTimeouts;
  readonly #pool: SessionPool;
  readonly #closed = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor(options: SmtpTransferOptions) {
    this.#options = options;
    this.#timeouts = { ...CLIENT_TIMEOUTS, ...options.timeouts };
    this.#pool = new SessionPool({ ...POOL_LIMITS, ...options.pool }, options.clock);
  }

  async transfer(
    domain: string,
    mail: OutgoingMail,
    recipients: readonly OutgoingRecipient[],
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    const running = this.#transfer(domain, mail, recipients, AbortSignal.any([signal, this.#closed.signal]));
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  async close(): Promise<void> {
    this.#closed.abort(new Error('the service is stopping'));
    await Promise.allSettled(this.#running);
    this.#pool.close();
  }

  async #transfer(
    domain: string,
    mail: OutgoingMail,
    recipients: readonly OutgoingRecipient[],
    signal: AbortSignal,
  ): Promise<readonly Outcome[]> {
    const mailboxes = recipients.map(({ address }) => envelopeAddress(address));
    const sender = mail.sender === '' ? undefined : envelopeAddress(mail.sender);
    if (mail.sender !== '' && sender === undefined)
      return recipients.map(() => failure('permanent', '5.1.7', 'the sender is no address that can be sent'));
    const outcomes: (Outcome | undefined)[] = mailboxes.map((mailbox) =>
      mailbox ? undefined : failure('permanent', '5.1.3', 'this is no address that can be sent to'),
    );
    let last: Failure;
    try {
      const route = await this.#options.router.route(domain, signal);
      if (route.kind === 'hops') {
        const relayed = route.hops.some(({ relay }) => relay !== undefined);
        // Neither is asked for what a policy must not keep back.
        const sts =
          relayed || mail.tlsOptional ? undefined : await this.#options.tls.domainPolicy(route.domain, signal);
        const job = { domain: route.domain, mail, sender, recipients, mailboxes, outcomes, sts, signal };
        last = await this.#hops(route.hops, job);
      } else last = failure(route.kind, route.status, route.reason);
    } catch (error) {
      if (error instanceof Postponed) throw error;
      last = failureOf(error, undefined);
    }
    return outcomes.map((outcome) => outcome ?? last);
  }

  /** Answers what to say of those who still have no outcome. Throws `Postponed` when nobody has one and none was asked. */
  async #hops(hops: readonly Hop[], job: Job): Promise<Failure> {
    const leases = new Leases(this.#options.sources, job);
    let last: Failure | undefined;
    let tries = 0;
    try {
      for (const hop of hops)
        for (const address of hop.addresses) {
          if (job.signal.aborted) return stopped(hop.host);
          if (tries >= MAX_TRIES) return last ?? nothing(job.domain);
          const source = await leases.source(hop, address);
          if (source === undefined) continue;
          tries++;
          const open = job.outcomes.flatMap((outcome, i) => (outcome === undefined ? [i] : []));
          last = from(source, await this.#try(hop, address, source, job));
          for (const i of open) if (job.outcomes[i]) job.outcomes[i] = from(source, job.outcomes[i]);
          leases.heard(
            hop,
            address,
            last,
            open.flatMap((i) => job.outcomes[i] ?? []),
          );
          if (job.outcomes.every((outcome) => outcome !== undefined)) return last;
        }
      const { refusal } = leases;
      if (last !== undefined || refusal === undefined) return last ?? nothing(job.domain);
      if (refusal.until === undefined) return failure('temporary', '4.4.1', refusal.reason);
      throw new Postponed(refusal.until, refusal.reason);
    } finally {
      await leases.end();
    }
  }

  async #try(hop: Hop, address: HostAddress, source: Source, job: Job): Promise<Failure> {
    const { tls } = this.#options;
    try {
      const decision = job.mail.tlsOptional
        ? tls.withoutPolicy(hop)
        : await tls.decide(hop, address, job.sts, job.mail.requireTls, job.signal);
      if ('kind' in decision) {
        if (job.sts?.mode === 'enforce')
          this.#tell(job, hop, address, { policy: 'sts' }, 'certificate-host-mismatch', decision.reason);
        return failure(decision.kind, decision.status, decision.reason, hop.host);
      }
      return await this.#connected({ hop, address, source }, decision, job);
    } catch (error) {
      return failureOf(error, hop.host);
    }
  }

  async #connected(way: Way, decision: Decision, job: Job): Promise<Failure> {
    const { hop, address, source } = way;
    const place = `${address.address} ${hop.port} ${hop.host} ${source.address ?? ''} ${source.name}`;
    const clear: TlsPlan = { use: 'never' };
    let plan = decision.plan;
    let key = `${place} ${decision.key}`;
    // Most servers take it in this form, and the signatures are made while others use the connections.
    if (!job.mail.needs.binary && this.#pool.has(key)) {
      job.signed ??= this.#signed(job.mail);
      job.signed.catch(() => undefined);
    }
    for (;;) {
      try {
        const lease = await this.#pool.acquire(key, () => this.#open(way, plan, decision, job), job.signal);
        try {
          await this.#carry(lease.session, job);
          return failure('temporary', '4.0.0', 'the server gave no answer', hop.host);
        } catch (error) {
          // It was gone, or the server had enough of it, before anything was taken: another one may do.
          if (!(lease.reused && error instanceof SessionLost)) throw error;
          if (job.signal.aborted) throw error;
        } finally {
          this.#pool.release(key, lease.session);
        }
      } catch (error) {
        const handshake = error instanceof WireError && error.fault === 'tls';
        if (!handshake || !decision.clearTextAllowed || plan === clear) throw error;
        plan = clear;
        key = `${place} clear`;
      }
    }
  }

  async #open({ hop, address, source }: Way, plan: TlsPlan, decision: Decision, job: Job): Promise<SmtpSession> {
    const { clock } = this.#options;
    const credentials = hop.relay?.credentials;
    try {
      const session = await SmtpSession.open({
        host: hop.host,
        address: address.address,
        port: hop.port,
        hostname: source.name,
        ...(source.address !== undefined && { localAddress: source.address }),
        tls: plan,
        ...(credentials && { credentials }),
        // A password that never leaves this machine needs no TLS.
        plaintextLogin: isLoopback(address.address),
        clock,
        timeouts: this.#timeouts,
        signal: job.signal,
      });
      if (session.tls !== undefined) {
        const fault = decision.tested?.(session.wire);
        const result = fault === undefined ? 'success' : failureType(fault);
        this.#tell(job, hop, address, decision, result, fault, session.wire.localAddress);
      } else if (plan.use === 'may') this.#tell(job, hop, address, decision, 'starttls-not-supported', undefined);
      return session;
    } catch (error) {
      if (error instanceof SessionUnfit && error.why !== 'no-auth')
        this.#tell(
          job,
          hop,
          address,
          decision,
          error.why === 'no-tls' ? 'starttls-not-supported' : failureType(error.message),
          error.message,
        );
      else if (error instanceof WireError && error.fault === 'tls')
        this.#tell(job, hop, address, decision, 'validation-failure', error.message);
      throw error;
    }
  }

  #tell(
    { domain, sts, mail }: Job,
    hop: Hop,
    { address }: HostAddress,
    { policy, tlsa }: Pick<Decision, 'policy' | 'tlsa'>,
    result: TlsResult['result'],
    reason: string | undefined,
    sourceAddress = '',
  ): void {
    // Where no policy was asked for nothing can be said about it.
    if (hop.relay || mail.tlsOptional) return;
    const about = { domain, policy, sts, ...(tlsa && { tlsa }), host: hop.host, address, sourceAddress };
    this.#options.onTls?.({ ...about, result, reason });
  }

  /** Transactions until all recipients have their outcome, or the session ends. */
  async #carry(session: SmtpSession, job: Job): Promise<void> {
    const { signal, outcomes, mailboxes, recipients } = job;
    const abort = (): void => session.wire.destroy('aborted', 'stopped');
    signal.addEventListener('abort', abort, { once: true });
    try {
      if (signal.aborted) abort();
      const fitting = await this.#fit(session, job);
      const most = Math.min(MAX_RECIPIENTS, session.capabilities.limit('RCPTMAX'));
      for (;;) {
        const left = mailboxes.flatMap((mailbox, index) => {
          const recipient = recipients[index];
          return mailbox && recipient && outcomes[index] === undefined ? [{ mailbox, recipient, index }] : [];
        });
        if (left.length === 0 || fitting === undefined) return;
        if (session.dirty && !(await session.reset())) throw new SessionLost('the server did not take RSET');
        const asked = left.slice(0, most);
        const utf8 = needsUtf8(job) || asked.some(({ mailbox }) => mailbox.needsUtf8);
        const verdicts: (Verdict | undefined)[] = [];
        try {
          await transact(session, { sender: job.sender, ...fitting, utf8 }, asked, verdicts);
        } finally {
          for (const { index } of asked) outcomes[index] = outcomeOf(verdicts[index], session);
        }
      }
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  /** The mail in the form that this server takes; whoever it cannot serve has an outcome afterwards. */
  async #fit(
    session: SmtpSession,
    job: Job,
  ): Promise<{ readonly mail: OutgoingMail; readonly body: BodyType } | undefined> {
    const { capabilities, host } = session;
    const { mail, outcomes, mailboxes } = job;
    const all = (status: string, reason: string): undefined => {
      for (const [i, outcome] of outcomes.entries())
        outcomes[i] = outcome ?? failure('permanent', status, reason, host);
    };
    const fits = (form: OutgoingMail, body: BodyType) =>
      form.size > capabilities.size
        ? all('5.3.4', `the mail has ${form.size} bytes, the server takes ${capabilities.size}`)
        : { mail: form, body };
    if (mail.size > capabilities.size) return fits(mail, '7BIT');
    if (mail.requireTls && !capabilities.has('REQUIRETLS'))
      return all('5.7.30', 'the server cannot promise TLS on the rest of the way (REQUIRETLS)');
    if (!capabilities.has('SMTPUTF8')) {
      if (needsUtf8(job)) return all('5.6.7', 'the server takes no international addresses or headers (SMTPUTF8)');
      for (const [i, mailbox] of mailboxes.entries())
        if (mailbox?.needsUtf8)
          outcomes[i] ??= failure('permanent', '5.6.7', 'the server takes no international addresses (SMTPUTF8)', host);
    }
    const { binary, eightBit } = mail.needs;
    const asItIs = async (body: BodyType) => fits(await (job.signed ??= this.#signed(mail)), body);
    if (binary && capabilities.has('BINARYMIME') && capabilities.has('CHUNKING')) return asItIs('BINARYMIME');
    if (!binary && !eightBit) return asItIs('7BIT');
    if (!binary && capabilities.has('8BITMIME')) return asItIs('8BITMIME');
    const converted = await inSevenBits(mail);
    // A signature covers what is sent, so it comes after the conversion.
    if (converted) return fits(await this.#signed(converted), '7BIT');
    return all('5.6.3', 'the mail cannot be written as the 7-bit text that the server takes (it may be signed)');
  }

  async #signed(mail: OutgoingMail): Promise<OutgoingMail> {
    const { signer, sealer } = this.#options;
    const { forwardedBy } = mail;
    try {
      const signed = signer === undefined ? mail : withHeader(await signer.sign(mail.body(), forwardedBy), mail);
      if (sealer === undefined || forwardedBy === undefined) return signed;
      return withHeader(await sealer.seal(signed.body(), forwardedBy), signed);
    } catch (error) {
      throw new BodyFailed('the mail could not be signed', { cause: error });
    }
  }
}

function needsUtf8({ mail, sender }: Job): boolean {
  return mail.needs.smtputf8 || sender?.needsUtf8 === true;
}

/** Undefined: no answer yet. */
function outcomeOf(verdict: Verdict | undefined, { host, capabilities, tls }: SmtpSession): Outcome | undefined {
  if (verdict === undefined || verdict.kind === 'next') return undefined;
  if (verdict.kind === 'unknown') return failure('temporary', '4.4.2', verdict.reason, host);
  const { reply, to } = verdict;
  const text = replyText(reply);
  if (to === 'end' && reply.code < 300)
    return { kind: 'delivered', host, reply: text, dsnRelayed: capabilities.has('DSN'), tls };
  const reason = `refused at ${to === 'end' ? 'the end of the mail' : to}`;
  if (reply.code >= 500) return failure('permanent', replyStatus(reply), reason, host, text);
  if (reply.code >= 400) return failure('temporary', replyStatus(reply), reason, host, text);
  return failure('temporary', '4.5.0', `an answer to ${to} that means nothing`, host, text);
}

/** Why a server gave no answer at all. */
function failureOf(error: unknown, host: string | undefined): Failure {
  if (error instanceof SessionRefused) {
    const reply = replyText(error.reply);
    // No mail at this host, and there will be none (RFC 7504); any other refusal may be about this moment.
    if (error.reply.code === 521 || error.reply.code === 556)
      return failure('permanent', error.reply.status ?? '5.3.2', error.message, host, reply);
    const status = error.reply.code < 500 ? replyStatus(error.reply) : '4.3.2';
    return failure('temporary', status.startsWith('4') ? status : '4.3.2', error.message, host, reply);
  }
  if (error instanceof SessionLost)
    return failure('temporary', '4.4.2', error.message, host, error.reply && replyText(error.reply));
  if (error instanceof SessionUnfit)
    return failure('temporary', error.why === 'no-auth' ? '4.7.8' : '4.7.5', error.message, host);
  if (error instanceof BodyFailed) return failure('temporary', '4.3.0', error.message, host);
  if (error instanceof WireError) return failure('temporary', STATUS[error.fault], error.message, host);
  return failure('temporary', '4.3.0', error instanceof Error ? error.message : String(error), host);
}

const STATUS = {
  connect: '4.4.1',
  timeout: '4.4.2',
  closed: '4.4.2',
  garbage: '4.5.0',
  tls: '4.7.5',
  aborted: '4.3.2',
} as const;

function from<T extends Outcome>({ address: source }: Source, outcome: T): T {
  return source === undefined ? outcome : { ...outcome, source };
}

const nothing = (domain: string): Failure => failure('temporary', '4.4.1', `no server of ${domain} could be tried`);

const stopped = (host: string): Failure => failure('temporary', '4.3.2', 'stopped', host);

function failure(kind: Failure['kind'], status: string, reason: string, host?: string, reply?: string): Failure {
  return { kind, status, reason, host, reply };
}
