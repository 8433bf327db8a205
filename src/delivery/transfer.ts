/**
 * One attempt to hand a mail to the servers of one domain: the seam between the outbound queue, which decides when and
 * what becomes of the answer, and the route, which decides where and how.
 */
import type { DsnRequest, RecipientDsn } from '../mail/dsn-request.ts';
import type { AccountId } from '../mailstore/api.ts';

/** A mail as an attempt sees it. */
export interface OutgoingMail {
  /** Envelope sender; '' is the null reverse-path. */
  readonly sender: string;
  /** In bytes. */
  readonly size: number;
  /** As it goes on the wire, before dot-stuffing. May be called again for another attempt. */
  readonly body: () => AsyncIterable<Uint8Array>;
  /** What the other side must be able to do (RFC 6531, RFC 6152, RFC 3030). */
  readonly needs: { readonly smtputf8: boolean; readonly eightBit: boolean; readonly binary: boolean };
  readonly dsn?: DsnRequest;
  /** RFC 8689. */
  readonly requireTls: boolean;
  /** `TLS-Required: No` (RFC 8689 §5). */
  readonly tlsOptional?: true;
  /** A domain of ours that passes it on, and seals it. */
  readonly forwardedBy?: string;
  /** Whose it is, and of which kind: by these the address is chosen from which it goes. */
  readonly account?: AccountId;
  readonly category?: string;
}

export interface OutgoingRecipient {
  readonly address: string;
  readonly dsn?: RecipientDsn;
}

/** What became of one recipient. */
export type Outcome =
  | {
      readonly kind: 'delivered';
      /** The server that took the mail, and its reply. */
      readonly host: string;
      readonly reply: string;
      /** It announced DSN, so that the reports are its business from now on (RFC 3461 §6.1). */
      readonly dsnRelayed: boolean;
      /** Protocol and cipher; undefined without TLS. */
      readonly tls: string | undefined;
      /** Our address from which it went, where there is more than one. */
      readonly source?: string;
    }
  | {
      readonly kind: 'temporary' | 'permanent';
      /** RFC 3463: `5.1.1`. */
      readonly status: string;
      /** What the server said, when one said something. */
      readonly reply: string | undefined;
      readonly host: string | undefined;
      /** In our words, one line. */
      readonly reason: string;
      /** We decided so, without asking anybody. */
      readonly ours?: true;
      readonly source?: string;
    };

/** It is not the time: nothing was tried. */
export class Postponed extends Error {
  override readonly name = 'Postponed';
  /** When to come again; milliseconds since 1970. */
  readonly until: number;
  constructor(until: number, reason: string) {
    super(reason);
    this.until = until;
  }
}

export interface Transfer {
  /** One attempt at one destination: an outcome for each recipient, in order. Never throws for what the network or the
   * other side does, an aborted attempt is temporary; throws `Postponed` when the limits of our own addresses say so. */
  transfer(
    domain: string,
    mail: OutgoingMail,
    recipients: readonly OutgoingRecipient[],
    signal: AbortSignal,
  ): Promise<readonly Outcome[]>;
  close(): Promise<void>;
}
