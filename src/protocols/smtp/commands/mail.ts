import { parsePath } from '../../../mail/path.ts';
import type { SmtpCommand } from '../command.ts';
import { OUT_OF_ROOM } from '../reply.ts';
import type { Reply } from '../reply.ts';
import type { SmtpSession } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { parseParameters, pathStart } from '../wire/command-line.ts';

const SYNTAX: Reply = { code: 501, status: '5.5.4', text: 'Syntax: MAIL FROM:<address> [parameters]' };
const TOO_LONG: Reply = { code: 501, status: '5.1.7', text: 'This address is too long' };
const BEYOND_ASCII = /[^\0-\x7f]/;
const BODIES: ReadonlySet<string> = new Set(['7BIT', '8BITMIME', 'BINARYMIME']);

/** MAIL (RFC 5321 §4.1.1.2) with SIZE (RFC 1870), BODY (RFC 6152, RFC 3030), SMTPUTF8 (RFC 6531), AUTH (RFC 4954 §5). */
export const mail: SmtpCommand = {
  name: 'MAIL',
  states: ['ready'],
  argument: true,
  keywords: ({ parts }) => [`SIZE ${parts.limits.messageSize}`, '8BITMIME', 'SMTPUTF8'],
  run(argument, session) {
    const { parts, user, connection } = session;
    if (parts.role === 'submission' && user === undefined)
      return session.refuse({
        code: 530,
        status: '5.7.0',
        text: session.mayAuthenticate ? 'Sign in first' : 'STARTTLS comes first',
      });
    const start = pathStart(argument, 'FROM');
    if (start === undefined) return session.refuse(SYNTAX);
    const path = parsePath(argument.slice(start), { utf8: true, empty: true });
    if (!path.ok) return session.refuse(path.error === 'too-long' ? TOO_LONG : SYNTAX);
    const end = start + path.end;
    const sender = path.mailbox?.address ?? '';
    const parameters = parseParameters(argument.slice(end));
    if (parameters === undefined) return session.refuse(SYNTAX);
    let size = 0;
    let body: Transaction['body'] = '8BITMIME';
    let utf8 = false;
    for (const [keyword, value] of parameters) {
      const taken = session.hello?.extended === true && knows(keyword, value, session);
      if (taken === 'syntax') return session.refuse(SYNTAX);
      if (taken !== true)
        return session.refuse({
          code: 555,
          status: '5.5.4',
          text: `The parameter ${keyword.slice(0, 40)} is not known`,
        });
      if (keyword === 'SIZE') size = Number(value);
      else if (keyword === 'BODY') body = value.toUpperCase() as Transaction['body'];
      else if (keyword === 'SMTPUTF8') utf8 = true;
    }
    if (!utf8 && BEYOND_ASCII.test(argument))
      return session.refuse({ code: 550, status: '5.6.7', text: 'This address needs the parameter SMTPUTF8' });
    if (size > parts.limits.messageSize)
      return session.refuse({ code: 552, status: '5.3.4', text: `The limit is ${parts.limits.messageSize} bytes` });
    if (!parts.room.has(size)) return session.refuse(OUT_OF_ROOM);
    const begin = (): void => {
      session.transaction = { sender, size, body, utf8, recipients: new Map(), accepted: 0 };
      session.reply(250, '2.1.0', 'Sender taken');
    };
    if (user === undefined) return begin();
    return parts.submit.checkSender(user, sender).then(begin, (error: unknown) => {
      connection.log.info({ account: user.account, sender }, 'sender is not the user');
      if ((error as { code?: unknown }).code !== 'not-allowed') throw error;
      session.refuse({ code: 553, status: '5.7.1', text: 'This sender address is not yours' });
    });
  },
};

function knows(keyword: string, value: string, session: SmtpSession): boolean | 'syntax' {
  switch (keyword) {
    case 'SIZE':
      return /^\d{1,20}$/.test(value) || 'syntax';
    case 'BODY':
      return BODIES.has(value.toUpperCase()) || 'syntax';
    case 'SMTPUTF8':
      return value === '' || 'syntax';
    case 'AUTH':
      // Who signed it first elsewhere: we trust nobody that far, and are asked to bear it.
      return session.parts.role === 'submission' && (value !== '' || 'syntax');
    default:
      return false;
  }
}
