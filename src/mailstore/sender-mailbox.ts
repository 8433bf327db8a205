/**
 * The sender mailbox of an account (Downmail): originals that stay here until their recipients fetch them. A held mail is a
 * submission whose deliveries are held: its content is stored once, its recipients have the state `waiting` and what a pick-up
 * needs (`HeldCopy`), in the delivery's row; a row for each visible id leads there.
 */
import type { OutboxItem, Submission, SubmissionId, SubmissionRecipient } from './submission.ts';

/** What becomes of a copy that was fetched: it goes within the hour, so that a broken connection loses nothing; it goes when its recipient
 * deletes it; or it stays until it expires. */
export const KEEP_POLICIES = ['until-fetched', 'until-deleted', 'until-expired'] as const;
export type KeepPolicy = (typeof KEEP_POLICIES)[number];

/** How a mail is held: the same for all its recipients. */
export interface Hold {
  readonly keep: KeepPolicy;
  /** Days from the moment in which it could be fetched. */
  readonly days: number;
  /** SHA-256 of the original as it is handed out (header, body, CRLF), 64 hex digits. */
  readonly digest: string;
  /** It takes the room of each of its copies in the sender mailbox, not only of the one that is stored. */
  readonly countsEach?: true;
  /** Then it ends, whatever `days` says; milliseconds since 1970. */
  readonly until?: number;
  /** Read on the page alone, and with the pass code of the mail. */
  readonly confidential?: true;
  /** A gateway keeps it for its recipient: the author's address makes the second part of its visible id. */
  readonly gateway?: { readonly author: string };
}

/** What is known of one copy besides what is known of its recipient. */
export interface HeldCopy {
  /** Its visible id is `/<senderId>/<recipientId>/<mailNo>/`. */
  readonly recipientId: string;
  readonly mailNo: number;
  /** SHA-256 of the pick-up password, 64 hex digits. */
  readonly passwordHash: string;
  /** Passwords made for it so far: another one is made when a notification is sent anew with a new password. */
  readonly issue: number;
  readonly since: number;
  readonly expires: number;
  /** When its notification was last handed over to be sent. */
  readonly notified?: number;
  /** The first time that all of it was handed out, and how often. */
  readonly fetched?: number;
  readonly fetches: number;
  /** Wrong passwords. */
  readonly failures: number;
  /** Pass codes that were tried since one was right, or since it has its password. */
  readonly codeTries?: number;
}

/** Where a copy is: recipient `position` of delivery `part`. */
export interface HeldRef {
  readonly submission: SubmissionId;
  readonly part: number;
  readonly position: number;
}

/** A copy with all that is known of it. `recipient.state`: `waiting` while it may be fetched; afterwards `fetched`, `expired`, `recalled`
 * (also when its sender deleted it). */
export interface Held extends HeldRef {
  readonly senderId: string;
  readonly mail: Submission & { readonly hold: Hold };
  readonly recipient: SubmissionRecipient & { readonly held: HeldCopy };
}

export interface SenderMailboxFacts {
  /** First part of the visible ids; nobody else here has it. */
  readonly senderId: string;
  readonly opened: number;
  /** Bytes; limit undefined: none. */
  readonly used: number;
  readonly limit: number | undefined;
  /** Mails, and copies of them, that may still be fetched. */
  readonly mails: number;
  readonly copies: number;
}

/** Copies of one delivery, by position. */
export interface NotifiedCopies {
  readonly submission: SubmissionId;
  readonly part: number;
  readonly positions: readonly number[];
}

/** `unreached`: its notification was refused; the state of its recipient is `bounced` then. */
export type HeldEnd = 'fetched' | 'expired' | 'recalled' | 'unreached';

/** The part of an account that is about mail it holds for others. */
export interface SenderMailbox {
  /** Undefined when it has none. */
  facts(): Promise<SenderMailboxFacts | undefined>;
  /** Opens it; one that is open keeps its id and gets the limit. */
  open(senderId: string, limit: number | undefined): Promise<SenderMailboxFacts>;
  /**
   * Makes the copies of a held delivery that was submitted: number, password and dates of each recipient, and a `notify` effect in the same
   * commit. Once more changes nothing. `carriesOut` is the number of the effect that asked for it. Throws `busy` when the numbers are given out
   * faster than they are found.
   */
  hold(
    submission: SubmissionId,
    part: number,
    made: {
      readonly carriesOut: number;
      readonly recipientId: (address: string) => string;
      /** Hash of the password of a recipient, by position and issue. */
      readonly passwordHash: (position: number, issue: number) => string;
    },
  ): Promise<readonly OutboxItem[]>;
  /** By visible id; settled copies are found for 30 days. Not a word about passwords: `PickUp` checks those. */
  find(recipientId: string, mailNo: number): Promise<Held | undefined>;
  get(ref: HeldRef): Promise<Held | undefined>;
  /** All of one mail, or of all mails that have copies here, newest mail first. */
  list(options?: { readonly mail?: SubmissionId; readonly before?: SubmissionId }): AsyncIterable<Held>;
  /** Somebody tried a wrong password. Answers how many there were. */
  failed(ref: HeldRef): Promise<number>;
  /** Somebody is about to try a pass code: counted before it is looked at, for tries that come at once. Answers which try it is. */
  triesCode(ref: HeldRef): Promise<number>;
  /** It was the right one: they are counted anew. */
  knewCode(ref: HeldRef): Promise<void>;
  /**
   * All of it was handed out. The first time a `receipt` effect follows, in the same commit; with the policy `until-fetched` the copy expires
   * within the hour. Answers undefined when it may not be fetched any more.
   */
  fetched(
    ref: HeldRef,
    by: string,
  ): Promise<{ readonly first: boolean; readonly effects: readonly OutboxItem[] } | undefined>;
  /** Ends copies: nobody fetches them from now on. One that was fetched ends as `fetched`, whatever the reason. With `report` the sender gets a
   * report (RFC 3464) of those that were not. Those that have ended are skipped. Answers which ended. */
  end(
    refs: readonly HeldRef[],
    as: HeldEnd,
    options?: { readonly report?: boolean },
  ): Promise<{ readonly ended: readonly Held[]; readonly effects: readonly OutboxItem[] }>;
  /** Their notifications are on their way, and that effect is done. */
  notified(copies: NotifiedCopies, carriesOut: number): Promise<void>;
  /** Another `notify` effect for copies that may still be fetched; with a new password the old one is void, and pass codes may be tried again. */
  notifyAgain(
    refs: readonly HeldRef[],
    options?: { readonly passwordHash?: (ref: HeldRef, issue: number) => string },
  ): Promise<readonly OutboxItem[]>;
}

/** As it stands in a notification. */
export function visibleId(senderId: string, { recipientId, mailNo }: Pick<HeldCopy, 'recipientId' | 'mailNo'>): string {
  return `/${senderId}/${recipientId}/${mailNo}/`;
}
