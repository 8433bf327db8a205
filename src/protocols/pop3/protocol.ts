/** POP3 as the network sees it. */
import type { LineProtocol } from '../../net/network.ts';
import { MaildropLocks } from './maildrop.ts';
import { FAREWELLS } from './reply.ts';
import { AUTHORIZATION_TIMEOUT_MS, COMMAND_LINE_LIMIT, Session } from './session.ts';
import type { SessionServices } from './session.ts';

/** One of these serves all POP3 listeners: they share the locks on maildrops. */
export function pop3(services: Omit<SessionServices, 'locks'>): LineProtocol {
  const withLocks = { ...services, locks: new MaildropLocks() };
  return {
    name: 'pop3',
    options: { lineLimit: COMMAND_LINE_LIMIT, strictLines: false, commandTimeoutMs: AUTHORIZATION_TIMEOUT_MS },
    serve: (connection) => new Session(connection, withLocks).run(),
    farewell: (why) => FAREWELLS[why],
  };
}
