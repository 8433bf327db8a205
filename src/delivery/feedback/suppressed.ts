/** Recipients on a suppression list when their mail is about to be attempted: put there since it was taken, or mail that the account sends by itself. */
import type { MailAccount } from '../../mailstore/api.ts';
import { type Delivery, isSettled } from '../../mailstore/submission.ts';
import type { Outcome } from '../transfer.ts';
import { type Suppressions, whySuppressed } from './suppressions.ts';

/** By position. */
export async function suppressedOutcomes(
  suppressions: Pick<Suppressions, 'find'>,
  account: MailAccount,
  { recipients }: Delivery,
): Promise<ReadonlyMap<number, Outcome>> {
  const found = new Map<number, Outcome>();
  await Promise.all(
    recipients.map(async (recipient, i) => {
      const suppression = isSettled(recipient) ? undefined : await suppressions.find(account, recipient.address);
      if (suppression === undefined) return;
      const reason = whySuppressed(suppression);
      found.set(i, { kind: 'permanent', status: '5.7.1', reply: undefined, host: undefined, reason, ours: true });
    }),
  );
  return found;
}
