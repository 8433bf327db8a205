/** IMAP sessions without a network. */
import type { Connection } from '../../src/net/connection.ts';
import { ConnectionError } from '../../src/net/error.ts';
import type { ImapServices } from '../../src/protocols/imap/server.ts';
import { Session } from '../../src/protocols/imap/session.ts';
import { ScriptConnection } from '../support/script-connection.ts';

export interface ScriptResult {
  /** What the server sent, one character per byte. */
  readonly output: string;
  /** What the session logged as its own failures. */
  readonly errors: readonly unknown[];
}

/** Runs a session over what the client sends; throws what no session may throw. */
export async function runScript(services: ImapServices, sent: Buffer): Promise<ScriptResult> {
  const script = new ScriptConnection(sent);
  await new Session(script as unknown as Connection, services).run().catch((error: unknown) => {
    if (!(error instanceof ConnectionError)) throw error;
  });
  return { output: script.output, errors: script.errors };
}
