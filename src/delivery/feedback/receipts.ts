/** What a receipt (RFC 8098) changes in what is known of a mail. */
import type { DispositionReport } from '../../mail/disposition-report.ts';
import type { MailAccount } from '../../mailstore/api.ts';
import type { Receipt, SubmissionId, SubmissionRecipient } from '../../mailstore/submission.ts';
import { comparable } from './notes.ts';

/**
 * `from`: who sent it, when that is proven. Answers whether the mail went to somebody whom the receipt names: for anybody else it
 * says nothing.
 */
export async function noteReceipt(
  { outgoing }: MailAccount,
  submission: SubmissionId,
  report: DispositionReport,
  from: string | undefined,
  at: number,
): Promise<boolean> {
  const named = new Set([comparable(report.address), comparable(report.finalAddress)]);
  const author = from === undefined ? undefined : comparable(from);
  let isNamed = false;
  for (const part of (await outgoing.deliveries(submission)).keys())
    await outgoing.changeDelivery(submission, part, (delivery) => {
      const recipients = delivery.recipients.map((recipient) => {
        const address = comparable(recipient.address);
        if (address === undefined || !named.has(address)) return recipient;
        isNamed = true;
        const { disposition, automatic } = report;
        return heard(recipient, { at, disposition, automatic, proven: author === address });
      });
      const isNew = recipients.some((one, i) => one !== delivery.recipients[i]);
      return isNew ? { recipients, tries: delivery.tries, reports: [] } : undefined;
    });
  return isNamed;
}

/** What is proven counts more than what is not, and that it was read more than anything else; else what came first stays. */
function heard(recipient: SubmissionRecipient, receipt: Receipt): SubmissionRecipient {
  const known = recipient.receipt;
  return known === undefined || worth(receipt) > worth(known) ? { ...recipient, receipt } : recipient;
}

function worth({ proven, disposition }: Receipt): number {
  return (proven ? 2 : 0) + (disposition === 'displayed' ? 1 : 0);
}
