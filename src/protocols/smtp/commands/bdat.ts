import type { Connection } from '../../../net/connection.ts';
import { MailError } from '../../../mail/error.ts';
import { acknowledge } from '../acknowledge.ts';
import type { SmtpCommand } from '../command.ts';
import { OVERRUN } from '../limits.ts';
import { noRecipients, replyTo } from '../reply.ts';
import { NewlineCheck } from '../wire/data-scanner.ts';

const TOO_LARGE = replyTo(new MailError('too-large', 'user', 'too large'));

/** BDAT (RFC 3030 §2): a chunk of counted bytes, which are there whether we want them or not. */
export const bdat: SmtpCommand = {
  name: 'BDAT',
  keywords: () => ['CHUNKING', 'BINARYMIME'],
  async run(argument, session) {
    const { connection, transaction, parts } = session;
    const parsed = /^(\d{1,15})( LAST)?$/i.exec(argument);
    // Without a count nobody knows where the next command begins.
    if (parsed === null) return session.end(501, '5.5.4', 'Syntax: BDAT size [LAST], goodbye');
    const size = Number(parsed[1]);
    const last = parsed[2] !== undefined;
    if (size > parts.limits.messageSize + OVERRUN) {
      session.reset();
      return session.end(552, '5.3.4', TOO_LARGE.text);
    }
    if (transaction === undefined || transaction.accepted === 0) {
      await transfer(connection, size, () => undefined);
      return session.refuse(
        transaction === undefined ? { code: 503, status: '5.5.1', text: 'MAIL comes first' } : noRecipients(parts.role),
      );
    }
    const chunks = (transaction.chunks ??= { mail: session.incoming(transaction), newlines: new NewlineCheck() });
    const { mail, newlines } = chunks;
    const checked = transaction.body !== 'BINARYMIME';
    try {
      await transfer(connection, size, (piece) => {
        if (checked) newlines.add(piece);
        mail.append(piece, 0, piece.length);
        return mail.ready();
      });
    } catch (error) {
      session.reset();
      throw error;
    }
    if (mail.size > parts.limits.messageSize) {
      session.reset();
      return session.refuse(TOO_LARGE);
    }
    if (!last) return session.reply(250, '2.0.0', `${size} bytes taken`);
    if (checked && newlines.bareNewline) {
      session.reset();
      return session.refuse({ code: 554, status: '5.6.0', text: 'A CR or LF stands alone: lines must end in CRLF' });
    }
    return acknowledge(session, transaction, mail);
  },
};

async function transfer(
  connection: Connection,
  size: number,
  take: (piece: Buffer) => Promise<void> | undefined,
): Promise<void> {
  connection.beginTransfer();
  try {
    for (let left = size; left > 0; ) {
      const next = connection.readPiece(left);
      const piece = next instanceof Promise ? await next : next;
      left -= piece.length;
      const ready = take(piece);
      if (ready !== undefined) await ready;
    }
  } finally {
    connection.endTransfer();
  }
}
