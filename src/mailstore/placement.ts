/** What may be asked of messages that come into folders, change there, or go. Seen through `api.ts`. */
import type { AccountId, EmailId, Flags, FolderId, MessageMeta, MsgId, ThreadId, Uid } from './api.ts';
import type { Version } from '../ports/kv.ts';

/** Content that is in no folder yet. JSON-able: a queue entry may hold it. `publish` takes it for 30 days; then a sweep
 * may forget it. */
export interface Staged {
  readonly account: AccountId;
  readonly email: EmailId;
  readonly size: number;
}

export interface NewPlacement {
  readonly folder: FolderId;
  readonly flags?: Flags;
  readonly keywords?: readonly string[];
  /** Milliseconds since 1970; default now. */
  readonly internalDate?: number;
  /** A second delivery with the same id answers the first one's placement and changes nothing (14 days). It is
   * `<day>-<name>`, the day as a whole number of days since 1970, taken when the mail was accepted; the same name on
   * the day after counts as the same id, so that a client that retries at midnight makes no second copy. */
  readonly deliveryId?: string;
  /** It takes the place of this message, which goes in the same commit: its folder, its flags and keywords, the date on which it came.
   * `message-missing` when that is gone; then nothing is placed. */
  readonly replaces?: MsgId;
  /** Records about the email, under its id unless they have another, written in the same commit; none when the delivery id was known already. */
  readonly records?: readonly { readonly kind: string; readonly id?: string; readonly value: unknown }[];
}

export interface Placed {
  readonly id: MsgId;
  readonly folder: FolderId;
  readonly uid: Uid;
  readonly uidValidity: number;
  readonly email: EmailId;
  readonly thread: ThreadId;
  readonly version: Version;
  /** The delivery id was known already: this is the earlier placement's answer. */
  readonly duplicate: boolean;
  /** It was taken back by its sender (`withdraw`): it is nowhere, and nothing was placed. */
  readonly withdrawn?: true;
}

/** What the owner can look up of mail that was taken back: a record that is a list, the newest first. */
export interface WithdrawalNote {
  readonly kind: string;
  readonly id: string;
  readonly most: number;
  readonly entry: unknown;
}

export interface FlagChange {
  /** `set` replaces the flags and keywords, `add` and `remove` touch only those named. */
  readonly mode: 'set' | 'add' | 'remove';
  readonly flags: Flags;
  readonly keywords: readonly string[];
}

/** Where each of some messages lies, in their order; looked at in the commit itself. One that was moved meanwhile is passed over, even
 * if it came back. */
export type Places = readonly Pick<MessageMeta, 'folder' | 'uid'>[];

/** What must still hold of a message when it is removed; looked at in the commit itself. */
export interface DeleteCondition {
  readonly as?: Places;
  /** All of these are set. */
  readonly flags?: Flags;
}

/** One of several that are added together. */
export interface NewMessage {
  readonly raw: Uint8Array | AsyncIterable<Uint8Array>;
  readonly to: Pick<NewPlacement, 'folder' | 'flags' | 'keywords' | 'internalDate'>;
}

/** A message that goes when another comes (RFC 8508); unlike with `NewPlacement.replaces` nothing of it is inherited. */
export type Superseded = Pick<MessageMeta, 'id' | 'folder' | 'uid'>;
