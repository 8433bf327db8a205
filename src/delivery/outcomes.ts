/** What the outcomes of an attempt mean for its recipients, and what their sender is told (RFC 3461 §6.2, §5.2). */
import { classify } from '../mail/bounce.ts';
import { statusIn } from '../mail/bounce-text.ts';
import { wants } from '../mail/dsn-request.ts';
import {
  type Delivery,
  type DeliveryChange,
  type Feedback as FeedbackOfMail,
  isSettled,
  type ReportKind,
  type Submission,
  type SubmissionRecipient,
} from '../mailstore/submission.ts';
import type { OutboundLimits } from './limits.ts';
import type { Feedback } from './reputation.ts';
import type { Outcome } from './transfer.ts';

/** Servers say what they like; so much of it is kept. */
const REPLY_LENGTH = 500;

/** `outcomes` by the recipients' positions; those without one were not asked. */
export function applyOutcomes(
  delivery: Delivery,
  submission: Submission,
  outcomes: ReadonlyMap<number, Outcome>,
  now: number,
  limits: Pick<OutboundLimits, 'warnMs' | 'expireMs'>,
): DeliveryChange {
  const age = now - (submission.released ?? submission.created);
  const tell: Record<ReportKind, SubmissionRecipient[]> = { failed: [], delayed: [], delivered: [], relayed: [] };
  const recipients = delivery.recipients.map((recipient, i) => {
    const outcome = outcomes.get(i);
    if (outcome === undefined || isSettled(recipient)) return recipient;
    const next = after(recipient, outcome, now, age >= limits.expireMs);
    if (next.state === 'bounced' && wants(next.dsn, 'FAILURE')) tell.failed.push(next);
    if (outcome.kind === 'delivered' && !outcome.dsnRelayed && wants(next.dsn, 'SUCCESS')) tell.relayed.push(next);
    if (next.state !== 'delayed' || age < limits.warnMs || next.warned || !wants(next.dsn, 'DELAY')) return next;
    const warned = { ...next, warned: true as const };
    tell.delayed.push(warned);
    return warned;
  });
  // Nobody is told about a report (RFC 5321 §4.5.5): so loops end.
  const reports =
    submission.sender === ''
      ? []
      : (['failed', 'delayed', 'relayed'] as const)
          .filter((report) => tell[report].length > 0)
          .map((report) => ({ report, recipients: tell[report] }));
  const bounced = recipients.filter((one, i) => one.state === 'bounced' && wasAsked(outcomes.get(i)));
  const tries = delivery.tries + (recipients.every(isSettled) ? 0 : 1);
  return { recipients, tries, reports, feedback: bounces(bounced, 'reply', true) };
}

/** Did somebody else decide? */
function wasAsked(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && outcome.kind !== 'delivered' && outcome.ours !== true;
}

/** Those for whom it failed, by what that says about the address. */
export function bounces(
  bounced: readonly SubmissionRecipient[],
  source: FeedbackOfMail['source'],
  certain: boolean,
): readonly FeedbackOfMail[] {
  return (['hard', 'soft'] as const)
    .map((kind): FeedbackOfMail => {
      const recipients = bounced.filter((one) => classify({ action: 'failed', status: telling(one) }) === kind);
      return { feedback: `${kind}-bounce`, source, certain, recipients };
    })
    .filter(({ recipients }) => recipients.length > 0);
}

/** Many servers say in words what they do not say by a status. */
function telling({ status = '', reply = '' }: SubmissionRecipient): string {
  return status === '5.0.0' ? (statusIn(reply) ?? status) : status;
}

function after(recipient: SubmissionRecipient, outcome: Outcome, now: number, expired: boolean): SubmissionRecipient {
  // A receipt may be here before the answer of the server that took the mail.
  const { address, account, dsn, warned, receipt } = recipient;
  const kept = {
    address,
    ...(account && { account }),
    ...(dsn && { dsn }),
    ...(warned && { warned }),
    ...(receipt && { receipt }),
    at: now,
  };
  const heard = {
    ...(outcome.host !== undefined && { host: outcome.host.slice(0, REPLY_LENGTH) }),
    ...(outcome.reply !== undefined && { reply: outcome.reply.slice(0, REPLY_LENGTH) }),
    ...(outcome.source !== undefined && { source: outcome.source }),
  };
  switch (outcome.kind) {
    case 'delivered':
      return { ...kept, ...heard, state: 'sent', status: '2.0.0' };
    case 'permanent':
      return { ...kept, ...heard, state: 'bounced', status: outcome.status, reason: reasonOf(outcome.reason) };
    case 'temporary':
      return expired
        ? { ...kept, ...heard, state: 'bounced', status: '4.4.7', reason: reasonOf(`given up: ${outcome.reason}`) }
        : { ...kept, ...heard, state: 'delayed', status: outcome.status, reason: reasonOf(outcome.reason) };
  }
}

/** What an outcome says of those who sent it. Undefined: nothing, as when nobody answers. */
export function feedbackOf(outcome: Outcome): Feedback | undefined {
  if (outcome.kind !== 'delivered' && outcome.ours === true) return undefined;
  switch (outcome.kind) {
    case 'delivered':
      return 'sent';
    case 'temporary':
      return outcome.reply === undefined ? undefined : 'deferred';
    case 'permanent':
      if (outcome.status.startsWith('5.7.')) return 'refused';
      // The rest is about this mail: too large, in a form that is not taken (RFC 3463 §3.4, §3.7).
      return /^5\.[0124]\./.test(outcome.status) ? 'bounced' : undefined;
  }
}

function reasonOf(text: string): string {
  return text.replace(/[\0-\x1f\x7f]+/g, ' ').slice(0, REPLY_LENGTH);
}

/** Before the attempt after this many; `chance` from 0 to 1. */
export function pauseAfter(
  tries: number,
  limits: Pick<OutboundLimits, 'firstRetryMs' | 'longestRetryMs'>,
  chance: number,
): number {
  const base = Math.min(limits.longestRetryMs, limits.firstRetryMs * 2 ** Math.min(Math.max(0, tries - 1), 40));
  return Math.round(base * (1 + chance / 2));
}
