/** What happens to a mail that one of our users sends, over SMTP or the API: who it may claim to be, whom it may go to, the copy for its sender. */
import type { Directory } from '../directory/api.ts';
import type { LocalRecipient, Origin, RawMail } from '../intake/arrival.ts';
import type { Intake } from '../intake/intake.ts';
import type { RecipientRate } from '../intake/rate.ts';
import type { Recipients } from '../intake/recipients.ts';
import { MailError } from '../mail/error.ts';
import type { FolderId, Principal } from '../mailstore/api.ts';
import { Flag } from '../mailstore/api.ts';
import type { Clock } from '../ports/clock.ts';
import type { QueueId } from '../ports/queue.ts';
import type { Random } from '../ports/random.ts';
import { submittedHeader } from './header.ts';

export type User = Principal & { readonly kind: 'user' };

export interface Submission {
  readonly by: User;
  /** Envelope sender; '' for the null sender (receipts). */
  readonly sender: string;
  /** As `recipient` answered them. */
  readonly recipients: readonly LocalRecipient[];
  readonly mail: RawMail;
  readonly origin: Origin;
  /** Folder of the sender's account for its own copy. */
  readonly copyTo?: FolderId;
  /** The same key of the same sender is the same mail, whatever it says: sent again, it is delivered once. */
  readonly key?: string;
}

export interface SubmitParts {
  readonly directory: Pick<Directory, 'maySendAs'>;
  readonly recipients: Recipients;
  readonly rate: RecipientRate;
  readonly intake: Pick<Intake, 'accept'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly hostname: string;
}

export class Submit {
  readonly #parts: SubmitParts;

  constructor(parts: SubmitParts) {
    this.#parts = parts;
  }

  /** Throws `not-allowed`. */
  async checkSender(by: User, sender: string): Promise<void> {
    if (sender === '' || (await this.#parts.directory.maySendAs(by.account, sender))) return;
    throw new MailError('not-allowed', 'user', `${by.address} may not send as ${sender}`);
  }

  /**
   * Whom a mail to this address reaches. Throws as `Recipients.resolve`; also `limit` when the account sends too much.
   * `remote-recipient`: delivery to other domains is not available yet.
   */
  async recipient(by: User, address: string, size: number, remote: string): Promise<LocalRecipient> {
    const recipient = await this.#parts.recipients.resolve(address, size);
    await this.#parts.rate.count(remote, by.account);
    return recipient;
  }

  /** Resolves once the mail cannot be lost. Throws `not-allowed` for an author the user is not, and as `Intake.accept`. */
  async send(submission: Submission): Promise<QueueId> {
    const { clock, random, hostname, intake } = this.#parts;
    const { by, sender, recipients, mail, origin, copyTo, key } = submission;
    const messageId = `<${Buffer.from(random.bytes(15)).toString('base64url')}@${hostname}>`;
    const header = submittedHeader(mail.head, { sender: sender || by.address, now: clock.now(), messageId });
    if (header.unchecked) throw new MailError('too-large', 'user', 'the header is too long, or names too many authors');
    if (header.ambiguous) throw new MailError('not-allowed', 'user', 'there is more than one From or Sender field');
    for (const author of new Set(header.authors)) await this.checkSender(by, author);
    return intake.accept({
      sender,
      recipients,
      origin,
      mail: { ...mail, head: header.head },
      added: header.added,
      ...(copyTo === undefined ? {} : { ownCopy: { account: by.account, folder: copyTo, flags: Flag.seen } }),
      ...(key === undefined ? {} : { deliveryKey: `${by.account} ${key}` }),
    });
  }
}
