/** What is handed to the intake: an envelope and the message it is about. */
import type { AccountId } from '../mailstore/api.ts';

/** One of our accounts as the receiver of a mail. */
export interface LocalRecipient {
  readonly account: AccountId;
  /** The address the mail was sent to. */
  readonly address: string;
  /** It is about this address alone, whatever else the account receives. */
  readonly apart?: true;
}

/** How a mail came to us; becomes the trace line. */
export interface Origin {
  /** As in RFC 5321 §4.4 and RFC 3848: 'ESMTPS', 'LMTP' ... */
  readonly protocol: string;
  /** What the client calls itself; '' when there is none. */
  readonly hello: string;
  /** IP address; '' for what was made here. */
  readonly remote: string;
  /** What `remote` is called in DNS, or 'unknown'; absent when nobody asked. */
  readonly reverse?: string;
  /** '' without TLS. */
  readonly cipher: string;
}

/** A message whose beginning is in memory: all of it when it is small. */
export interface RawMail {
  /** The whole message, or its first `HEAD_LIMIT` bytes. */
  readonly head: Buffer;
  /** What follows the head; it may end by throwing, then the mail was never received. */
  readonly rest?: AsyncIterable<Uint8Array>;
}

/** Largest message that is held in memory whole; also the largest header block. */
export const HEAD_LIMIT = 1 << 20;

/** Who handed a mail over: another server, which may be anybody, or a mail server of ours in front of this one. */
export type Source = 'outside' | 'front';

export interface Arrival {
  /** Envelope sender, '' for the null sender. */
  readonly sender: string;
  /** At least one; one per account. */
  readonly recipients: readonly LocalRecipient[];
  readonly origin: Origin;
  /** Absent: one of our users, or ourselves. */
  readonly source?: Source;
  readonly mail: RawMail;
  /** Whatever is sent on because of it needs TLS all the way (RFC 8689). */
  readonly requireTls?: boolean;
  /** When it was accepted, if not now: what is handed over again after a crash is still the same mail. */
  readonly accepted?: number;
  /** What makes this the same mail when it is handed over again; default: derived from its content. */
  readonly deliveryKey?: string;
}
