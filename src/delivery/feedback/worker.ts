/**
 * Takes the entries of one feedback queue, one after the other, and draws its conclusions: what fails is tried again, ever later,
 * and ends in the error queue with its reason.
 */
import { DueEntries } from '../../intake/due-entries.ts';
import { MailError } from '../../mail/error.ts';
import type { MailStore, Principal } from '../../mailstore/api.ts';
import type { FeedbackKind } from '../../mailstore/submission.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Queue, QueueEntry } from '../../ports/queue.ts';
import { type Log, printable } from '../../telemetry/log.ts';
import type { Counter, Metrics } from '../../telemetry/metrics.ts';
import { CONCLUSIONS } from './conclusions.ts';
import { feedbackPayload, type FeedbackPayload } from './entry.ts';
import type { FeedbackPolicy } from './policy.ts';
import type { Suppressions } from './suppressions.ts';

/** Hears of each bounce and complaint, at least once, with the id by which it is the same again. */
export type FeedbackListener = (feedback: FeedbackPayload & { readonly id: string }) => Promise<void> | void;

export interface FeedbackParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly queue: Queue;
  readonly suppressions: Suppressions;
  readonly policy: FeedbackPolicy;
  readonly listeners: readonly FeedbackListener[];
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}

const SYSTEM: Principal = { kind: 'system', role: 'intake' };
const AT_ONCE = 20;
const ATTEMPTS = 5;
const FIRST_RETRY_MS = 5_000;

export class FeedbackWorker implements AsyncDisposable {
  readonly #kind: FeedbackKind;
  readonly #parts: FeedbackParts;
  readonly #due: DueEntries;
  readonly #seen: Counter<'kind' | 'source'>;

  constructor(kind: FeedbackKind, parts: FeedbackParts) {
    this.#kind = kind;
    this.#parts = parts;
    this.#seen = parts.metrics.counter('feedback_total', 'Bounces and complaints, per recipient.', ['kind', 'source']);
    this.#due = new DueEntries({
      queue: parts.queue,
      name: kind,
      log: parts.log,
      room: () => AT_ONCE,
      begin: (entry) => this.#settle(entry),
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#due[Symbol.asyncDispose]();
  }

  async #settle(entry: QueueEntry): Promise<void> {
    const { queue, clock, log } = this.#parts;
    const payload = feedbackPayload(entry);
    if (payload === undefined) return queue.move(entry, 'error', `this is no entry of the ${this.#kind} queue`);
    try {
      await this.#conclude(payload);
      for (const listener of this.#parts.listeners) await listener({ ...payload, id: entry.id });
      this.#seen.inc({ kind: payload.feedback, source: payload.source }, payload.recipients.length);
      await queue.done([entry]);
    } catch (error) {
      const reason = printable(error instanceof Error ? error.message : String(error), 300);
      log.error({ err: error, id: entry.id, queue: this.#kind }, 'feedback could not be worked on');
      if (entry.attempts + 1 >= ATTEMPTS) return queue.move(entry, 'error', reason);
      await queue.retry(entry, { due: clock.now() + FIRST_RETRY_MS * 2 ** entry.attempts, reason });
    }
  }

  async #conclude(payload: FeedbackPayload): Promise<void> {
    const { store, suppressions, policy, log } = this.#parts;
    const { feedback, source, sent, destination, recipients } = payload;
    log.info(
      { id: sent, account: payload.account, feedback, source, destination, recipients: recipients.length },
      'feedback',
    );
    try {
      using account = await store.open(SYSTEM, payload.account);
      await CONCLUSIONS[feedback](payload, { account, suppressions, policy });
    } catch (error) {
      // Nobody is left who could write there.
      if (!(error instanceof MailError) || error.code !== 'account-missing') throw error;
    }
  }
}

export const FEEDBACK_KINDS: readonly FeedbackKind[] = ['hard-bounce', 'soft-bounce', 'complaint'];
