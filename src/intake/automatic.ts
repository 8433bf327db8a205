/** Mail that the service sends for an account by itself: redirected mail, answers, notifications, refusals. */
import type { AccountId, MsgId } from '../mailstore/api.ts';
import type { HeldRef, Hold } from '../mailstore/sender-mailbox.ts';
import type { RawMail } from './arrival.ts';

export interface AutomaticMail {
  /** Can mail be sent there, and does it stay with us? What happens to it afterwards is another question. */
  reach(address: string): Promise<'local' | 'remote' | undefined>;
  /**
   * Resolves once the mail cannot be lost. The same key of the same account is the same mail: sent again, as after a crash,
   * it goes once. Throws `mail-loop`, `unknown-recipient` when no mail goes to any of the recipients, `conflict` and `message-missing` for
   * what it `answers`, and what the store throws.
   */
  send(mail: {
    readonly account: AccountId;
    /** Envelope sender, '' for the null reverse-path. */
    readonly sender: string;
    readonly recipient: string | readonly string[];
    readonly mail: RawMail;
    readonly key: string;
    /** As the mail that it is sent because of (RFC 8689 §5, §6). */
    readonly requireTls: boolean | undefined;
    /** It is another's mail that is passed on: the domain that does. */
    readonly forwardedBy?: string;
    /** It is the receipt that these copies of one mail ask for. */
    readonly answers?: readonly MsgId[];
    /** It is what came by this delivery: not when that was taken back (`message-missing`). */
    readonly passesOn?: string;
    /** The domain whose mail servers take it, whoever the recipient's are. */
    readonly through?: string;
    /** It is the notification of this copy. */
    readonly notifies?: HeldRef;
    /** It stays in the account's sender mailbox until the recipient fetches it. Throws `sender-mailbox-missing`, `sender-mailbox-full`. */
    readonly hold?: Omit<Hold, 'digest'>;
  }): Promise<void>;
}
