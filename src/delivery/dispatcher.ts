/**
 * Carries out what the commits of accounts have caused: deliveries to our own accounts go to the intake, those to others
 * into the outbound queue, and reports to their senders. Each effect is done under an id derived from it, then marked, so
 * that doing it again after a crash changes nothing. What could not be done is tried again, ever later.
 */
import type { Directory } from '../directory/api.ts';
import type { AutomaticMail } from '../intake/automatic.ts';
import type { Intake } from '../intake/intake.ts';
import type { ReturnPaths } from '../intake/return-paths.ts';
import { rawMail } from '../intake/content.ts';
import { composeDsn } from '../mail/dsn.ts';
import { wants } from '../mail/dsn-request.ts';
import { MailError } from '../mail/error.ts';
import { domainOf } from '../mail/path.ts';
import type { AccountId, MailAccount, MailStore, Principal } from '../mailstore/api.ts';
import type {
  Delivery,
  DeliveryChange,
  Effect,
  FeedbackKind,
  OutboxItem,
  Submission,
  SubmissionRecipient,
} from '../mailstore/submission.ts';
import type { Clock } from '../ports/clock.ts';
import type { NewEntry, Queue } from '../ports/queue.ts';
import type { Random } from '../ports/random.ts';
import type { Log } from '../telemetry/log.ts';
import type { Counter, Metrics } from '../telemetry/metrics.ts';
import { deliveryEntry, heldEntry, outboundPayload, wakeEntry } from './entry.ts';
import { feedbackEntry } from './feedback/entry.ts';
import type { HeldCarrier } from './held-carrier.ts';
import type { OutboundLimits } from './limits.ts';
import { deliveryKeyOf, recall } from './recall.ts';

export interface DispatcherParts {
  readonly store: Pick<MailStore, 'open' | 'withOutbox'>;
  readonly directory: Pick<Directory, 'route'>;
  readonly intake: Pick<Intake, 'accept'>;
  readonly automatic: Pick<AutomaticMail, 'send'>;
  readonly returnPaths: Pick<ReturnPaths, 'read'>;
  readonly queue: Queue;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly hostname: string;
  /** Absent: no mail is held. */
  readonly held?: Pick<HeldCarrier, 'hold' | 'notify' | 'receipt' | 'unreached'>;
}

const SYSTEM: Principal = { kind: 'system', role: 'intake' };
const ACCOUNTS_AT_ONCE = 16;
/** Effects of one account in memory that wait for their turn; of more the store is asked. */
const MOST_HANDED = 1_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 10 * 60_000;
/** How far back a start looks for what was left undone: as long as the feed of changes goes. */
const LOOK_BACK_MS = 30 * 86_400_000;
/** Of a failed mail that comes back whole, when its sender asked for that. */
const MOST_RETURNED = 1 << 20;
const HEADER_BYTES = 256 << 10;

export class Dispatcher implements AsyncDisposable {
  readonly #parts: DispatcherParts;
  readonly #limits: Pick<OutboundLimits, 'expireMs'>;
  /** What there is to do for them: these effects, or all that their outbox has. */
  readonly #waiting = new Map<AccountId, OutboxItem[] | 'all'>();
  readonly #running = new Map<AccountId, Promise<void>>();
  readonly #retries = new Map<AccountId, { timer: Disposable; readonly failures: number }>();
  #recovering: Promise<void> | undefined;
  #stopped = false;
  readonly #carriedOut: Counter<'kind'>;
  readonly #failed: Counter<string>;

  constructor(parts: DispatcherParts, limits: Pick<OutboundLimits, 'expireMs'>) {
    this.#parts = parts;
    this.#limits = limits;
    this.#carriedOut = parts.metrics.counter('outbox_effects_total', 'Effects of commits carried out.', ['kind']);
    this.#failed = parts.metrics.counter(
      'outbox_failures_total',
      'Effects of commits that failed and are tried again.',
    );
    this.#recovering = this.#recover();
  }

  /** There is something to do for this account: these effects, or whatever its outbox has. */
  wake(account: AccountId, effects?: readonly OutboxItem[]): void {
    if (this.#stopped || effects?.length === 0) return;
    const known = this.#waiting.get(account);
    if (effects === undefined || known === 'all' || (known?.length ?? 0) > MOST_HANDED)
      this.#waiting.set(account, 'all');
    else if (known) known.push(...effects);
    else this.#waiting.set(account, [...effects]);
    this.#next();
  }

  /** Resolves when nothing is under way; what failed waits for its time. */
  async idle(): Promise<void> {
    await this.#recovering;
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    for (const { timer } of this.#retries.values()) timer[Symbol.dispose]();
    await this.idle();
  }

  /** What a crash left undone. */
  async #recover(): Promise<void> {
    const { store, clock, log } = this.#parts;
    try {
      for await (const account of store.withOutbox(clock.now() - LOOK_BACK_MS)) {
        if (this.#stopped) return;
        this.wake(account);
      }
    } catch (error) {
      log.error({ err: error }, 'could not look for what was left undone');
    } finally {
      this.#recovering = undefined;
    }
  }

  #next(): void {
    for (const [account, effects] of this.#waiting) {
      if (this.#running.size >= ACCOUNTS_AT_ONCE) return;
      // One that is at work looks again when it is done.
      if (this.#running.has(account)) continue;
      this.#waiting.delete(account);
      const work = this.#work(account, effects).finally(() => {
        this.#running.delete(account);
        this.#next();
      });
      this.#running.set(account, work);
    }
  }

  async #work(account: AccountId, effects: readonly OutboxItem[] | 'all'): Promise<void> {
    try {
      using opened = await this.#parts.store.open(SYSTEM, account);
      let failed = false;
      for await (const items of effects === 'all' ? allOf(opened) : [effects]) {
        for (const item of items) {
          if (this.#stopped) return;
          try {
            if (await this.#carryOut(opened, item)) this.#carriedOut.inc({ kind: item.effect.kind });
            else failed = true;
          } catch (error) {
            failed = true;
            this.#failed.inc();
            this.#parts.log.error({ err: error, account, id: item.submission }, 'an effect could not be carried out');
          }
        }
      }
      if (failed) return this.#later(account);
      if (effects === 'all') this.#retries.delete(account);
    } catch (error) {
      if (error instanceof MailError && error.code === 'account-missing') return;
      this.#parts.log.error({ err: error, account }, 'the outbox of an account could not be read');
      this.#later(account);
    }
  }

  #later(account: AccountId): void {
    if (this.#stopped) return;
    const known = this.#retries.get(account);
    known?.timer[Symbol.dispose]();
    const failures = (known?.failures ?? 0) + 1;
    const pause = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures, 20));
    const timer = this.#parts.clock.after(pause * (1 + this.#parts.random.fraction() / 2), () => this.wake(account));
    this.#retries.set(account, { timer, failures });
  }

  /** Answers false when it has to wait for something, and nothing is wrong. */
  async #carryOut(account: MailAccount, item: OutboxItem): Promise<boolean> {
    const { effect } = item;
    switch (effect.kind) {
      case 'deliver':
        if (effect.destination) await this.#handOver(account, item, effect.part, effect.destination);
        else await this.#deliver(account, item, effect.part);
        return true;
      case 'wake': {
        const entry = effect.for === 'held' ? heldEntry : wakeEntry;
        await this.#queue(account, item, entry(account.id, item.submission, effect.at));
        return true;
      }
      case 'notify':
        await this.#held().notify(account, item, effect);
        return true;
      case 'unreached':
        await this.#held().unreached(account, item, effect);
        return true;
      case 'receipt':
        await this.#held().receipt(account, item, effect);
        return true;
      case 'recall':
        return this.#recall(account, item);
      case 'report':
        await this.#report(account, item, effect);
        return true;
      case 'feedback':
        await this.#queue(account, item, feedbackEntry(account.id, item, effect), effect.feedback);
        return true;
    }
  }

  #held(): Pick<HeldCarrier, 'hold' | 'notify' | 'receipt' | 'unreached'> {
    const { held } = this.#parts;
    if (held === undefined) throw new MailError('bug', 'bug', 'mail is held, and nobody looks after it');
    return held;
  }

  async #recall(account: MailAccount, item: OutboxItem): Promise<boolean> {
    const submission = await account.outgoing.get(item.submission);
    if (submission !== undefined && !(await recall(this.#parts, account, submission))) return false;
    await account.outgoing.carriedOut(item);
    return true;
  }

  async #queue(
    account: MailAccount,
    item: OutboxItem,
    entry: NewEntry,
    into: 'outbound' | FeedbackKind = 'outbound',
  ): Promise<void> {
    const { queue } = this.#parts;
    if (entry.id !== undefined && (await queue.get(entry.id)) === undefined) await queue.add(into, [entry]);
    await account.outgoing.carriedOut(item);
  }

  async #deliver(account: MailAccount, item: OutboxItem, part: number): Promise<void> {
    const { submission: id } = item;
    const submission = await account.outgoing.get(id);
    const delivery = await account.outgoing.delivery(id, part);
    if (submission === undefined || delivery === undefined) return account.outgoing.carriedOut(item);
    if (delivery.held === true) return this.wake(account.id, await this.#held().hold(account, item, part));
    if (delivery.destination !== '') return this.#handOver(account, item, part, delivery.destination);
    const known = await this.#known(delivery);
    const recipients = known.filter((recipient) => recipient !== undefined);
    if (recipients.length > 0)
      await this.#parts.intake.accept({
        sender: submission.sender,
        recipients,
        origin: submission.origin,
        mail: await rawMail(await account.outgoing.content(id)),
        deliveryKey: deliveryKeyOf(account, id),
        requireTls: submission.requireTls,
        ...(submission.released !== undefined && { accepted: submission.released }),
      });
    const now = this.#parts.clock.now();
    const change = (before: Delivery, { sender }: Submission): DeliveryChange => filed(before, known, sender, now);
    const { effects } = await account.outgoing.changeDelivery(id, part, change, { carriesOut: item.number });
    this.wake(account.id, effects);
  }

  /** The effect stays until nobody waits any more, or the queue has the entry for good: a mail that goes at once costs the queue nothing. */
  async #handOver(account: MailAccount, item: OutboxItem, part: number, destination: string): Promise<void> {
    const { queue } = this.#parts;
    const entry = deliveryEntry(account.id, item.submission, part, destination, item.number);
    const known = await queue.get(entry.id);
    if (known === undefined) await queue.add('outbound', [entry]);
    else if (outboundPayload(known)?.effect === undefined) await account.outgoing.carriedOut(item);
  }

  /** Who they are by now; undefined for those who have left since the mail was taken. */
  #known({ recipients }: Delivery) {
    return Promise.all(
      recipients.map(async ({ address }) => {
        const route = await this.#parts.directory.route(address);
        return route.kind === 'account' ? { address, account: route.account } : undefined;
      }),
    );
  }

  async #report(account: MailAccount, item: OutboxItem, effect: Effect & { kind: 'report' }): Promise<void> {
    const { directory, intake, returnPaths } = this.#parts;
    const submission = await account.outgoing.get(item.submission);
    if (submission === undefined) return account.outgoing.carriedOut(item);
    const { sender, forwardedBy, hold } = submission;
    const route = await directory.route(sender);
    const path = forwardedBy === undefined ? undefined : await returnPaths.read(sender);
    // The address may be another's by now, and nobody else is told what this account has sent.
    if (route.kind === 'account' && route.account === account.id)
      await intake.accept({
        sender: '',
        recipients: [{ account: account.id, address: sender }],
        origin: { protocol: 'local', hello: '', remote: '', cipher: '' },
        mail: { head: await this.#compose(account, item, effect, submission, sender) },
        deliveryKey: `${account.id} ${item.submission} report ${item.number}`,
        accepted: effect.at,
      });
    else if (path?.kind === 'forward') await this.#reportBack(account, item, effect, submission, path.to);
    // Whoever handed it over to the gateway answers for this return path.
    else if (hold?.gateway !== undefined && sender !== '')
      await this.#reportBack(account, item, effect, submission, sender);
    else this.#parts.log.warn({ id: item.submission, sender }, 'nobody is left to report to');
    await account.outgoing.carriedOut(item);
  }

  /** To whoever sent a mail that was passed on. */
  async #reportBack(
    account: MailAccount,
    item: OutboxItem,
    effect: Effect & { kind: 'report' },
    submission: Submission,
    to: string,
  ): Promise<void> {
    try {
      await this.#parts.automatic.send({
        account: account.id,
        sender: '',
        recipient: to,
        mail: { head: await this.#compose(account, item, effect, submission, to) },
        key: `report ${item.submission} ${item.number}`,
        requireTls: submission.requireTls,
      });
    } catch (error) {
      // Nothing goes there from here: trying again changes nothing.
      if (!(error instanceof MailError) || error.kind !== 'user') throw error;
      this.#parts.log.warn({ err: error, id: item.submission }, 'a report could not be passed back');
    }
  }

  async #compose(
    account: MailAccount,
    { submission: id, number }: OutboxItem,
    { report, at, recipients }: Effect & { kind: 'report' },
    submission: Submission,
    to: string,
  ): Promise<Buffer> {
    const { content, whole } = await original(account, submission, report === 'failed');
    const { envid } = submission.dsn ?? {};
    return composeDsn({
      action: report,
      reportingMta: this.#parts.hostname,
      domain: domainOf(submission.sender),
      to,
      messageId: `<${id}.${number}@${this.#parts.hostname}>`,
      date: at,
      ...(envid !== undefined && { envid }),
      arrived: submission.created,
      ...(report === 'delayed' && { retryUntil: (submission.released ?? submission.created) + this.#limits.expireMs }),
      recipients: recipients.map(({ address, dsn, status = '4.0.0', host, reply, reason, at: lastAttempt }) => ({
        address,
        status,
        ...(dsn?.orcpt !== undefined && { orcpt: dsn.orcpt }),
        ...(host !== undefined && { host }),
        ...(reply !== undefined && { reply }),
        ...(reason !== undefined && { reason }),
        ...(lastAttempt !== undefined && { lastAttempt }),
      })),
      original: { content, whole, messageId: submission.messageId },
    });
  }
}

async function* allOf({ outgoing }: MailAccount): AsyncGenerator<readonly OutboxItem[]> {
  for (let items = await outgoing.outbox(); items.length > 0; items = await outgoing.outbox(items.at(-1))) yield items;
}

/** What comes back with a report. */
async function original(
  { outgoing }: MailAccount,
  { id, dsn, requireTls, subject, messageId }: Submission,
  failed: boolean,
): Promise<{ content: Uint8Array; whole: boolean }> {
  try {
    const body = await outgoing.content(id);
    // What needs TLS comes back without its content (RFC 8689 §5).
    const whole = failed && dsn?.ret === 'FULL' && !requireTls && body.size <= MOST_RETURNED;
    return { content: await body.bytes(0, whole ? body.size : Math.min(body.size, HEADER_BYTES)), whole };
  } catch (error) {
    if (!(error instanceof MailError) || error.code !== 'message-missing') throw error;
    // A report that came when nothing was left to do for the mail: its content is gone, what is known of it is not.
    const known = `Subject: ${subject.replaceAll(/[\0-\x1f\x7f]+/g, ' ')}\r\nMessage-ID: ${messageId}\r\n\r\n`;
    return { content: Buffer.from(known), whole: false };
  }
}

/** What becomes of a delivery to our own accounts. */
function filed(before: Delivery, known: readonly unknown[], sender: string, now: number): DeliveryChange {
  const recipients = before.recipients.map(
    (recipient, i): SubmissionRecipient =>
      recipient.state === 'recalled'
        ? recipient
        : known[i] === undefined
          ? {
              ...recipient,
              state: 'bounced',
              at: now,
              status: '5.1.1',
              reason: 'nobody here has this address any more',
            }
          : { ...recipient, state: 'delivered', at: now, status: '2.1.5' },
  );
  const told = (state: string, what: 'SUCCESS' | 'FAILURE') =>
    sender === '' ? [] : recipients.filter((one) => one.state === state && wants(one.dsn, what));
  const reports = [
    { report: 'failed' as const, recipients: told('bounced', 'FAILURE') },
    { report: 'delivered' as const, recipients: told('delivered', 'SUCCESS') },
  ];
  return { recipients, tries: before.tries, reports: reports.filter((one) => one.recipients.length > 0) };
}
