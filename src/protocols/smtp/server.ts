/** SMTP as the network runs it, in one of its roles: mail from other servers, mail from users, LMTP. */
import type { LineProtocol } from '../../net/network.ts';
import { SASL_LINE_LIMIT } from '../../net/sasl.ts';
import { CommandMetrics } from '../../telemetry/command-metrics.ts';
import { commandsFor } from './commands.ts';
import { IncomingMemory } from './incoming.ts';
import { farewell } from './reply.ts';
import type { SmtpParts } from './session.ts';
import { SmtpSession } from './session.ts';

export function smtpServer(parts: SmtpParts): LineProtocol {
  const commands = commandsFor(parts.role);
  const metrics = new CommandMetrics(parts.metrics, parts.role, commands.keys());
  const { line: usual, commandTimeoutMs, stressTimeoutMs, incomingMemory } = parts.limits;
  const memory = new IncomingMemory(incomingMemory);
  // An initial response is part of the command line (RFC 4954 §4).
  const line = parts.role === 'submission' ? Math.max(usual, SASL_LINE_LIMIT) : usual;
  return {
    name: parts.role,
    options: { lineLimit: line, strictLines: true, commandTimeoutMs, stressTimeoutMs },
    serve: (connection) => new SmtpSession(connection, parts, commands, metrics, memory).run(),
    farewell,
  };
}
