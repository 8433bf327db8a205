/** ManageSieve as the network sees it. */
import type { LineProtocol } from '../../net/network.ts';
import { MANAGESIEVE_LIMITS } from './limits.ts';
import { FAREWELLS } from './reply.ts';
import { Session, UNAUTHENTICATED_TIMEOUT_MS } from './session.ts';
import type { SessionServices } from './session.ts';

export function manageSieve(services: SessionServices): LineProtocol {
  return {
    name: 'managesieve',
    options: { lineLimit: MANAGESIEVE_LIMITS.line, strictLines: false, commandTimeoutMs: UNAUTHENTICATED_TIMEOUT_MS },
    serve: (connection) => new Session(connection, services).run(),
    farewell: (why) => FAREWELLS[why],
  };
}
