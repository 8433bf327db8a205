/** POP3 as the network sees it. */
import type { LineProtocol } from '../../net/network.ts';
import { CommandMetrics } from '../../telemetry/command-metrics.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { COMMANDS } from './commands/registry.ts';
import { MaildropLocks } from './maildrop.ts';
import { FAREWELLS } from './reply.ts';
import { AUTHORIZATION_TIMEOUT_MS, COMMAND_LINE_LIMIT, Session } from './session.ts';
import type { SessionServices } from './session.ts';

/** What POP3 needs of the rest of Pabal. */
export interface Pop3Services extends Omit<SessionServices, 'locks' | 'errors' | 'commands'> {
  /** Default 20. */
  readonly errors?: number;
  readonly metrics: Metrics;
}

/** One of these serves all POP3 listeners: they share the locks on maildrops. */
export function pop3(services: Pop3Services): LineProtocol {
  const shared = {
    errors: 20,
    ...services,
    locks: new MaildropLocks(),
    commands: new CommandMetrics(services.metrics, 'pop3', COMMANDS.keys()),
  };
  return {
    name: 'pop3',
    options: { lineLimit: COMMAND_LINE_LIMIT, strictLines: false, commandTimeoutMs: AUTHORIZATION_TIMEOUT_MS },
    serve: (connection) => new Session(connection, shared).run(),
    farewell: (why) => FAREWELLS[why],
  };
}
