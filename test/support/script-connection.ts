/** A connection without a network: everything its client will ever send is there from the start. For models and fuzzing. */
import { ConnectionError } from '../../src/net/error.ts';
import { InputBuffer } from '../../src/net/input.ts';
import { silentLog } from '../../src/telemetry/log.ts';

export class ScriptConnection {
  lineLimit = 0;
  commandTimeoutMs = 0;
  trusted = false;
  gone = false;
  readonly remoteAddress = '127.0.0.1';
  readonly fromLoopback = true;
  secure = true;
  readonly cipher = '';
  readonly log = {
    ...silentLog,
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (facts: { err: unknown }) => this.errors.push(facts.err),
  };
  /** What the session logged as its own failures. */
  readonly errors: unknown[] = [];
  readonly #input = new InputBuffer();
  readonly #waiting: Buffer[];
  #out: Buffer[] = [];

  /** A piece arrives when all before it is not enough for what the session waits for. */
  constructor(...pieces: readonly Buffer[]) {
    this.#waiting = [...pieces];
  }

  channelBinding(): undefined {
    return undefined;
  }

  get buffered(): number {
    return this.#input.length;
  }

  /** What the server sent, one character per byte. */
  get output(): string {
    return Buffer.concat(this.#out).toString('latin1');
  }

  #until<T>(take: () => T | undefined): T {
    if (this.gone) throw new ConnectionError('closed');
    for (;;) {
      const taken = take();
      if (taken !== undefined) return taken;
      const piece = this.#waiting.shift();
      if (piece === undefined) throw new ConnectionError('closed');
      this.#input.push(piece);
    }
  }

  readLine(): Buffer {
    const line = this.#until(() => this.#input.takeLine(this.lineLimit, true));
    if (typeof line === 'string') throw new ConnectionError(line);
    return line;
  }

  readPiece(max: number = Infinity): Buffer {
    return this.#until(() => this.#input.takePiece(max));
  }

  readBytes(size: number): Buffer {
    return this.#until(() => this.#input.takeBytes(size));
  }

  unread(bytes: Buffer): void {
    this.#input.unread(bytes);
  }

  async skip(size: number): Promise<void> {
    for (let left = size; left > 0; ) left -= this.readPiece(left).length;
  }

  /** What the script says is what is inside. */
  compressed = false;
  startCompression(): void {
    this.compressed = true;
  }

  beginTransfer(): void {}
  endTransfer(): void {}
  write(bytes: Uint8Array | string): void {
    this.#out.push(Buffer.from(bytes as Uint8Array));
  }
  flushed(): undefined {}
  close(): void {
    this.gone = true;
  }
  destroy(): void {
    this.gone = true;
  }
}
