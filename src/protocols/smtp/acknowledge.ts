/**
 * The one place that tells a client "we have it". It does so after the message and what is to become of it survive the loss of
 * power, never before, whatever the settings.
 */
import { MailError } from '../../mail/error.ts';
import type { IncomingMail } from './incoming.ts';
import type { SmtpSession } from './session.ts';
import type { Transaction } from './transaction.ts';

/** Ends the transaction: 250 for an accepted mail, else its refusal. LMTP answers for each recipient (RFC 2033 §4.2). */
export async function acknowledge(
  session: SmtpSession,
  transaction: Transaction,
  mail: IncomingMail<string>,
): Promise<void> {
  const answers = session.parts.role === 'lmtp' ? transaction.accepted : 1;
  delete transaction.chunks;
  session.transaction = undefined;
  try {
    const id = await mail.finish();
    session.progress();
    for (let i = 0; i < answers; i++) session.reply(250, '2.0.0', `Accepted as ${id}`);
  } catch (error) {
    if (error instanceof MailError) {
      const to = [...transaction.recipients.values()].map(({ address }) => address);
      session.parts.flow?.tell('refused', { id: '', sender: transaction.sender, to, detail: error.message });
    }
    for (let i = 0; i < answers; i++) session.failed(error);
  }
}
