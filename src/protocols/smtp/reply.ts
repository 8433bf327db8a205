/** SMTP's words for what went wrong (RFC 5321 §4.2, RFC 3463). To strangers generic; the log is specific. */
import { MailError } from '../../mail/error.ts';
import type { MailErrorCode } from '../../mail/error.ts';
import type { Farewell } from '../../net/network.ts';
import type { SmtpRole } from './command.ts';

export interface Reply {
  readonly code: number;
  /** Enhanced status (RFC 2034). */
  readonly status: string;
  readonly text: string;
}

function reply(code: number, status: string, text: string): Reply {
  return { code, status, text };
}

/** DATA or BDAT when all recipients were refused: RFC 5321 §3.3 leaves the choice, RFC 2033 §4.2 asks LMTP for 503. */
export function noRecipients(role: SmtpRole): Reply {
  return reply(role === 'lmtp' ? 503 : 554, '5.5.1', 'There are no recipients');
}

export const OUT_OF_ROOM = reply(452, '4.3.1', 'No room for mail at the moment, please try later');
const TROUBLE = reply(451, '4.3.0', 'Local trouble, please try later');

const REPLIES: Partial<Record<MailErrorCode, Reply>> = {
  'unknown-recipient': reply(550, '5.1.1', 'Nobody here by that name'),
  'account-suspended': reply(550, '5.2.1', 'This mailbox is suspended'),
  'sending-suspended': reply(550, '5.7.1', 'This account may not send mail at the moment, ask the administrator'),
  'account-missing': reply(550, '5.1.1', 'Nobody here by that name'),
  'address-syntax': reply(501, '5.1.3', 'This is not an address'),
  suppressed: reply(550, '5.7.1', 'This address is on your suppression list: mail to it bounced, or was called spam'),
  'over-quota': reply(452, '4.2.2', 'The mailbox is full'),
  // Its sender's own, to whom this is said (Downmail): RFC 3463 X.7.1 and X.2.2.
  'sender-mailbox-missing': reply(
    550,
    '5.7.1',
    'This server keeps originals in sender mailboxes, and you have none: ask the administrator',
  ),
  'sender-mailbox-full': reply(
    552,
    '5.2.2',
    'Your sender mailbox is full: delete mail that nobody fetched, or wait until it was',
  ),
  'too-large': reply(552, '5.3.4', 'The message is larger than this server takes'),
  'mail-loop': reply(554, '5.4.6', 'The message has passed too many servers: mail loop'),
  // RFC 3463 X.1.8, RFC 7505 §4.2.
  'wrong-sender': reply(
    550,
    '5.1.8',
    "The author's or sender's address cannot be right: nobody could be answered there",
  ),
  'policy-refused': reply(
    550,
    '5.7.1',
    "Refused as the author's domain asks (DMARC): neither SPF nor DKIM speaks for it",
  ),
  infected: reply(550, '5.7.1', 'Refused: it holds a virus, or a file that runs when it is opened'),
  greylisted: reply(450, '4.7.1', 'Greylisted: please try again in some minutes'),
  'looks-like-spam': reply(550, '5.7.1', 'Refused: it looks like spam'),
  'scanner-down': reply(451, '4.3.0', 'It cannot be scanned for viruses now, please try later'),
  // The paper says "syntax error": this says what is wrong (RFC 3463 X.7.1).
  'originals-refused': reply(
    550,
    '5.7.1',
    'The recipient takes notifications only: please send it by Downmail, or a short mail without attachments',
  ),
  'gateway-full': reply(
    552,
    '5.2.2',
    'There is no room to keep originals for this recipient: please send it by Downmail, or a short mail without attachments',
  ),
  rejected: reply(550, '5.7.1', 'The recipient takes no mail from this sender'),
  'not-allowed': reply(550, '5.7.1', 'You may not send as this author'),
  limit: reply(451, '4.7.1', 'Too much mail in too short a time, please try later'),
  'auth-failed': reply(535, '5.7.8', 'Wrong address or password'),
  'auth-throttled': reply(454, '4.7.0', 'Too many failed attempts, please try later'),
  'store-full': OUT_OF_ROOM,
  'store-failed': TROUBLE,
  busy: reply(451, '4.3.2', 'Too busy, please try later'),
  timeout: reply(451, '4.3.2', 'Too busy, please try later'),
};

/** What the client hears; 451 for what is our own fault. */
export function replyTo(error: unknown): Reply {
  return (error instanceof MailError && REPLIES[error.code]) || TROUBLE;
}

/** The last line of a session that cannot go on. */
export function farewell(why: Farewell): string {
  switch (why) {
    case 'too-many-connections':
      return '421 4.7.0 Too many connections, please try later\r\n';
    case 'timeout':
      return '421 4.4.2 Too slow, goodbye\r\n';
    case 'line-too-long':
      return '500 5.5.2 Line too long, goodbye\r\n';
    case 'bare-newline':
      return '500 5.5.2 Lines must end in CRLF, goodbye\r\n';
    case 'shutting-down':
      return '421 4.3.2 The server is being stopped, please try again\r\n';
    case 'signed-out':
      return '421 4.7.0 You are signed out: what you signed in with is not valid any more\r\n';
    case 'bug':
      return '421 4.3.0 Local trouble, please try later\r\n';
  }
}
