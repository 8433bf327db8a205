/** IMAP sessions without a network: everything the client will ever send is there from the start. For models and fuzzing. */
import type { Connection } from '../../src/net/connection.ts';
import { ConnectionError } from '../../src/net/error.ts';
import { InputBuffer } from '../../src/net/input.ts';
import type { ImapServices } from '../../src/protocols/imap/server.ts';
import { Session } from '../../src/protocols/imap/session.ts';
import { silentLog } from '../../src/telemetry/log.ts';

export interface ScriptResult {
  /** What the server sent, one character per byte. */
  readonly output: string;
  /** What the session logged as its own failures. */
  readonly errors: readonly unknown[];
}

/** Runs a session over what the client sends; throws what no session may throw. */
export async function runScript(services: ImapServices, sent: Buffer): Promise<ScriptResult> {
  const script = new Script(sent);
  await new Session(script as unknown as Connection, services).run().catch((error: unknown) => {
    if (!(error instanceof ConnectionError)) throw error;
  });
  return { output: script.output, errors: script.errors };
}

/** A connection whose client has sent everything it will ever send; what the session writes is kept. */
class Script {
  lineLimit = 0;
  commandTimeoutMs = 0;
  readonly remoteAddress = '127.0.0.1';
  readonly secure = true;
  readonly log = {
    ...silentLog,
    debug: () => undefined,
    error: (facts: { err: unknown }) => this.errors.push(facts.err),
  };
  readonly errors: unknown[] = [];
  readonly #input = new InputBuffer();
  #out: Buffer[] = [];
  gone = false;

  constructor(script: Buffer) {
    this.#input.push(script);
  }

  get buffered(): number {
    return this.#input.length;
  }

  get output(): string {
    return Buffer.concat(this.#out).toString('latin1');
  }

  readLine(): Buffer {
    const line = this.#input.takeLine(this.lineLimit, true);
    if (line === undefined) throw new ConnectionError('closed');
    if (typeof line === 'string') throw new ConnectionError(line);
    return line;
  }

  readPiece(max: number): Buffer {
    const piece = this.#input.takePiece(max);
    if (piece === undefined) throw new ConnectionError('closed');
    return piece;
  }

  readBytes(size: number): Buffer {
    const bytes = this.#input.takeBytes(size);
    if (bytes === undefined) throw new ConnectionError('closed');
    return bytes;
  }

  async skip(size: number): Promise<void> {
    for (let left = size; left > 0; ) left -= this.readPiece(left).length;
  }

  beginTransfer(): void {}
  endTransfer(): void {}
  write(bytes: Uint8Array): void {
    this.#out.push(Buffer.from(bytes));
  }
  flushed(): undefined {}
  close(): void {
    this.gone = true;
  }
  destroy(): void {
    this.gone = true;
  }
}
