/** What was sent and what became of it, as the API shows it. */
import type { z } from 'zod';
import type { Delivery, Submission, SubmissionRecipient } from '../../mailstore/submission.ts';
import type * as schemas from './schemas.ts';

type View = z.output<typeof schemas.submission>;
type RecipientView = z.output<typeof schemas.submissionRecipient>;

export function submissionView(found: Submission, deliveries: readonly Delivery[]): View {
  const recipients = deliveries.flatMap((delivery) => delivery.recipients.map((one) => view(found, one)));
  return { ...submissionFacts(found), recipients };
}

export function submissionFacts({
  id,
  messageId,
  subject,
  sender,
  created,
  sendAt,
  receipt,
  recalled,
  state,
}: Submission) {
  return {
    id,
    messageId,
    subject,
    sender,
    created: time(created),
    state,
    ...(sendAt !== undefined && { sendAt: time(sendAt) }),
    ...(receipt && { receipt }),
    ...(recalled !== undefined && { recalled: time(recalled) }),
  };
}

export function recipientState({ state }: Submission, recipient: SubmissionRecipient): RecipientView['state'] {
  return state === 'released' ? recipient.state : state;
}

function view(one: Submission, recipient: SubmissionRecipient): RecipientView {
  const { address, at, status, host, reply, reason, complaint, receipt } = recipient;
  return {
    address,
    state: recipientState(one, recipient),
    ...(at !== undefined && { at: time(at) }),
    ...(status !== undefined && { status }),
    ...(host !== undefined && { server: host }),
    ...(reply !== undefined && { reply }),
    ...(reason !== undefined && { reason }),
    ...(complaint !== undefined && { complaint: time(complaint) }),
    ...(one.recalled !== undefined && {
      recall: one.state === 'cancelled' ? ('withdrawn' as const) : (recipient.recall ?? 'asked'),
    }),
    ...(receipt && { receipt: { ...receipt, at: time(receipt.at) } }),
  };
}

export function time(at: number): string {
  return new Date(at).toISOString();
}
