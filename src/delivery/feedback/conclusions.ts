/**
 * What follows from a bounce or a complaint, by kind: who is not written to any more, and for how long. Each runs at least once for
 * an entry, and running again changes nothing.
 */
import { hash } from 'node:crypto';
import type { MailAccount } from '../../mailstore/api.ts';
import type { FeedbackKind, SubmissionId, SubmissionRecipient } from '../../mailstore/submission.ts';
import type { FeedbackPayload } from './entry.ts';
import { DAY_MS, endOf, type FeedbackPolicy, isAboutAddress } from './policy.ts';
import type { Suppressions } from './suppressions.ts';

export interface ConclusionParts {
  readonly account: MailAccount;
  readonly suppressions: Suppressions;
  readonly policy: FeedbackPolicy;
}

type Conclude = (payload: FeedbackPayload, parts: ConclusionParts) => Promise<void>;

/** The address does not work: nothing more goes there for a while. */
const hardBounce: Conclude = async ({ recipients, at, certain, source }, { account, suppressions, policy }) => {
  if (!certain) return;
  for (const recipient of recipients) {
    const { address } = recipient;
    const row = {
      address,
      reason: 'hard-bounce' as const,
      detail: said(recipient),
      ...ends(policy.hardBounceDays, at),
    };
    await suppressions.add(account, row);
    // A report is what somebody wrote; a reply came from the server that answers for the address.
    if (source === 'reply') await suppressions.witness(account.id, row, policy.witnesses);
  }
};

interface SoftBounces {
  readonly address: string;
  /** Submission and moment of each. */
  readonly times: readonly (readonly [sent: SubmissionId, at: number])[];
}
const SOFT = 'soft-bounces';

/** It did not work this time: an address where it never does rests for a while. */
const softBounce: Conclude = async ({ recipients, at, certain, sent }, { account, suppressions, policy }) => {
  if (!certain) return;
  const oldest = at - policy.softPeriodDays * DAY_MS;
  for (const recipient of recipients) {
    const { address, status = '' } = recipient;
    if (!isAboutAddress(status)) continue;
    const id = hash('sha256', address, 'base64url').slice(0, 22);
    const before = (await account.record<SoftBounces>(SOFT, id))?.times ?? [];
    const recent = before.filter(([one, when]) => when >= oldest && one !== sent);
    const times = [...recent, [sent, at] as const].slice(-policy.softBounces);
    await account.putRecord(SOFT, id, { address, times } satisfies SoftBounces);
    if (times.length < policy.softBounces) continue;
    const row = { address, reason: 'soft-bounce' as const, detail: said(recipient) };
    await suppressions.add(account, { ...row, ...ends(policy.softBounceDays, at) });
  }
  await account.once(`soft-bounces-tidy ${Math.floor(at / DAY_MS)}`, async () => {
    for (const { id, value } of await account.records<SoftBounces>(SOFT))
      if ((value.times.at(-1)?.[1] ?? 0) < oldest) await account.putRecord(SOFT, id, undefined);
    return true;
  });
};

/** Its owner does not want it. */
const complaint: Conclude = async ({ recipients, at, certain }, { account, suppressions, policy }) => {
  if (!certain) return;
  for (const { address } of recipients)
    await suppressions.add(account, {
      address,
      reason: 'complaint',
      detail: 'called spam',
      ...ends(policy.complaintDays, at),
    });
};

export const CONCLUSIONS: Readonly<Record<FeedbackKind, Conclude>> = {
  'hard-bounce': hardBounce,
  'soft-bounce': softBounce,
  complaint,
};

function ends(days: number, at: number): { expires?: number } {
  const expires = endOf(days, at);
  return expires === undefined ? {} : { expires };
}

function said({ status = '', reply, reason = '' }: SubmissionRecipient): string {
  return reply ?? `${status} ${reason}`.trim();
}
