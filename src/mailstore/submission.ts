/**
 * What a user has sent, as its account keeps it: one row for the mail, one for its recipients at each destination, and one
 * for each effect that is still to be carried out. Whoever works on the mail changes these rows by commits of the account,
 * so that what is known of a recipient and what follows from it are never apart.
 */
import type { DsnRequest, RecipientDsn } from '../mail/dsn-request.ts';
import type { Disposition } from '../mail/mdn.ts';
import type { AccountId, Body, EmailId, Flags, FolderId, MsgId, Staged } from './api.ts';
import type { HeldCopy, HeldRef, Hold } from './sender-mailbox.ts';

/** The email id of the content that goes out. */
export type SubmissionId = EmailId;

export interface SubmissionFacts {
  /** Envelope sender; '' for the null reverse-path. */
  readonly sender: string;
  /** With its angle brackets. */
  readonly messageId: string;
  /** First 200 characters. */
  readonly subject: string;
  readonly created: number;
  /** Bytes of the content, without the trace line of each attempt. */
  readonly size: number;
  readonly needs: { readonly smtputf8: boolean; readonly eightBit: boolean; readonly binary: boolean };
  readonly dsn?: DsnRequest;
  readonly requireTls: boolean;
  /** Policies about TLS do not keep it back (RFC 8689 §5); never with `requireTls`. */
  readonly tlsOptional?: true;
  /** Which kind of mail it is: it decides from which of our addresses it goes. Absent: the usual one. */
  readonly category?: string;
  /** How it came to us, for the trace line. */
  readonly origin: {
    readonly protocol: string;
    readonly hello: string;
    readonly remote: string;
    readonly cipher: string;
  };
  /** Nothing is attempted before. */
  readonly sendAt?: number;
  /** It leaves with a return path of its own, by which its bounces are known. */
  readonly bounceAddress?: true;
  /** Its author asks to be told when it is read (RFC 8098). */
  readonly receipt?: true;
  /** It came from elsewhere, and this domain of ours passes it on: it seals it (ARC). */
  readonly forwardedBy?: string;
  /** Some of its deliveries are held: how. */
  readonly hold?: Hold;
  /** It is the notification of this copy: when it reaches nobody, the copy is of no use. */
  readonly notifies?: HeldRef;
}

/** `held` until its time has come. */
export type SubmissionState = 'held' | 'cancelled' | 'released';

export interface Submission extends SubmissionFacts {
  readonly id: SubmissionId;
  readonly state: SubmissionState;
  /** When attempts could begin. */
  readonly released?: number;
  /** When its sender wanted it back. */
  readonly recalled?: number;
  readonly deliveries: number;
}

/** `delivered`: with us, or reported so by who answers for it; `sent`: taken by a server that answers for it from then on; `dropped`: an
 * operator took it out; `recalled`: its sender did, before it was seen. `waiting`: in the sender mailbox to be fetched, until it is
 * `fetched` or `expired`. */
export type RecipientState =
  | 'queued'
  | 'delayed'
  | 'sent'
  | 'delivered'
  | 'bounced'
  | 'dropped'
  | 'recalled'
  | 'waiting'
  | 'fetched'
  | 'expired';

export interface SubmissionRecipient {
  readonly address: string;
  /** One of our accounts. */
  readonly account?: AccountId;
  readonly dsn?: RecipientDsn;
  readonly state: RecipientState;
  /** Of the last attempt: when, RFC 3463 status, the server and what it said, in our words. */
  readonly at?: number;
  readonly status?: string;
  readonly host?: string;
  readonly reply?: string;
  readonly reason?: string;
  /** Our address from which it went, where there is more than one. */
  readonly source?: string;
  /** The sender was told of the delay. */
  readonly warned?: true;
  /** When the recipient called it spam. */
  readonly complaint?: number;
  /** What the recipient's side says became of it. */
  readonly receipt?: Receipt;
  /** What came of taking it back; absent while that is not decided. */
  readonly recall?: 'withdrawn' | 'too-late';
  /** Of a held delivery: its copy in the sender mailbox, once it is made. */
  readonly held?: HeldCopy;
}

/** As a notification told (RFC 8098). */
export interface Receipt {
  /** When it came, milliseconds since 1970. */
  readonly at: number;
  readonly disposition: Disposition;
  /** It came from the address to which the mail went, and that was checked. Without that anybody who has the mail may have made it up. */
  readonly proven: boolean;
  /** No person decided that it be sent. */
  readonly automatic: boolean;
}

/** The recipients at one destination. */
export interface Delivery {
  /** Domain; '' for our own accounts, and for one that is held. */
  readonly destination: string;
  /** It stays in the sender mailbox; its recipients get notifications. */
  readonly held?: true;
  readonly recipients: readonly SubmissionRecipient[];
  /** Attempts that left somebody waiting. */
  readonly tries: number;
}

export type ReportKind = 'failed' | 'delayed' | 'delivered' | 'relayed';

/** Each has a queue of this name. */
export type FeedbackKind = 'hard-bounce' | 'soft-bounce' | 'complaint';

/** What the recipients' side made of a mail: conclusions about addresses and senders are drawn from it. */
export interface Feedback {
  readonly feedback: FeedbackKind;
  /** The reply to an attempt; a report that came later; one of our users who called it spam. */
  readonly source: 'reply' | 'report' | 'user';
  /** It cannot be made up by somebody who merely has the mail: it may decide what becomes of an address. */
  readonly certain: boolean;
  readonly recipients: readonly SubmissionRecipient[];
}

/** Something to be carried out elsewhere: at least once, under an id derived from the submission's and its number. */
export type Effect =
  /** A delivery goes to the intake queue, or to the outbound queue. Absent in older rows: its destination. */
  | { readonly kind: 'deliver'; readonly part: number; readonly destination?: string }
  /** A wake-up in the outbound queue: for a mail that waits for its time, or to look after one in the sender mailbox. */
  | { readonly kind: 'wake'; readonly at: number; readonly for?: 'held' }
  /** Recipients of a held delivery, by position, are told where their mail is. */
  | { readonly kind: 'notify'; readonly part: number; readonly positions: readonly number[] }
  /** The sender is told that a recipient has fetched his mail. */
  | {
      readonly kind: 'receipt';
      readonly part: number;
      readonly position: number;
      readonly at: number;
      readonly by: string;
    }
  /** The notification of that copy has reached nobody. */
  | { readonly kind: 'unreached'; readonly copy: HeldRef }
  /** It is taken back where that is possible. */
  | { readonly kind: 'recall' }
  /** The sender is told of these recipients, as they were. */
  | {
      readonly kind: 'report';
      readonly report: ReportKind;
      readonly at: number;
      readonly recipients: readonly SubmissionRecipient[];
    }
  /** An entry of the queue of that name. */
  | ({
      readonly kind: 'feedback';
      readonly at: number;
      readonly sender: string;
      readonly destination: string;
    } & Feedback);

export interface OutboxItem {
  readonly submission: SubmissionId;
  readonly number: number;
  readonly effect: Effect;
}

export interface NewSubmission extends SubmissionFacts {
  readonly deliveries: readonly Omit<Delivery, 'tries'>[];
  /** The sender's own copy, its content staged apart; it is placed when the mail is released. */
  readonly copy?: { readonly staged: Staged; readonly folder: FolderId; readonly flags: Flags };
  /** The same key is the same mail, for the rest of the day and the next. */
  readonly key?: string;
  /** It is a receipt for these messages, copies of one mail: in the same commit they are marked as answered (`RECEIPT_SENT`). When one of
   * them is so already nothing is sent: `conflict`. */
  readonly answers?: readonly MsgId[];
  /** The delivery that is passed on with it. When that was withdrawn nothing is sent (`message-missing`), and from now on it cannot be. */
  readonly passesOn?: string;
}

/** RFC 3503 §3: the receipt that the mail asks for was sent or declined, once and for all. */
export const RECEIPT_SENT = '$MDNSent';

export interface Submitted {
  readonly id: SubmissionId;
  readonly messageId: string;
  readonly state: SubmissionState;
  /** It was there before, under the same key: nothing was changed. */
  readonly duplicate: boolean;
  /** That follow from it. */
  readonly effects: readonly OutboxItem[];
}

/** What an attempt at a delivery leaves. Undefined changes nothing. */
export interface DeliveryChange {
  readonly recipients: readonly SubmissionRecipient[];
  readonly tries: number;
  readonly reports: readonly { readonly report: ReportKind; readonly recipients: readonly SubmissionRecipient[] }[];
  readonly feedback?: readonly Feedback[];
}

export interface DeliveryChanged {
  /** As it is afterwards; undefined when it is not there. */
  readonly delivery: Delivery | undefined;
  /** That follow from the change. */
  readonly effects: readonly OutboxItem[];
}

export function isSettled({ state }: SubmissionRecipient): boolean {
  return state !== 'queued' && state !== 'delayed' && state !== 'waiting';
}

/** The part of an account that is about what its user sends. */
export interface Outgoing {
  /** One commit: the mail, its effects, the sender's copy. Durable when resolved. Throws `over-quota` when the copy does not
   * fit, `folder-missing` when it has no place; `conflict` and `message-missing` for what it `answers`; `sender-mailbox-missing` and
   * `sender-mailbox-full` when it is to be held. */
  submit(content: Staged, submission: NewSubmission): Promise<Submitted>;
  get(id: SubmissionId): Promise<Submission | undefined>;
  /** Newest first. */
  list(options?: { readonly before?: SubmissionId; readonly limit?: number }): Promise<readonly Submission[]>;
  /** The newest with this Message-ID. */
  withMessageId(messageId: string): Promise<Submission | undefined>;
  delivery(id: SubmissionId, part: number): Promise<Delivery | undefined>;
  /** In order. */
  deliveries(id: SubmissionId): Promise<readonly Delivery[]>;
  /** The content that goes out; `message-missing` once nothing is left to do. */
  content(id: SubmissionId): Promise<Body>;

  /** Lets a held one go when its time has come. Answers its state, and when to ask again if it is still held. */
  release(id: SubmissionId): Promise<{ readonly state: SubmissionState | undefined; readonly at?: number }>;
  /** Only while it is held: answers whether it was. What was released stays as it is. */
  cancel(id: SubmissionId): Promise<boolean>;

  /** Its sender wants it back: `cancelled` while it was held, `asked` when that is seen to from now on, undefined when there is no such mail or
   * it was cancelled before. Once more changes nothing. */
  recall(id: SubmissionId): Promise<'cancelled' | 'asked' | undefined>;

  /** Some of what is to be carried out, in order; none when there is nothing behind `after`. */
  outbox(after?: Pick<OutboxItem, 'submission' | 'number'>): Promise<readonly OutboxItem[]>;
  /** An effect was carried out. Once more does nothing. */
  carriedOut(item: Pick<OutboxItem, 'submission' | 'number'>): Promise<void>;
  /** `change` may be called more than once, and changes nothing itself. An effect, by its number, is marked in the same commit:
   * `carriesOut` always, and then nothing is changed a second time; `settles` once no recipient waits any more. */
  changeDelivery(
    id: SubmissionId,
    part: number,
    change: (delivery: Delivery, submission: Submission) => DeliveryChange | undefined,
    marks?: { readonly carriesOut?: number } | { readonly settles?: number | undefined },
  ): Promise<DeliveryChanged>;
}
