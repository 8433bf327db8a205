/** IMAP as the network layer runs it. */
import type { Directory } from '../../directory/api.ts';
import type { OpenAccess } from '../../directory/open-access.ts';
import type { PickUp } from '../../downmail/pick-up.ts';
import type { SenderSignIn } from '../../downmail/sender-sign-in.ts';
import type { MailStore } from '../../mailstore/api.ts';
import type { AccountConnections } from '../../net/account-connections.ts';
import type { ErrorDelay } from '../../net/error-delay.ts';
import type { Farewell, LineProtocol } from '../../net/network.ts';
import type { TlsIdentity } from '../../net/tls.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { beforeLogin } from './limits.ts';
import { Session } from './session.ts';

/** What IMAP needs of the rest of Pabal. */
export interface ImapServices {
  readonly store: MailStore;
  readonly directory: Directory;
  readonly clock: Clock;
  /** For STARTTLS; absent = not offered. */
  readonly tls: TlsIdentity | undefined;
  /** May somebody at this address send a password without TLS? */
  readonly plaintextLogin: (remoteAddress: string) => boolean;
  /** Bytes of the largest message that APPEND takes. */
  readonly messageSize: number;
  /** Messages that one command works on (RFC 9738); absent: any number. */
  readonly messageLimit?: number | undefined;
  /** Errors before the connection ends; five times as many once signed in. */
  readonly errors: number;
  /** Absent: answers to errors do not wait. */
  readonly errorDelay?: ErrorDelay;
  /** Absent: an account may have any number. */
  readonly connections?: AccountConnections;
  /** Absent: who signed in stays. */
  readonly access?: OpenAccess;
  readonly metrics: Metrics;
  /** For who signs in with the user id of a notification; absent: nothing is kept here for others to fetch. */
  readonly pickUp?: Pick<PickUp, 'open' | 'scram'>;
  /** For who signs in to his sender mailbox; absent: nobody has one. */
  readonly senderSignIn?: Pick<SenderSignIn, 'authenticate' | 'scram'>;
  /** The URL of the ManageSieve server for the scripts of mailboxes (RFC 6785 §2.1); absent, or undefined, when there is none. */
  readonly manageSieve?: () => string | undefined;
  /** Told by ID. */
  readonly version: string;
}

const FAREWELLS: Readonly<Record<Farewell, string>> = {
  'too-many-connections': '* BYE [UNAVAILABLE] Too many connections, try again later\r\n',
  timeout: '* BYE Silent for too long\r\n',
  'line-too-long': '* BAD The line is too long\r\n* BYE The line is too long\r\n',
  'bare-newline': '* BYE Lines end with CRLF\r\n',
  'shutting-down': '* BYE [UNAVAILABLE] The service is being stopped, connect again\r\n',
  'signed-out': '* BYE [AUTHORIZATIONFAILED] You are signed out: what you signed in with is not valid any more\r\n',
  bug: '* BYE [SERVERBUG] Internal error\r\n',
};

/** The protocol for `Network.listen`, for the ports with STARTTLS and with implicit TLS alike. */
export function createImapServer(services: ImapServices): LineProtocol {
  return {
    name: 'imap',
    options: { lineLimit: beforeLogin.line, strictLines: true, commandTimeoutMs: 60_000 },
    serve: (connection) => new Session(connection, services).run(),
    farewell: (why) => FAREWELLS[why],
  };
}
