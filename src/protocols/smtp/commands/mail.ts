import { fromXtext } from '../../../mail/dsn.ts';
import type { DsnRequest } from '../../../mail/dsn-request.ts';
import { parsePath } from '../../../mail/path.ts';
import { FARTHEST_SEND_AT } from '../../../submit/submit.ts';
import type { SmtpCommand, SmtpRole } from '../command.ts';
import { OUT_OF_ROOM } from '../reply.ts';
import type { Reply } from '../reply.ts';
import type { SmtpSession } from '../session.ts';
import type { Transaction } from '../transaction.ts';
import { parseParameters, pathStart } from '../wire/command-line.ts';

const SYNTAX: Reply = { code: 501, status: '5.5.4', text: 'Syntax: MAIL FROM:<address> [parameters]' };
const TOO_LONG: Reply = { code: 501, status: '5.1.7', text: 'This address is too long' };
/** A day less than is taken: who counts from the greeting is not refused. */
const FARTHEST_S = FARTHEST_SEND_AT / 1000 - 86_400;
const BEYOND_ASCII = /[^\0-\x7f]/;
const BODIES: ReadonlySet<string> = new Set(['7BIT', '8BITMIME', 'BINARYMIME']);

/** MAIL (RFC 5321 §4.1.1.2) with SIZE (RFC 1870), BODY (RFC 6152, RFC 3030), SMTPUTF8 (RFC 6531), REQUIRETLS (RFC 8689), AUTH (RFC 4954 §5),
 * RET and ENVID (RFC 3461 §4), HOLDFOR and HOLDUNTIL (RFC 4865). What users may ask for, other servers may not: nothing is relayed for them. */
export const mail: SmtpCommand = {
  name: 'MAIL',
  states: ['ready'],
  argument: true,
  keywords: ({ parts, connection }) => [
    `SIZE ${parts.limits.messageSize}`,
    '8BITMIME',
    'SMTPUTF8',
    ...(takesRequireTls(parts.role, connection.secure) ? ['REQUIRETLS'] : []),
    ...(parts.role === 'submission' ? ['DSN', `FUTURERELEASE ${FARTHEST_S} ${farthest(parts.clock.now())}`] : []),
  ],
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
    const dsn = dsnRequest(parameters);
    const sendAt = holdUntil(parameters, parts.clock.now());
    if (sendAt === 'syntax') return session.refuse(SYNTAX);
    if (!utf8 && BEYOND_ASCII.test(argument))
      return session.refuse({ code: 550, status: '5.6.7', text: 'This address needs the parameter SMTPUTF8' });
    if (size > parts.limits.messageSize)
      return session.refuse({ code: 552, status: '5.3.4', text: `The limit is ${parts.limits.messageSize} bytes` });
    if (!parts.room.has(size)) return session.refuse(OUT_OF_ROOM);
    const begin = (): void => {
      session.transaction = {
        sender,
        size,
        body,
        utf8,
        requireTls: parameters.has('REQUIRETLS'),
        recipients: new Map(),
        accepted: 0,
        ...(dsn && { dsn }),
        ...(sendAt !== undefined && { sendAt }),
      };
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
    case 'REQUIRETLS':
      return takesRequireTls(session.parts.role, session.connection.secure) && (value === '' || 'syntax');
    case 'RET':
      return session.parts.role === 'submission' && (/^(FULL|HDRS)$/i.test(value) || 'syntax');
    case 'ENVID':
      return session.parts.role === 'submission' && (isXtext(value, 100) || 'syntax');
    case 'HOLDFOR':
      return session.parts.role === 'submission' && (/^\d{1,9}$/.test(value) || 'syntax');
    case 'HOLDUNTIL':
      return session.parts.role === 'submission' && (!Number.isNaN(Date.parse(value)) || 'syntax');
    case 'AUTH':
      // Who signed it first elsewhere: we trust nobody that far, and are asked to bear it.
      return session.parts.role === 'submission' && (value !== '' || 'syntax');
    default:
      return false;
  }
}

/** Only what came over TLS itself can be promised to go on so (RFC 8689 §3). */
function takesRequireTls(role: SmtpRole, secure: boolean): boolean {
  return secure && role !== 'lmtp';
}

/** Whoever reads it puts it into header fields: it must hide nothing (RFC 3461 §4.4). */
function isXtext(value: string, most: number): boolean {
  return value !== '' && value.length <= most && /^[!-~]+$/.test(value) && fromXtext(value) !== undefined;
}

function dsnRequest(parameters: ReadonlyMap<string, string>): DsnRequest | undefined {
  const ret = parameters.get('RET')?.toUpperCase();
  const envid = parameters.get('ENVID');
  if (ret === undefined && envid === undefined) return undefined;
  return { ...(envid !== undefined && { envid }), ...(ret !== undefined && { ret: ret as 'FULL' | 'HDRS' }) };
}

/** Milliseconds since 1970; one of the two at most, and not farther than was announced (RFC 4865 §4). */
function holdUntil(parameters: ReadonlyMap<string, string>, now: number): number | undefined | 'syntax' {
  const seconds = parameters.get('HOLDFOR');
  const until = parameters.get('HOLDUNTIL');
  if (seconds === undefined && until === undefined) return undefined;
  const at = seconds === undefined ? Date.parse(until ?? '') : now + Number(seconds) * 1000;
  return (seconds !== undefined && until !== undefined) || at > now + FARTHEST_S * 1000 ? 'syntax' : at;
}

function farthest(now: number): string {
  return new Date(now + FARTHEST_S * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
