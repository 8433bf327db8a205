/** A client's end of a line protocol, as raw as a test needs it: bytes out, lines, counted bytes or everything in. */
import { connect as connectTcp, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw } from 'node:zlib';
import { PATIENCE_MS } from '../support/until.ts';

/** The other side closed the connection (or reset it) while we waited for more. */
export class ConnectionEnded extends Error {
  override readonly name = 'ConnectionEnded';
}
export class WireTimeout extends Error {
  override readonly name = 'WireTimeout';
}

export interface WireOptions {
  /** Implicit TLS; certificates are not checked: the tests' services sign their own. */
  readonly tls?: boolean;
  /** Longest wait for what a read needs; default `PATIENCE_MS`. */
  readonly timeoutMs?: number;
  /** Source address, for tests that need several. */
  readonly localAddress?: string;
}

/** `host:port`, `[v6]:port`. */
export function hostAndPort(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(address.slice(colon + 1)) };
}

export class WireClient implements AsyncDisposable {
  #socket: Socket;
  #deflate: DeflateRaw | undefined;
  readonly #timeoutMs: number;
  #chunks: Buffer[] = [];
  #available = 0;
  #ended: Error | undefined;
  #wake: (() => void) | undefined;
  /** Bytes of the chunks that are known to hold no LF. */
  #scanned = 0;
  #received = 0;

  private constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timeoutMs = timeoutMs;
    this.#listen(socket);
  }

  static async connect(address: string, options: WireOptions = {}): Promise<WireClient> {
    const { host, port } = hostAndPort(address);
    const local = options.localAddress === undefined ? {} : { localAddress: options.localAddress };
    const socket = options.tls
      ? connectTls({ host, port, rejectUnauthorized: false, ...local })
      : connectTcp({ host, port, ...local });
    socket.setNoDelay(true);
    await new Promise<void>((resolve, reject) => {
      socket.once(options.tls ? 'secureConnect' : 'connect', resolve);
      socket.once('error', reject);
    });
    return new WireClient(socket, options.timeoutMs ?? PATIENCE_MS);
  }

  readonly #arrived = (chunk: Buffer): void => {
    this.#received += chunk.length;
    this.#chunks.push(chunk);
    this.#available += chunk.length;
    this.#wake?.();
  };

  #listen(socket: Readable): void {
    socket.on('data', this.#arrived);
    const end = (cause?: unknown): void => {
      this.#ended ??= new ConnectionEnded('the server closed the connection', { cause });
      this.#wake?.();
    };
    socket.on('end', () => end());
    socket.on('close', () => end());
    socket.on('error', end);
  }

  /** Bytes that ever came in. */
  get received(): number {
    return this.#received;
  }
  get ended(): boolean {
    return this.#ended !== undefined;
  }
  get socket(): Socket {
    return this.#socket;
  }

  /** Strings go out as UTF-8. Resolves when the kernel has taken it all. */
  write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      (this.#deflate ?? this.#socket).write(data, (error) => (error ? reject(error) : resolve()));
    });
  }

  async #more(): Promise<void> {
    const before = this.#available;
    if (this.#ended) throw this.#ended;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#wake = resolve;
        timer = setTimeout(() => reject(new WireTimeout(`nothing came for ${this.#timeoutMs} ms`)), this.#timeoutMs);
      });
    } finally {
      this.#wake = undefined;
      clearTimeout(timer);
    }
    if (this.#available === before && this.#ended) throw this.#ended;
  }

  #take(size: number): Buffer {
    if (this.#chunks.length > 1 && (this.#chunks[0]?.length ?? 0) < size) this.#chunks = [Buffer.concat(this.#chunks)];
    const first = this.#chunks[0] ?? Buffer.alloc(0);
    if (first.length === size) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(size);
    this.#available -= size;
    this.#scanned = 0;
    return first.subarray(0, size);
  }

  /** Offset of the first LF, or -1; does not look twice at the same bytes. */
  #lineEnd(): number {
    let offset = 0;
    for (const chunk of this.#chunks) {
      if (offset + chunk.length > this.#scanned) {
        const at = chunk.indexOf(10, Math.max(0, this.#scanned - offset));
        if (at >= 0) return offset + at;
      }
      offset += chunk.length;
    }
    this.#scanned = offset;
    return -1;
  }

  /** The next line without its CRLF, one character per byte. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#lineEnd();
      if (end >= 0) {
        const line = this.#take(end + 1).toString('latin1');
        return line.endsWith('\r\n') ? line.slice(0, -2) : line.slice(0, -1);
      }
      await this.#more();
    }
  }

  async bytes(size: number): Promise<Buffer> {
    while (this.#available < size) await this.#more();
    return size === 0 ? Buffer.alloc(0) : this.#take(size);
  }

  /** Everything until the server closes the connection. */
  async rest(): Promise<Buffer> {
    while (!this.#ended) {
      try {
        await this.#more();
      } catch (error) {
        if (!(error instanceof ConnectionEnded)) throw error;
      }
    }
    return this.#take(this.#available);
  }

  /** Throws away what comes up to and including the line that starts with `start`; answers that line. For answers too
   * long to be cut into strings. */
  async skipToLine(start: string): Promise<string> {
    const wanted = Buffer.from(`\n${start}`, 'latin1');
    let tail = Buffer.from('\n');
    for (;;) {
      while (this.#chunks.length > 0) {
        const chunk = this.#take((this.#chunks[0] as Buffer).length);
        const window = Buffer.concat([tail, chunk]);
        const at = window.indexOf(wanted);
        if (at >= 0) {
          const left = window.subarray(at + 1);
          this.#chunks.unshift(left);
          this.#available += left.length;
          return await this.line();
        }
        tail = window.subarray(Math.max(0, window.length - wanted.length));
      }
      await this.#more();
    }
  }

  /** After the server agreed to STARTTLS/STLS. */
  async startTls(): Promise<void> {
    this.#socket.removeAllListeners();
    const secure = connectTls({ socket: this.#socket, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve);
      secure.once('error', reject);
      secure.once('close', () => reject(new ConnectionEnded('closed during the TLS handshake')));
    });
    this.#socket = secure;
    this.#listen(secure);
  }

  /** After the server agreed to COMPRESS DEFLATE. */
  startDeflate(): void {
    this.#socket.removeAllListeners();
    const inflate = createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
    // The socket may have ended before all of it is inflated.
    this.#listen(this.#socket.on('error', (error) => inflate.destroy(error)).pipe(inflate));
    this.#deflate = createDeflateRaw({ flush: constants.Z_SYNC_FLUSH });
    this.#deflate.pipe(this.#socket);
  }

  /** Without ceremony: an RST if data is waiting. */
  destroy(): void {
    this.#socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await Promise.resolve();
  }
}
