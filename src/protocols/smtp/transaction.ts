import type { DsnRequest } from '../../mail/dsn-request.ts';
import type { Addressee } from '../../submit/submit.ts';
import type { IncomingMail } from './incoming.ts';
import type { NewlineCheck } from './wire/data-scanner.ts';

/** One mail transaction (RFC 5321 §3.3): from MAIL to the end of the message. */
export interface Transaction {
  /** '' for the null sender. */
  readonly sender: string;
  /** As declared with SIZE (RFC 1870), 0 when it was not. */
  readonly size: number;
  readonly body: '7BIT' | '8BITMIME' | 'BINARYMIME';
  readonly utf8: boolean;
  readonly dsn?: DsnRequest;
  /** Whoever passes it on does so over TLS, or not at all (RFC 8689). */
  readonly requireTls: boolean;
  /** HOLDFOR or HOLDUNTIL, in milliseconds since 1970. */
  readonly sendAt?: number;
  /** By account or address: two addresses of one mailbox get one copy. */
  readonly recipients: Map<string, Addressee>;
  /** RCPT commands that were accepted. */
  accepted: number;
  /** What BDAT has brought so far. */
  chunks?: { readonly mail: IncomingMail<string>; readonly newlines: NewlineCheck };
}
