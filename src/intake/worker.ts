/**
 * Takes accepted mails from the intake queue through the pipeline. An entry goes when all its recipients are settled;
 * after a crash it comes again, which the delivery ids make harmless. One bad entry holds up nobody: each has a
 * deadline, and after its last attempt it goes to the error queue with its reason.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MailError } from '../mail/error.ts';
import type { MailAccount, MailStore } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import type { Queue, QueueEntry } from '../ports/queue.ts';
import type { Random } from '../ports/random.ts';
import { printable } from '../telemetry/log.ts';
import type { MailFlow } from '../telemetry/flow.ts';
import type { Log } from '../telemetry/log.ts';
import type { Counter, Histogram, Metrics } from '../telemetry/metrics.ts';
import { DueEntries } from './due-entries.ts';
import type { HeldFor, IntakePayload, IntakeRecipient } from './entry.ts';
import { payloadOf } from './entry.ts';
import { type Delivery, deliveryOf, type Pipeline, type Stage } from './pipeline.ts';
import { INTAKE } from './stages/parts.ts';

export interface WorkerParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly queue: Queue;
  readonly pipeline: Pipeline;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Absent: nobody watches. */
  readonly flow?: Pick<MailFlow, 'tell'>;
}

export const WORKER_LIMITS = {
  /** Entries at work at once. */
  entries: 200,
  attempts: 5,
  /** While a scanner is down, which may take its operator a night. */
  patientAttempts: 60,
  /** Of one recipient through the whole pipeline, at the first attempt; doubled each time. */
  deadlineMs: 60_000,
  /** Before the second attempt; doubled each time, and up to half as much again by chance. */
  firstRetryMs: 5_000,
  /** A full mailbox gets these pauses instead: its owner may make room. */
  fullRetryMs: 15 * 60_000,
};
export type WorkerLimits = typeof WORKER_LIMITS;
/** Entries that are begun in one turn of the event loop when there are more than can be at work. */
const MANY = 8;
/** Of a deadline, at most. */
const DOUBLINGS = 4;

/** What is left of an entry after an attempt. */
interface Failure {
  readonly recipient: IntakeRecipient;
  readonly error: unknown;
  /** Trying again is not meant to help. */
  readonly final: boolean;
}

export class IntakeWorker implements AsyncDisposable {
  readonly #parts: WorkerParts;
  readonly #limits: WorkerLimits;
  readonly #due: DueEntries;
  readonly #running = new Set<Promise<void>>();
  #begun = 0;
  /** Settled entries that wait for one `done` for all of them. */
  #settled: QueueEntry[] = [];
  #finishing: Promise<void> | undefined;

  readonly #delivered: Counter<string>;
  readonly #failed: Counter<'outcome'>;
  readonly #delay: Histogram<string>;

  constructor(parts: WorkerParts, limits: WorkerLimits = WORKER_LIMITS) {
    this.#parts = parts;
    this.#limits = limits;
    const { metrics } = parts;
    this.#delivered = metrics.counter('mails_filed_total', 'Mails filed, per recipient.');
    this.#failed = metrics.counter('intake_failures_total', 'Attempts to file a mail that failed.', ['outcome']);
    this.#delay = metrics.histogram('intake_delay_seconds', 'From accepting a mail to having filed it.');
    this.#due = new DueEntries({
      queue: parts.queue,
      name: 'intake',
      log: parts.log,
      room: () => limits.entries - this.#running.size,
      begin: (entry, behind) => this.#begin(entry, behind),
    });
  }

  /** Takes nothing more, and waits for what is at work. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#due[Symbol.asyncDispose]();
    while (this.#running.size > 0) await Promise.all(this.#running);
    await this.#finishing;
  }

  async #begin(entry: QueueEntry, behind: boolean): Promise<void> {
    this.#start(entry);
    // Who waits for a reply does not wait for mail that nobody waits for, unless there is ever more of that.
    if (!behind || ++this.#begun % MANY === 0) await nextTurn();
  }

  #start(entry: QueueEntry): void {
    const work = this.#work(entry)
      .catch((error: unknown) => {
        this.#parts.log.error({ err: error, id: entry.id }, 'intake could not settle an entry');
        this.#due.giveBack(entry);
      })
      .then(() => {
        const full = this.#running.size >= this.#limits.entries;
        this.#running.delete(work);
        if (full) this.#due.look();
      });
    this.#running.add(work);
  }

  async #work(entry: QueueEntry): Promise<void> {
    const mail = payloadOf(entry);
    const failures: Failure[] = [];
    const [only] = mail.recipients;
    // What was slow and no more than that gets through in the end: a hang is given up all the same.
    const deadlineMs = this.#limits.deadlineMs * 2 ** Math.min(entry.attempts, DOUBLINGS);
    const deliver = (recipient: IntakeRecipient) => this.#deliver(mail, recipient, failures, deadlineMs);
    if (only !== undefined && mail.recipients.length === 1) await deliver(only);
    else await Promise.all(mail.recipients.map(deliver));
    if (failures.length === 0) await this.#done(entry);
    else await this.#postpone(entry, mail, failures);
  }

  /** Never throws. */
  async #deliver(
    mail: IntakePayload,
    recipient: IntakeRecipient,
    failures: Failure[],
    deadlineMs: number,
  ): Promise<void> {
    const { clock, pipeline, store } = this.#parts;
    let stage: Stage | undefined;
    using deadline = new Deadline(clock, deadlineMs, () => stage);
    const through = async (): Promise<void> => {
      // Open until the last stage has ended, also when nobody waits for it any more.
      using account: MailAccount & Disposable = await store.open(INTAKE, recipient.staged.account, {
        records: 'known',
      });
      const delivery = deliveryOf(mail, recipient, account);
      for (stage of pipeline.stages) {
        if (stage.deliver === undefined || stage.applies?.(delivery) === false) continue;
        if (await this.#run(stage, delivery, deadline)) break;
      }
    };
    try {
      await Promise.race([through(), deadline.passed]);
      this.#delivered.inc();
      this.#parts.flow?.tell('filed', { id: mail.id, sender: mail.sender, to: [recipient.address] });
      this.#delay.observe((clock.now() - mail.received) / 1000);
    } catch (error) {
      failures.push({ recipient, error, final: stage?.onFailure === 'error-queue' || isPermanent(error) });
    }
  }

  /** Answers whether the mail is settled. Throws what means that it is not delivered now. */
  async #run(stage: Stage, delivery: Delivery, whole: Deadline): Promise<boolean> {
    try {
      const settled = await (stage.deadlineMs === undefined
        ? stage.deliver?.(delivery, whole.signal)
        : this.#hurry(stage, delivery, stage.deadlineMs));
      // Nobody waits for it any more: the next stages are for the next attempt.
      whole.signal.throwIfAborted();
      return settled ?? false;
    } catch (error) {
      const refused = error instanceof MailError && error.code === 'infected';
      if (stage.onFailure !== 'accept' || refused || whole.signal.aborted) throw error;
      this.#parts.pipeline.passedOver(stage, error);
      return false;
    }
  }

  /** A stage that has less time than the whole. */
  async #hurry(stage: Stage, delivery: Delivery, deadlineMs: number): Promise<boolean> {
    using own = new Deadline(this.#parts.clock, deadlineMs, () => stage);
    return await Promise.race([stage.deliver?.(delivery, own.signal) ?? false, own.passed]);
  }

  /** One commit for everything that was settled while the last one ran. */
  #done(entry: QueueEntry): Promise<void> {
    this.#settled.push(entry);
    this.#finishing ??= this.#finish();
    return this.#finishing;
  }

  async #finish(): Promise<void> {
    await Promise.resolve();
    try {
      while (this.#settled.length > 0) {
        const entries = this.#settled;
        this.#settled = [];
        await this.#parts.queue.done(entries);
      }
    } catch (error) {
      // Whoever waits for this hears of it, also those who came meanwhile.
      this.#settled = [];
      throw error;
    } finally {
      this.#finishing = undefined;
    }
  }

  async #postpone(entry: QueueEntry, mail: IntakePayload, failures: readonly Failure[]): Promise<void> {
    const { queue, clock, log } = this.#parts;
    const reason = failures
      .map(({ recipient, error }) => `${recipient.address}: ${reasonOf(error)}`)
      .join('; ')
      .slice(0, 1000); // prettier-ignore
    // Those who have it already are not bothered again.
    const payload: IntakePayload = { ...mail, recipients: failures.map((failure) => failure.recipient) };
    const hopeless = failures.every(({ final }) => final);
    const facts = { id: mail.id, attempts: entry.attempts + 1, reason };
    const to = failures.map(({ recipient }) => recipient.address);
    const told = { id: mail.id, sender: mail.sender, to, detail: reason };
    const most = failures.some(isPatient) ? this.#limits.patientAttempts : this.#limits.attempts;
    if (hopeless || entry.attempts + 1 >= most) {
      this.#failed.inc({ outcome: 'error-queue' });
      log.error(facts, 'mail goes to the error queue');
      this.#parts.flow?.tell('failed', told);
      const heldFor = failures.map(heldForOf).find((why) => why !== undefined);
      await queue.move(entry, 'error', reason, { ...payload, ...(heldFor && { heldFor }) });
    } else {
      this.#failed.inc({ outcome: 'retry' });
      log.warn(facts, 'mail will be tried again');
      this.#parts.flow?.tell('retried', told);
      await queue.retry(entry, { due: clock.now() + this.#pause(entry.attempts, failures), reason, payload });
    }
  }

  #pause(attempts: number, failures: readonly Failure[]): number {
    const full = failures.some(({ error }) => error instanceof MailError && error.code === 'over-quota');
    const doubled = (full ? this.#limits.fullRetryMs : this.#limits.firstRetryMs) * 2 ** attempts;
    const base = failures.some(isPatient) ? Math.min(doubled, this.#limits.fullRetryMs) : doubled;
    return Math.round(base * (1 + this.#parts.random.fraction() / 2));
  }
}

class Deadline implements Disposable {
  readonly #abort = new AbortController();
  readonly #late = Promise.withResolvers<never>();
  readonly #timer: Disposable;

  constructor(clock: Clock, ms: number, stage: () => Stage | undefined) {
    // Nobody may be waiting for it when it passes.
    this.#late.promise.catch(() => undefined);
    this.#timer = clock.after(ms, () => {
      const error = new MailError('timeout', 'temporary', `the stage '${stage()?.name}' took too long`);
      this.#abort.abort(error);
      this.#late.reject(error);
    });
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Rejects when it has passed. */
  get passed(): Promise<never> {
    return this.#late.promise;
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}

function isPatient({ error }: Failure): boolean {
  return error instanceof MailError && error.code === 'scanner-down';
}

function heldForOf({ error }: Failure): HeldFor | undefined {
  const code = error instanceof MailError ? error.code : undefined;
  return code === 'infected' || code === 'scanner-down' ? code : undefined;
}

function isPermanent(error: unknown): boolean {
  return error instanceof MailError && error.kind === 'user' && error.code !== 'over-quota';
}

function reasonOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error), 300);
}
