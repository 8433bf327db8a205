import type { Connection } from '../../../net/connection.ts';
import { TRANSFER_RATE } from '../../../net/transfer.ts';
import { ConnectionError } from '../../../net/error.ts';
import { acknowledge } from '../acknowledge.ts';
import type { SmtpCommand } from '../command.ts';
import type { IncomingMail } from '../incoming.ts';
import { OVERRUN } from '../limits.ts';
import { noRecipients } from '../reply.ts';
import type { SmtpSession } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { DataScanner } from '../wire/data-scanner.ts';

/** After a bare CR or LF we wait only so long for the true end: that client may have meant another one. */
const AFTER_FAULT_MS = 3_000;

type Ending = 'complete' | 'bare-newline' | 'overrun';

/** DATA (RFC 5321 §4.1.1.4). */
export const data: SmtpCommand = {
  name: 'DATA',
  states: ['sender', 'recipients'],
  argument: false,
  async run(_, session) {
    const transaction = session.transaction as Transaction;
    const { connection } = session;
    // DATA must be the last of a group (RFC 2920 §3.1): what came with it would be commands to us if we refuse, and a
    // message to the client.
    if (connection.buffered > 0) return session.end(503, '5.5.0', 'Wait for the answer to DATA, goodbye');
    if (transaction.accepted === 0) return session.refuse(noRecipients(session.parts.role));
    if (transaction.body === 'BINARYMIME')
      return session.refuse({ code: 503, status: '5.5.1', text: 'A BINARYMIME message comes by BDAT' });
    connection.write('354 Go ahead, end with <CRLF>.<CRLF>\r\n');
    const mail = session.incoming(transaction);
    let ending: Ending;
    try {
      ending = await receive(connection, mail, session.parts.limits.messageSize + OVERRUN);
    } catch (error) {
      mail.abort(error as Error);
      throw error;
    } finally {
      connection.endTransfer();
    }
    if (ending === 'complete') return acknowledge(session, transaction, mail);
    mail.abort(new ConnectionError('closed', 'the message was refused'));
    refuse(ending, transaction, session);
  },
};

async function receive(connection: Connection, mail: IncomingMail<unknown>, most: number): Promise<Ending> {
  const scanner = new DataScanner();
  connection.beginTransfer();
  while (!scanner.done) {
    let piece: Buffer;
    try {
      const next = connection.readPiece();
      piece = next instanceof Promise ? await next : next;
    } catch (error) {
      if (scanner.bareNewline && (error as ConnectionError).fault === 'timeout') break;
      throw error;
    }
    const wasWell = !scanner.bareNewline;
    const used = scanner.scan(piece, mail);
    if (used < piece.length) connection.unread(piece.subarray(used));
    if (scanner.bareNewline) {
      if (wasWell) connection.beginTransfer({ ...TRANSFER_RATE, idleMs: AFTER_FAULT_MS });
    } else {
      const ready = mail.ready();
      if (ready !== undefined) await ready;
    }
    if (mail.size > most) return 'overrun';
  }
  return scanner.bareNewline ? 'bare-newline' : 'complete';
}

/** Nothing after such a message can be trusted to be a command: the session is over (SMTP smuggling). */
function refuse(ending: Ending, transaction: Transaction, session: SmtpSession): void {
  const answers = session.parts.role === 'lmtp' ? transaction.accepted : 1;
  session.reset();
  for (let i = 0; i < answers; i++)
    if (ending === 'overrun') session.end(552, '5.3.4', 'The message is larger than this server takes');
    else session.end(554, '5.6.0', 'A CR or LF stands alone: lines must end in CRLF, goodbye');
}
