/**
 * Taking back a mail whose sender regrets it (D-37): from mailboxes of ours as long as nobody has seen it there, and from the
 * outbound queue as long as no other server has it, and from the sender mailbox as long as nobody has fetched it. For everybody else it is
 * too late, and the sender is told so.
 */
import type { Directory } from '../directory/api.ts';
import { deliveryId } from '../intake/delivery-id.ts';
import { MailError } from '../mail/error.ts';
import type { MailAccount, MailStore, Principal } from '../mailstore/api.ts';
import {
  type Delivery,
  isSettled,
  type Submission,
  type SubmissionId,
  type SubmissionRecipient,
} from '../mailstore/submission.ts';
import type { Clock } from '../ports/clock.ts';
import type { Queue, QueueId } from '../ports/queue.ts';
import { outboundPayload } from './entry.ts';
import { type RecallSetting, RECALLED, recallSetting, type Recalled } from './recalled.ts';

export interface RecallParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly directory: Pick<Directory, 'route'>;
  readonly queue: Pick<Queue, 'get' | 'hold' | 'drop'>;
  readonly clock: Clock;
}

const SYSTEM: Principal = { kind: 'system', role: 'intake' };
/** What was delivered is remembered for 14 days. */
const LATEST_MS = 13 * 86_400_000;

/** What makes it the same delivery when one of our own accounts is given it again. */
export function deliveryKeyOf({ id }: Pick<MailAccount, 'id'>, submission: SubmissionId): string {
  return `${id} ${submission}`;
}

/** Answers false while an attempt is under way, whose end decides. May be done again. */
export async function recall(parts: RecallParts, account: MailAccount, submission: Submission): Promise<boolean> {
  let decided = true;
  for (const [part, delivery] of (await account.outgoing.deliveries(submission.id)).entries())
    if (delivery.held === true) await fromSenderMailbox(parts, account, submission, part);
    else if (delivery.destination === '') await fromMailboxes(parts, account, submission, part, delivery);
    else if (!(await fromQueue(parts, account, submission, part, delivery))) decided = false;
  return decided;
}

/** Who has not fetched it never will; who has it keeps it, and comes for it no more. */
async function fromSenderMailbox(
  { clock }: RecallParts,
  account: MailAccount,
  { id }: Submission,
  part: number,
): Promise<void> {
  const at = clock.now();
  await account.outgoing.changeDelivery(id, part, ({ recipients, tries }) => ({
    recipients: recipients.map((one) => {
      if (one.recall !== undefined) return one;
      const fetched = one.held?.fetched;
      if (fetched === undefined) return after(one, !isSettled(one), at);
      return { ...one, recall: 'too-late', ...(!isSettled(one) && { state: 'fetched', at: fetched }) };
    }),
    tries,
    reports: [],
  }));
}

async function fromMailboxes(
  parts: RecallParts,
  account: MailAccount,
  submission: Submission,
  part: number,
  { recipients }: Delivery,
): Promise<void> {
  const withdrawn = new Map<string, boolean>();
  for (const recipient of recipients)
    if (recipient.recall === undefined)
      withdrawn.set(recipient.address, await fromMailbox(parts, account, submission, recipient));
  const at = parts.clock.now();
  await account.outgoing.changeDelivery(submission.id, part, (delivery) => ({
    recipients: delivery.recipients.map((one) => {
      const done = withdrawn.get(one.address);
      return done === undefined || one.recall !== undefined ? one : after(one, done, at);
    }),
    tries: delivery.tries,
    reports: [],
  }));
}

/** Answers whether he has it no longer, or never will. */
async function fromMailbox(
  { store, directory, clock }: RecallParts,
  account: MailAccount,
  { id, sender, released = 0 }: Submission,
  { address, account: owner, state }: SubmissionRecipient,
): Promise<boolean> {
  if (state === 'bounced' || clock.now() - released > LATEST_MS) return false;
  const route = await directory.route(address);
  // The address may be another's by now.
  if (route.kind !== 'account' || route.account !== owner) return false;
  try {
    using theirs = await store.open(SYSTEM, owner);
    const setting = await recallSetting(theirs);
    if (!setting.allow) return false;
    const delivered = deliveryId(released, sender, address, deliveryKeyOf(account, id));
    return await theirs.withdraw(delivered, noteOf(setting, { from: sender, sent: released, at: clock.now() }));
  } catch (error) {
    if (error instanceof MailError && error.code === 'account-missing') return false;
    throw error;
  }
}

function noteOf({ note }: RecallSetting, entry: Recalled) {
  return note ? { ...RECALLED, entry } : undefined;
}

async function fromQueue(
  { queue, clock }: RecallParts,
  account: MailAccount,
  { id }: Submission,
  part: number,
  { recipients }: Delivery,
): Promise<boolean> {
  const entry = `${id}-${part}` as QueueId;
  const waiting = await queue.get(entry);
  // Held first: nobody begins an attempt meanwhile. What is attempted at the moment cannot be held.
  if (waiting !== undefined && !recipients.every(isSettled))
    if (!waiting.held && (await queue.hold([entry])) === 0) return false;
  const at = clock.now();
  await account.outgoing.changeDelivery(
    id,
    part,
    (delivery) => ({
      recipients: delivery.recipients.map((one) => (one.recall !== undefined ? one : after(one, !isSettled(one), at))),
      tries: delivery.tries,
      reports: [],
    }),
    { settles: waiting && outboundPayload(waiting)?.effect },
  );
  await queue.drop([entry]);
  return true;
}

function after(recipient: SubmissionRecipient, withdrawn: boolean, at: number): SubmissionRecipient {
  return withdrawn
    ? { ...recipient, state: 'recalled', recall: 'withdrawn', at, reason: 'its sender took it back' }
    : { ...recipient, recall: 'too-late' };
}
