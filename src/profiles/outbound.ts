/** The outbound queue as the configuration has it, and what is shown of the queues. */
import type { Config } from '../config/schema.ts';
import { FEEDBACK_POLICY, type FeedbackPolicy } from '../delivery/feedback/policy.ts';
import { OUTBOUND_LIMITS, type OutboundLimits } from '../delivery/limits.ts';
import type { FastBlock } from '../delivery/fast-block.ts';
import type { SendersOptions } from '../delivery/senders.ts';
import type { SourcePool } from '../delivery/sources/pool.ts';
import type { Outcome, Transfer } from '../delivery/transfer.ts';
import type { Clock } from '../ports/clock.ts';
import { type Queue, QUEUE_NAMES } from '../ports/queue.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const SECOND = 1000;
const HOUR = 3600 * SECOND;

export function outboundLimitsOf({ outbound }: Config): OutboundLimits {
  return {
    ...OUTBOUND_LIMITS,
    firstRetryMs: outbound.first_retry_seconds * SECOND,
    longestRetryMs: Math.max(outbound.longest_retry_seconds, outbound.first_retry_seconds) * SECOND,
    warnMs: outbound.warn_after_hours * HOUR,
    expireMs: outbound.give_up_after_hours * HOUR,
  };
}

export function feedbackPolicyOf({ feedback }: Config): FeedbackPolicy {
  return {
    ...FEEDBACK_POLICY,
    hardBounceDays: feedback.hard_bounce_days,
    complaintDays: feedback.complaint_days,
    softBounces: feedback.soft_bounces,
    softPeriodDays: feedback.soft_bounce_period_days,
    softBounceDays: feedback.soft_bounce_days,
  };
}

export function sendersOptions({ hostname, outbound, limits }: Config): SendersOptions {
  const { warm_up_days: days, warm_up_first: first, warm_up_last: last } = outbound;
  return {
    hostname,
    sources: outbound.sources.map(({ name = hostname, ...rest }) => ({ ...rest, name })),
    warmUp: { days, first, last: Math.max(first, last) },
    fastBlock: { usualPerDay: limits.usual_recipients_per_day, limitLoopback: limits.loopback },
  };
}

const NOWHERE_TO_GO: Outcome = {
  kind: 'temporary',
  status: '4.3.2',
  reply: undefined,
  host: undefined,
  reason: 'this service sends no mail to other domains',
};

/** Of a service that sends nothing out. */
export const NOWHERE: Transfer = {
  transfer: (_domain, _mail, recipients) => Promise.resolve(recipients.map(() => NOWHERE_TO_GO)),
  close: () => Promise.resolve(),
};

export function watchQueues(queue: Queue, clock: Clock, metrics: Metrics): void {
  metrics.watched('queue_entries', 'Entries of the queues.', ['queue', 'state'], async (set) => {
    const counts = await queue.counts();
    for (const name of QUEUE_NAMES)
      for (const state of ['waiting', 'due', 'held'] as const) set({ queue: name, state }, counts[name][state]);
  });
  metrics.watched('queue_oldest_seconds', 'Age of the oldest entry.', ['queue'], async (set) => {
    const counts = await queue.counts();
    const now = clock.now();
    for (const name of QUEUE_NAMES) set({ queue: name }, Math.max(0, now - (counts[name].oldest ?? now)) / SECOND);
  });
  metrics.watched('queue_late_seconds', 'How long an entry has been due at most.', ['queue'], async (set) => {
    const counts = await queue.counts();
    const now = clock.now();
    for (const name of QUEUE_NAMES) set({ queue: name }, Math.max(0, now - (counts[name].dueSince ?? now)) / SECOND);
  });
}

export function watchSenders(fastBlock: FastBlock, sources: SourcePool, metrics: Metrics): void {
  metrics.watched('senders_blocked', 'Accounts that are slowed or suspended from sending.', ['state'], async (set) => {
    const list = fastBlock.list();
    for (const state of ['slowed', 'suspended'] as const)
      set({ state }, list.filter((one) => one.state === state).length);
  });
  metrics.watched(
    'receivers_slowed',
    'Receivers that asked one of our addresses for less mail.',
    ['source'],
    async (set) => {
      const slowed = sources.throttles().filter(({ pauseMs }) => pauseMs > 0);
      for (const [source, { length }] of Map.groupBy(slowed, (one) => one.source)) set({ source }, length);
    },
  );
}
