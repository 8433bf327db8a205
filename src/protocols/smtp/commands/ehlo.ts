import type { SmtpCommand } from '../command.ts';
import type { SmtpSession } from '../session.ts';
import { introduce } from './helo.ts';

function greet(name: string, session: SmtpSession): void {
  if (!introduce(name, true, session)) return;
  const keywords = ['PIPELINING', 'ENHANCEDSTATUSCODES'];
  for (const command of session.commands) keywords.push(...(command.keywords?.(session) ?? []));
  const lines = [session.parts.hostname, ...keywords];
  const last = lines.length - 1;
  session.connection.write(lines.map((line, i) => `250${i === last ? ' ' : '-'}${line}\r\n`).join(''));
}

/** EHLO (RFC 5321 §4.1.1.1): the keywords come from the commands. */
export const ehlo: SmtpCommand = {
  name: 'EHLO',
  roles: ['smtp', 'submission'],
  argument: true,
  junk: true,
  run: greet,
};

/** LHLO (RFC 2033 §4.1). */
export const lhlo: SmtpCommand = { name: 'LHLO', roles: ['lmtp'], argument: true, junk: true, run: greet };
