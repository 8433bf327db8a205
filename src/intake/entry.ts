/** An entry of the intake queue: a mail that was accepted and whose data is stored, waiting to be filed. */
import type { AccountId, Flags, FolderId, Staged } from '../mailstore/api.ts';
import type { Authentication } from './authentication/results.ts';
import type { QueueEntry } from '../ports/queue.ts';

export interface IntakeRecipient {
  /** '' for a sender's own copy. */
  readonly address: string;
  readonly deliveryId: string;
  readonly staged: Staged;
  /** Where the sender's own copy goes: in entries of version 0.1, which made it so. */
  readonly own?: { readonly folder: FolderId; readonly flags: Flags };
}

/** Why the checks hold a mail back: something was found in it, or nobody could look. */
export type HeldFor = 'infected' | 'scanner-down';

export interface IntakePayload {
  readonly sender: string;
  /** When it was accepted, milliseconds since 1970. */
  readonly received: number;
  /** Those it was not filed for yet. */
  readonly recipients: readonly IntakeRecipient[];
  /** Names the mail in the log and in its trace line. */
  readonly id: string;
  /** What is sent on because of it needs TLS all the way. */
  readonly requireTls?: true;
  /** Of a mail from another server, when it was checked. */
  readonly authentication?: Authentication;
  /** The server that handed it over, when it is none of ours. */
  readonly client?: { readonly address: string; readonly hello: string };
  /** A mail server of ours brought it: from whom it is, nobody here has looked. */
  readonly front?: true;
  /** While it lies in the error queue for that. */
  readonly heldFor?: HeldFor;
  /** An operator has seen what was found, and wants it delivered all the same. */
  readonly released?: true;
}

/** So many recipients an entry at most, that a payload stays well below what a queue takes. */
export const ENTRY_RECIPIENTS = 250;

export function tagsOf(recipients: readonly IntakeRecipient[]): AccountId[] {
  return recipients.map((recipient) => recipient.staged.account);
}

export function payloadOf(entry: QueueEntry): IntakePayload {
  return entry.payload as IntakePayload;
}
