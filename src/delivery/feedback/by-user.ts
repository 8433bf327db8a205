/** One of our users calls a mail spam: when another one sent it, that is a complaint like those of other providers. */
import type { Directory } from '../../directory/api.ts';
import { INTAKE } from '../../intake/stages/parts.ts';
import { MailError } from '../../mail/error.ts';
import type { AccountId, MailAccount, MailStore, MsgId } from '../../mailstore/api.ts';
import type { Clock } from '../../ports/clock.ts';
import { noteComplaint } from './notes.ts';

export interface UserComplaintsParts {
  readonly store: Pick<MailStore, 'open'>;
  readonly directory: Pick<Directory, 'route'>;
  readonly dispatcher: { wake(account: AccountId): void };
  readonly clock: Clock;
}

export class UserComplaints {
  readonly #parts: UserComplaintsParts;

  constructor(parts: UserComplaintsParts) {
    this.#parts = parts;
  }

  /** Answers whether somebody here has sent this message to its owner. Once more changes nothing. Throws `message-missing`. */
  async about(account: Pick<MailAccount, 'id' | 'details'>, message: MsgId): Promise<boolean> {
    const { store, directory, dispatcher, clock } = this.#parts;
    const { envelope } = await account.details(message);
    const author = await directory.route(envelope.from[0]?.address ?? '').catch(() => undefined);
    if (envelope.messageId === '' || author?.kind !== 'account' || author.account === account.id) return false;
    try {
      using sender = await store.open(INTAKE, author.account);
      // What anybody may write into a From field counts only when that account did send this mail to this one.
      const sent = await sender.outgoing.withMessageId(envelope.messageId);
      if (sent === undefined) return false;
      const proof = { submission: sent.id, part: undefined, certain: false };
      const noted = await noteComplaint(sender, proof, account.id, 'user', clock.now());
      dispatcher.wake(sender.id);
      return noted > 0;
    } catch (error) {
      if (error instanceof MailError && error.code === 'account-missing') return false;
      throw error;
    }
  }
}
