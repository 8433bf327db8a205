import type { SmtpCommand } from '../command.ts';
import type { SmtpSession } from '../session.ts';

/** A host name or an address literal; anything else would only be there to confuse trace lines and logs. */
const NAME = /^[A-Za-z0-9._:[\]-]{1,255}$/;

/** The client's name, and a fresh start (RFC 5321 §4.1.4). Answers whether it was one. */
export function introduce(name: string, extended: boolean, session: SmtpSession): boolean {
  if (!NAME.test(name)) {
    session.refuse({ code: 501, status: '5.5.4', text: 'This is not a host name' });
    return false;
  }
  session.reset();
  session.hello = { name, extended };
  return true;
}

/** HELO (RFC 5321 §4.1.1.1). */
export const helo: SmtpCommand = {
  name: 'HELO',
  roles: ['smtp', 'submission'],
  argument: true,
  junk: true,
  run(name, session) {
    if (introduce(name, false, session)) session.connection.write(`250 ${session.parts.hostname}\r\n`);
  },
};
