/**
 * Takes due entries of the outbound queue and attempts their deliveries. What an attempt brings is committed to the sender's
 * account, with the reports that follow, before the entry goes or waits again: a crash repeats at most the attempt that was
 * under way. Each destination has a lane of its own, so that one that is down or slow holds up nobody else.
 */
import type { Directory } from '../directory/api.ts';
import { DueEntries } from '../intake/due-entries.ts';
import type { ReturnPaths } from '../intake/return-paths.ts';
import { MailError } from '../mail/error.ts';
import type { AccountId, MailAccount, MailStore, MsgId, Principal } from '../mailstore/api.ts';
import { type Delivery, isSettled, type Submission, type SubmissionRecipient } from '../mailstore/submission.ts';
import type { Clock } from '../ports/clock.ts';
import type { Queue, QueueEntry, QueueId } from '../ports/queue.ts';
import type { Random } from '../ports/random.ts';
import type { FlowStep, MailFlow } from '../telemetry/flow.ts';
import { type Log, printable } from '../telemetry/log.ts';
import type { Counter, Histogram, Metrics } from '../telemetry/metrics.ts';
import type { Dispatcher } from './dispatcher.ts';
import { type OutboundPayload, outboundPayload } from './entry.ts';
import { suppressedOutcomes } from './feedback/suppressed.ts';
import type { Suppressions } from './feedback/suppressions.ts';
import type { FastBlock } from './fast-block.ts';
import type { HeldCarrier } from './held-carrier.ts';
import { Lane } from './lane.ts';
import type { OutboundLimits } from './limits.ts';
import { outgoingMail } from './outgoing-mail.ts';
import { snoozedPayload } from './snoozed.ts';
import { applyOutcomes, feedbackOf, pauseAfter } from './outcomes.ts';
import type { Reputation } from './reputation.ts';
import { type Outcome, Postponed, type Transfer } from './transfer.ts';

export interface OutboundParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly directory: Pick<Directory, 'account'>;
  readonly queue: Queue;
  readonly transfer: Transfer;
  readonly dispatcher: Pick<Dispatcher, 'wake'>;
  readonly reputation: Pick<Reputation, 'note'>;
  readonly fastBlock: Pick<FastBlock, 'blocked'>;
  readonly suppressions: Pick<Suppressions, 'find'>;
  readonly returnPaths: Pick<ReturnPaths, 'bounceAddress'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Absent: nobody watches. */
  readonly flow?: Pick<MailFlow, 'tell'>;
  readonly hostname: string;
  /** Absent: no mail is held. */
  readonly held?: Pick<HeldCarrier, 'look'>;
  /** Absent: no originals are fetched from others. */
  readonly fetched?: Pick<HeldCarrier, 'look'>;
}

const SYSTEM: Principal = { kind: 'system', role: 'intake' };
/** Attempts under way when the service is told to end have this long. */
const DRAIN_MS = 10_000;
const FAULT_PAUSE_MS = 60_000;
/** From so many on the idle ones are forgotten, and with them how fast their destinations are. */
const MOST_LANES = 5_000;
/** Until it is looked again whether the sender of a mail whose time has come is still suspended. */
const SUSPENDED_PAUSE_MS = 15 * 60_000;
const SUSPENDED = 'the account that sent it is suspended';
/** In seconds: from a neighbour to a host that was down for days. */
const DELAYS = [0.1, 0.5, 1, 5, 30, 300, 3600, 4 * 3600, 86_400, 5 * 86_400];

export class OutboundWorker implements AsyncDisposable {
  readonly #parts: OutboundParts;
  readonly #limits: OutboundLimits;
  readonly #lanes = new Map<string, Lane>();
  readonly #running = new Set<Promise<void>>();
  readonly #abort = new AbortController();
  readonly #due: DueEntries;
  /** Attempted, and what became of them is not known to the store. */
  readonly #unwritten = new Set<QueueId>();
  #held = 0;
  readonly #outcomes: Counter<'outcome'>;
  readonly #faults: Counter<'outcome'>;
  readonly #delay: Histogram<string>;

  constructor(parts: OutboundParts, limits: OutboundLimits) {
    this.#parts = parts;
    this.#limits = limits;
    const { metrics, queue } = parts;
    this.#outcomes = metrics.counter('outbound_outcomes_total', 'Outcomes of attempts, per recipient.', ['outcome']);
    this.#faults = metrics.counter('outbound_faults_total', 'Attempts that failed on our side.', ['outcome']);
    this.#delay = metrics.histogram('outbound_delay_seconds', 'From a submission to its delivery.', [], DELAYS);
    this.#due = new DueEntries({
      queue,
      name: 'outbound',
      log: parts.log,
      room: () => limits.entries - this.#held,
      begin: (entry) => this.#offer(entry),
    });
  }

  /** Entries at work. */
  get busy(): boolean {
    return this.#due.taking || this.#running.size > 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#due[Symbol.asyncDispose]();
    const abort = new MailError('busy', 'temporary', 'the service is being stopped');
    using _late = this.#parts.clock.after(DRAIN_MS, () => this.#abort.abort(abort));
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.#parts.transfer.close();
  }

  /** To its lane, or back into the queue when that has no place. */
  #offer(entry: QueueEntry): void {
    this.#held++;
    const snoozed = snoozedPayload(entry);
    if (snoozed) return this.#start(entry, undefined, () => this.#wake(entry, snoozed.account, snoozed.snoozed));
    const payload = outboundPayload(entry);
    if (payload?.part === undefined) return this.#start(entry, undefined, () => this.#release(entry, payload));
    const destination = payload.destination ?? '';
    let lane = this.#lanes.get(destination);
    if (lane === undefined) {
      if (this.#lanes.size >= MOST_LANES) for (const [name, one] of this.#lanes) if (one.idle) this.#lanes.delete(name);
      this.#lanes.set(destination, (lane = new Lane(this.#limits)));
    }
    if (lane.free) return this.#enter(lane, entry, payload);
    // When room grows scarce nobody waits in memory: those who wait for one destination must not keep out the others.
    if (!lane.full && this.#held <= this.#limits.entries / 2) {
      lane.parked.push(entry);
      return;
    }
    const due = this.#parts.clock.now() + lane.turnIn();
    const reason = entry.reason ?? `${destination} is busy with mail before this one`;
    this.#start(entry, undefined, () => this.#wait(entry, payload, due, reason));
  }

  /** Back into the queue, which has it for good from then on. */
  async #wait(entry: QueueEntry, payload: OutboundPayload, due: number, reason: string): Promise<void> {
    const { effect: _effect, ...rest } = payload;
    await this.#parts.queue.retry(entry, { due, reason, payload: rest });
    this.#takenOver(payload);
  }

  /** Whether anything can be written again: until then the other side must not be given the mail over and over. */
  async #probe(entry: QueueEntry, payload: OutboundPayload): Promise<void> {
    await this.#wait(entry, payload, this.#parts.clock.now(), entry.reason ?? 'what became of it could not be written');
    this.#unwritten.delete(entry.id);
  }

  #takenOver({ account, submission, part = 0, destination = '', effect: number }: OutboundPayload): void {
    if (number === undefined) return;
    this.#parts.dispatcher.wake(account, [{ submission, number, effect: { kind: 'deliver', part, destination } }]);
  }

  #enter(lane: Lane, entry: QueueEntry, payload: OutboundPayload): void {
    lane.active++;
    const unwritten = this.#unwritten.has(entry.id);
    this.#start(entry, lane, () => (unwritten ? this.#probe(entry, payload) : this.#attempt(lane, entry, payload)));
  }

  #start(entry: QueueEntry, lane: Lane | undefined, run: () => Promise<void>): void {
    const work = run()
      .catch((error: unknown) => this.#fault(entry, error))
      .catch((error: unknown) => {
        this.#parts.log.error({ err: error, id: entry.id }, 'the outbound queue could not settle an entry');
        this.#unwritten.add(entry.id);
        this.#due.giveBack(entry);
      })
      .then(() => {
        this.#running.delete(work);
        this.#held--;
        if (lane) this.#leave(lane, entry);
        this.#due.look();
      });
    this.#running.add(work);
  }

  #leave(lane: Lane, entry: QueueEntry): void {
    lane.active--;
    while (lane.free && !this.#due.stopped) {
      const next = lane.parked.shift();
      const payload = next && outboundPayload(next);
      if (next === undefined || payload === undefined) break;
      this.#enter(lane, next, payload);
    }
    if (lane.forgettable) this.#lanes.delete(outboundPayload(entry)?.destination ?? '');
  }

  /** Mail that was put off comes back. Nobody is told when that fails, so it is tried until it works. */
  async #wake(entry: QueueEntry, of: AccountId, messages: readonly MsgId[]): Promise<void> {
    const { store, queue, clock } = this.#parts;
    try {
      using account = await this.#open(store, of);
      await account?.snoozing.wake(messages);
    } catch (error) {
      const reason = printable(error instanceof Error ? error.message : String(error), 300);
      return queue.retry(entry, { due: clock.now() + FAULT_PAUSE_MS, reason });
    }
    await queue.done([entry]);
  }

  /** The time of a held mail may have come. */
  async #release(entry: QueueEntry, payload: OutboundPayload | undefined): Promise<void> {
    const { store, queue, dispatcher, clock } = this.#parts;
    if (payload === undefined) return queue.move(entry, 'error', 'this is no entry of the outbound queue');
    if (await this.#suspended(payload.account))
      return queue.retry(entry, { due: clock.now() + SUSPENDED_PAUSE_MS, reason: SUSPENDED });
    using account = await this.#open(store, payload.account);
    if (payload.held === true) return this.#look(entry, payload, account, this.#parts.held);
    if (payload.original === true) return this.#look(entry, payload, account, this.#parts.fetched);
    const { state, at } =
      account === undefined ? { state: undefined } : await account.outgoing.release(payload.submission);
    if (state === 'held' && at !== undefined) return queue.retry(entry, { due: at, reason: 'its time has not come' });
    await queue.done([entry]);
    dispatcher.wake(payload.account);
  }

  /** Mail in a sender mailbox, and an original that was fetched from one, are looked after from time to time. */
  async #look(
    entry: QueueEntry,
    payload: OutboundPayload,
    account: MailAccount | undefined,
    by: Pick<HeldCarrier, 'look'> | undefined,
  ): Promise<void> {
    const { queue } = this.#parts;
    if (by === undefined) throw new MailError('bug', 'bug', 'mail is held, and nobody looks after it');
    const due = account && (await by.look(account, payload.submission));
    const reason = payload.original === true ? 'an original that was fetched' : 'it waits in the sender mailbox';
    if (due !== undefined) return queue.retry(entry, { due, reason });
    await queue.done([entry]);
  }

  async #attempt(lane: Lane, entry: QueueEntry, payload: OutboundPayload): Promise<void> {
    const { store, queue, clock, dispatcher } = this.#parts;
    const { submission: id, part = 0, effect } = payload;
    using account = await this.#open(store, payload.account);
    const submission = await account?.outgoing.get(id);
    const delivery = await account?.outgoing.delivery(id, part);
    // Without account or rows nobody is left who wants it, and it may have been settled just before a crash.
    if (
      account === undefined ||
      submission === undefined ||
      delivery === undefined ||
      delivery.recipients.every(isSettled)
    ) {
      if (effect !== undefined) await account?.outgoing.carriedOut({ submission: id, number: effect });
      return queue.done([entry]);
    }
    let postponed: Postponed | undefined;
    const outcomes = await this.#outcomesOf(lane, submission, delivery, account, part).catch((error: unknown) => {
      if (!(error instanceof Postponed)) throw error;
      postponed = error;
      return this.#lateFor(error, submission, delivery);
    });
    const now = clock.now();
    if (outcomes === undefined) return this.#wait(entry, payload, postponed?.until ?? now, postponed?.message ?? '');
    const changed = await account.outgoing.changeDelivery(
      id,
      part,
      (before, current) => applyOutcomes(before, current, outcomes, now, this.#limits),
      { settles: effect },
    );
    dispatcher.wake(payload.account, changed.effects);
    this.#count(submission, changed.delivery?.recipients ?? [], outcomes, now);
    await this.#settle(entry, payload, submission, changed.delivery, postponed?.until);
    await this.#note(payload.account, submission, outcomes);
  }

  /** Nothing was tried. That is the sender's to know when it takes long; undefined: not yet. */
  #lateFor(
    { message: reason }: Postponed,
    { released, created }: Submission,
    { recipients }: Delivery,
  ): ReadonlyMap<number, Outcome> | undefined {
    if (this.#parts.clock.now() - (released ?? created) < this.#limits.warnMs) return undefined;
    // RFC 3463 §3.5: our own congestion.
    const outcome: Outcome = { kind: 'temporary', status: '4.4.5', reply: undefined, host: undefined, reason };
    return new Map([...recipients.entries()].flatMap(([i, one]) => (isSettled(one) ? [] : [[i, outcome]])));
  }

  /** Done, or waiting for the next attempt. */
  async #settle(
    entry: QueueEntry,
    payload: OutboundPayload,
    submission: Submission,
    settled: Delivery | undefined,
    until: number | undefined,
  ): Promise<void> {
    const { queue, clock, random } = this.#parts;
    const now = clock.now();
    const waiting = settled?.recipients.filter((recipient) => !isSettled(recipient)) ?? [];
    if (settled === undefined || waiting.length === 0) return queue.done([entry]);
    const expires = (submission.released ?? submission.created) + this.#limits.expireMs;
    const next = until ?? now + pauseAfter(settled.tries, this.#limits, random.fraction());
    const due = now < expires ? Math.min(next, expires) : next;
    const { host = payload.destination, reply, reason } = waiting[0] ?? {};
    const { faults: _faults, ...rest } = payload;
    await this.#wait(entry, rest, due, `${host}: ${reply ?? reason ?? ''}`);
  }

  /** By position. Throws `Postponed`. */
  async #outcomesOf(
    lane: Lane,
    submission: Submission,
    delivery: Delivery,
    account: MailAccount,
    part: number,
  ): Promise<ReadonlyMap<number, Outcome>> {
    const { transfer, clock, hostname, suppressions } = this.#parts;
    const suppressed = await suppressedOutcomes(suppressions, account, delivery);
    const waiting = [...delivery.recipients.entries()].filter(([i, one]) => !isSettled(one) && !suppressed.has(i));
    if (waiting.length === 0) return suppressed;
    const putOff = (status: string, reason: string): ReadonlyMap<number, Outcome> => {
      const outcome: Outcome = { kind: 'temporary', status, reply: undefined, host: undefined, reason };
      return new Map([...suppressed, ...waiting.map(([i]) => [i, outcome] as const)]);
    };
    if (await this.#suspended(account.id)) return putOff('4.7.1', SUSPENDED);
    const down = lane.down(clock.now());
    if (down !== undefined) return putOff('4.4.1', `it could not be reached a moment ago: ${down}`);
    const content = await account.outgoing.content(submission.id);
    const mail = {
      ...outgoingMail(account.id, submission, content, hostname),
      sender: this.#senderOf(submission, account.id, part),
    };
    const recipients = waiting.map(([, { address, dsn }]) => ({ address, ...(dsn && { dsn }) }));
    const abort = new AbortController();
    using _deadline = clock.after(this.#limits.attemptMs, () =>
      abort.abort(new MailError('timeout', 'temporary', 'the attempt took too long')),
    );
    const began = clock.monotonic();
    const signal = AbortSignal.any([abort.signal, this.#abort.signal]);
    const outcomes = await transfer.transfer(delivery.destination, mail, recipients, signal);
    lane.learn(outcomes, clock.monotonic() - began, clock.now());
    const missing: Outcome = {
      kind: 'temporary',
      status: '4.3.0',
      reply: undefined,
      host: undefined,
      reason: 'nothing was heard',
    };
    return new Map([...suppressed, ...waiting.map(([i], n) => [i, outcomes[n] ?? missing] as const)]);
  }

  #senderOf({ id, sender, bounceAddress, released, created }: Submission, account: AccountId, part: number): string {
    if (bounceAddress !== true) return sender;
    return this.#parts.returnPaths.bounceAddress(sender, account, id, part, released ?? created);
  }

  #count(
    submission: Submission,
    recipients: readonly SubmissionRecipient[],
    outcomes: ReadonlyMap<number, Outcome>,
    now: number,
  ): void {
    const { id, sender, released = now } = submission;
    for (const [i, outcome] of outcomes) {
      this.#outcomes.inc({ outcome: outcome.kind });
      if (outcome.kind === 'delivered') this.#delay.observe((now - released) / 1000);
      const { kind, host, reply } = outcome;
      const { address = '', state } = recipients[i] ?? {};
      const detail = printable([host, kind === 'delivered' ? reply : outcome.reason].filter(Boolean).join(': '), 300);
      this.#parts.flow?.tell(stepOf(state), { id, sender, to: [address], detail });
      this.#parts.log.info({ id, sender, outcome: kind, host, reply: reply && printable(reply, 300) }, 'attempted');
    }
  }

  async #note(account: AccountId, submission: Submission, outcomes: ReadonlyMap<number, Outcome>): Promise<void> {
    const { sender, origin } = submission;
    // What an account hands on, or answers by itself, is not what its user sends: others decide how much of it is spam.
    const by = origin.protocol === 'local' ? {} : { account, domain: sender.slice(sender.lastIndexOf('@') + 1) };
    for (const [source, sent] of Map.groupBy(outcomes.values(), (outcome) => outcome.source))
      for (const [what, { length: count }] of Map.groupBy(sent, feedbackOf))
        if (what !== undefined)
          await this.#parts.reputation.note({ what, count, ...by, ...(source !== undefined && { source }) });
  }

  /** Its mail waits then: it may be a spammer's, and may be good. */
  async #suspended(account: AccountId): Promise<boolean> {
    if (this.#parts.fastBlock.blocked(account)?.state === 'suspended') return true;
    return (await this.#parts.directory.account(account))?.suspended === true;
  }

  /** Undefined when it is gone, and with it whatever it had to send. */
  async #open(store: Pick<MailStore, 'open'>, account: AccountId) {
    try {
      return await store.open(SYSTEM, account);
    } catch (error) {
      if (error instanceof MailError && error.code === 'account-missing') return undefined;
      throw error;
    }
  }

  /** We are wrong, or out of order: tried again some times, then an operator looks. */
  async #fault(entry: QueueEntry, error: unknown): Promise<void> {
    const { queue, clock, log } = this.#parts;
    const payload = outboundPayload(entry);
    const reason = printable(error instanceof Error ? error.message : String(error), 300);
    const faults = (payload?.faults ?? 0) + 1;
    log.error({ err: error, id: entry.id, faults }, 'an attempt failed on our side');
    if (payload === undefined || faults >= this.#limits.faults) {
      this.#faults.inc({ outcome: 'error-queue' });
      const { faults: _faults, effect: _effect, ...rest } = payload ?? {};
      await queue.move(entry, 'error', reason, payload === undefined ? entry.payload : rest);
      if (payload) this.#takenOver(payload);
      return;
    }
    this.#faults.inc({ outcome: 'retry' });
    await this.#wait(entry, { ...payload, faults }, clock.now() + FAULT_PAUSE_MS * 2 ** (faults - 1), reason);
  }
}

/** What was given up is returned, too, whatever the last answer was. */
function stepOf(state: SubmissionRecipient['state'] | undefined): FlowStep {
  return state === 'bounced' ? 'bounced' : state === 'delayed' ? 'deferred' : 'delivered';
}
