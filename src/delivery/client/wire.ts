/** A connection to an SMTP server: replies in, commands out, TLS on request, a deadline on everything. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions as TlsOptions, TLSSocket } from 'node:tls';
import { InputBuffer } from '../../net/input.ts';
import type { Clock } from '../../ports/clock.ts';
import { type Reply, REPLY_LINE_LIMIT, ReplyReader } from './reply.ts';

export type WireFault =
  /** Nobody answers there. */
  | 'connect'
  /** The other side took too long. */
  | 'timeout'
  /** The connection ended. */
  | 'closed'
  /** What came is not SMTP. */
  | 'garbage'
  /** No TLS could be agreed on. */
  | 'tls'
  /** We were told to stop. */
  | 'aborted';

export class WireError extends Error {
  override readonly name = 'WireError';
  readonly fault: WireFault;
  constructor(fault: WireFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}

export interface ConnectOptions {
  readonly address: string;
  readonly port: number;
  /** Ours; the system's choice when absent. */
  readonly localAddress?: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Replies that nobody has asked for yet stop us from reading more. */
const INPUT_HIGH = 64 << 10;

export class ClientWire {
  readonly #clock: Clock;
  #socket: Socket;
  readonly #input = new InputBuffer();
  readonly #replies = new ReplyReader();
  #fault: WireError | undefined;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, clock: Clock) {
    this.#clock = clock;
    this.#socket = socket;
    this.#listen(socket);
  }

  static async connect({ address, port, localAddress, clock, timeoutMs, signal }: ConnectOptions): Promise<ClientWire> {
    if (signal.aborted) throw new WireError('aborted', 'stopped');
    const socket = connect({
      host: address,
      port,
      noDelay: true,
      keepAlive: true,
      ...(localAddress !== undefined && { localAddress }),
    });
    const done = Promise.withResolvers<void>();
    const fail = (fault: WireFault, message: string): void => done.reject(new WireError(fault, message));
    const onError = (error: Error): void => fail('connect', `cannot connect: ${error.message}`);
    const onAbort = (): void => fail('aborted', 'stopped');
    socket.once('connect', done.resolve);
    socket.once('error', onError);
    signal.addEventListener('abort', onAbort, { once: true });
    using _deadline = clock.after(timeoutMs, () => fail('connect', 'no connection in time'));
    try {
      await done.promise;
      return new ClientWire(socket, clock);
    } catch (error) {
      socket.on('error', () => undefined);
      socket.destroy();
      throw error;
    } finally {
      socket.off('error', onError);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Why nothing more can be said or heard; undefined while the connection lives. */
  get fault(): WireError | undefined {
    return this.#fault;
  }

  /** Protocol and cipher; undefined on a plain connection. */
  get tls(): string | undefined {
    if (!(this.#socket instanceof TLSSocket)) return undefined;
    return `${this.#socket.getProtocol() ?? ''} ${this.#socket.getCipher().standardName}`;
  }

  get tlsSocket(): TLSSocket | undefined {
    return this.#socket instanceof TLSSocket ? this.#socket : undefined;
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? '';
  }

  get localAddress(): string {
    return this.#socket.localAddress ?? '';
  }

  /** Something has come that was not read, or the end: before the end of a body the server has given up on it. */
  get spoken(): boolean {
    return this.#input.length > 0 || this.#fault !== undefined;
  }

  /** The next reply, all of it within the deadline. */
  async reply(timeoutMs: number): Promise<Reply> {
    let late = false;
    using _deadline = this.#clock.after(timeoutMs, () => {
      late = true;
      this.#wake?.();
    });
    for (;;) {
      const reply = this.#take();
      if (reply) return reply;
      if (this.#fault) throw this.#fault;
      if (late) throw this.#fail('timeout', `no reply within ${Math.round(timeoutMs / 1000)} s`);
      this.#socket.resume();
      await this.#news();
    }
  }

  /** Resolves when the other side takes it as fast as we give; rejects when it takes nothing for too long. */
  async write(data: string | Uint8Array, timeoutMs: number): Promise<void> {
    if (this.#fault) throw this.#fault;
    if (this.#socket.write(data)) return;
    let late = false;
    let drained = false;
    const onDrain = (): void => {
      drained = true;
      this.#wake?.();
    };
    this.#socket.once('drain', onDrain);
    using _deadline = this.#clock.after(timeoutMs, () => {
      late = true;
      this.#wake?.();
    });
    try {
      while (!drained && !this.#fault && !late) await this.#news();
    } finally {
      this.#socket.off('drain', onDrain);
    }
    if (this.#fault) throw this.#fault;
    if (late) throw this.#fail('timeout', `nothing was taken for ${Math.round(timeoutMs / 1000)} s`);
  }

  /** Throws `WireError` `tls`. Whatever came in plain text beforehand would be taken for an answer under TLS. */
  async startTls(options: TlsOptions, timeoutMs: number): Promise<void> {
    if (this.#fault) throw this.#fault;
    if (this.#input.length > 0 || this.#replies.within)
      throw this.#fail('garbage', 'more than a reply before the TLS handshake');
    const plain = this.#socket;
    plain.removeAllListeners();
    plain.on('error', () => undefined);
    const done = Promise.withResolvers<void>();
    const fail = (message: string): void => done.reject(new WireError('tls', message));
    const secure = connectTls({ ...options, socket: plain, rejectUnauthorized: false });
    this.#socket = secure;
    secure.once('secureConnect', done.resolve);
    const onError = (error: Error): void => fail(`TLS: ${error.message}`);
    const onClose = (): void => fail('closed during the TLS handshake');
    secure.once('error', onError);
    secure.once('close', onClose);
    plain.once('close', onClose);
    this.#wake = () => fail(this.#fault?.message ?? 'closed during the TLS handshake');
    using _deadline = this.#clock.after(timeoutMs, () => fail('no TLS handshake in time'));
    try {
      await done.promise;
    } catch (error) {
      secure.on('error', () => undefined);
      this.#fault ??= error as WireError;
      this.destroy();
      throw this.#fault;
    } finally {
      this.#wake = undefined;
      secure.off('error', onError);
      secure.off('close', onClose);
      plain.off('close', onClose);
    }
    this.#listen(secure);
  }

  /** At once, and for the reason given. */
  destroy(fault: WireFault = 'closed', message = 'the connection was closed'): void {
    this.#fail(fault, message);
  }

  /** Says a last word, and does not wait for an answer. */
  farewell(word: string): void {
    this.#fault ??= new WireError('closed', 'the connection was closed');
    this.#socket.end(word);
    // Whoever does not close in return is not waited for.
    const socket = this.#socket;
    this.#clock.after(5_000, () => socket.destroy());
    socket.resume();
  }

  #take(): Reply | undefined {
    for (;;) {
      const line = this.#input.takeLine(REPLY_LINE_LIMIT, false);
      if (line === undefined) return undefined;
      const reply = typeof line === 'string' ? 'garbage' : this.#replies.add(line);
      if (reply === 'garbage') throw this.#fail('garbage', 'the server does not speak SMTP');
      if (reply) return reply;
    }
  }

  #news(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }

  #fail(fault: WireFault, message: string): WireError {
    this.#fault ??= new WireError(fault, message);
    this.#socket.destroy();
    this.#wake?.();
    return this.#fault;
  }

  #listen(socket: Socket): void {
    socket.on('data', (piece: Buffer) => {
      this.#input.push(piece);
      if (this.#input.length > INPUT_HIGH) socket.pause();
      this.#wake?.();
    });
    const ended = (message: string) => (): void => {
      this.#fault ??= new WireError('closed', message);
      socket.destroy();
      this.#wake?.();
    };
    socket.on('end', ended('the server closed the connection'));
    socket.on('close', ended('the server closed the connection'));
    socket.on('error', (error) => ended(`the connection broke: ${error.message}`)());
  }
}
