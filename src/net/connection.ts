/**
 * One connection of a line protocol: lines and bytes in, with limits and deadlines; text and bytes out, gathered per
 * turn, with back-pressure. Reading is asked for, never pushed, so a session that works does not pile up input.
 */
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Log } from '../telemetry/log.ts';
import { isLoopback, plainAddress } from './address.ts';
import { channelBinding, type ChannelBindingType, cipherOf } from './channel-binding.ts';
import { Compression } from './compression.ts';
import type { Deadlines, Watched } from './deadlines.ts';
import { ConnectionError } from './error.ts';
import type { ConnectionFault } from './error.ts';
import { InputBuffer } from './input.ts';
import { Output } from './output.ts';
import { parseProxyHeader } from './proxy.ts';
import type { TlsIdentity } from './tls.ts';
import { Transfer, TRANSFER_RATE, type TransferRate } from './transfer.ts';

export interface ConnectionOptions {
  /** Bytes of a line without its CRLF. */
  readonly lineLimit: number;
  /** Lines must end in CRLF and hold no CR; else `bare-newline`. */
  readonly strictLines: boolean;
  /** From asking for a line (or bytes) to having all of it. The session may change it as it goes. */
  readonly commandTimeoutMs: number;
  /** The same while the service is short of connections; `trusted` ones keep the usual. Default: no difference. */
  readonly stressTimeoutMs?: number;
}

/** Unread input that stops us from reading more. */
const INPUT_HIGH = 64 * 1024;
const HANDSHAKE_MS = 10_000;
/** After an error reply we read on (and forget) for so long, lest a reset overtakes the reply. */
const LINGER_MS = 2_000;

type Want = 'nothing' | 'line' | 'piece' | 'bytes';

export class Connection implements Watched {
  readonly id: string;
  readonly protocol: string;
  /** Line protocols change these with their state. */
  lineLimit: number;
  commandTimeoutMs: number;
  /** To be set once the client has proved who it is. */
  trusted = false;

  readonly #stressTimeoutMs: number;
  #socket: Socket;
  #compression: Compression | undefined;
  readonly #deadlines: Deadlines;
  readonly #log: Log;
  readonly #strict: boolean;
  readonly #input = new InputBuffer();
  readonly #output: Output;
  #remoteAddress: string;
  #remotePort: number;

  #want: Want = 'nothing';
  #wantSize = 0;
  #resolve: ((bytes: Buffer) => void) | undefined;
  #reject: ((reason: ConnectionError) => void) | undefined;
  #readDeadline = Infinity;
  #readSince = 0;
  #transfer: Transfer | undefined;
  #paused = false;
  #ended = false;
  #fault: ConnectionFault | undefined;

  #closing = false;
  #closeDeadline = Infinity;
  readonly #closed = Promise.withResolvers<void>();

  constructor(
    socket: Socket,
    id: string,
    protocol: string,
    options: ConnectionOptions,
    deadlines: Deadlines,
    log: Log,
  ) {
    this.id = id;
    this.protocol = protocol;
    this.lineLimit = options.lineLimit;
    this.commandTimeoutMs = options.commandTimeoutMs;
    this.#stressTimeoutMs = options.stressTimeoutMs ?? Infinity;
    this.#strict = options.strictLines;
    this.#socket = socket;
    this.#output = new Output(socket, () => {
      log.warn({ connection: id, protocol }, 'closed: the peer does not read what we send');
      this.destroy();
    });
    this.#deadlines = deadlines;
    this.#log = log;
    this.#remoteAddress = plainAddress(socket.remoteAddress ?? '');
    this.#remotePort = socket.remotePort ?? 0;
    this.#listen(socket);
    deadlines.watch(this);
  }

  /** Of the client, as a trusted proxy told it. */
  get remoteAddress(): string {
    return this.#remoteAddress;
  }
  get remotePort(): number {
    return this.#remotePort;
  }
  get localAddress(): string {
    return plainAddress(this.#socket.localAddress ?? '');
  }
  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }
  get fromLoopback(): boolean {
    return isLoopback(this.#remoteAddress);
  }
  get secure(): boolean {
    return this.#socket instanceof TLSSocket;
  }
  /** E.g. `TLSv1.3 TLS_AES_256_GCM_SHA384`; '' on a plain connection. */
  get cipher(): string {
    return cipherOf(this.#socket);
  }
  /** For SASL: undefined where there is none of this type. */
  channelBinding(type: ChannelBindingType): Buffer | undefined {
    return channelBinding(this.#socket, type);
  }
  get compressed(): boolean {
    return this.#compression !== undefined;
  }
  get log(): Log {
    return this.#log.child({ connection: this.id, protocol: this.protocol, remote: this.#remoteAddress });
  }
  /** Bytes that arrived and were not read yet. */
  get buffered(): number {
    return this.#input.length;
  }
  /** Nothing more will come or go. */
  get gone(): boolean {
    return this.#fault === 'closed' || this.#socket.destroyed;
  }
  /** Resolves when the socket is closed. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  // --- reading ------------------------------------------------------------------------------------------------------

  /**
   * The next line without its CRLF: at once when it has arrived, else a promise (so a session that is sent many
   * commands together runs them in one turn). The bytes stay valid. Throws or rejects with `ConnectionError`.
   */
  readLine(): Buffer | Promise<Buffer> {
    this.#mayRead();
    if (this.#closing || this.#fault !== undefined) throw new ConnectionError(this.#fault ?? 'closed');
    const drained = this.flushed();
    if (drained !== undefined) return drained.then(() => this.readLine());
    const line = this.#input.takeLine(this.lineLimit, this.#strict);
    if (line === undefined) return this.#wait('line', 0, this.commandTimeoutMs);
    if (typeof line === 'string') throw new ConnectionError(line);
    if (this.#paused) this.#resume();
    return line;
  }

  /** Between 1 and `max` bytes, as they arrive. */
  readPiece(max: number = Infinity): Buffer | Promise<Buffer> {
    this.#mayRead();
    const piece = this.#input.takePiece(max);
    if (piece === undefined) return this.#waitBytes('piece', max);
    return this.#took(piece);
  }

  /** Exactly `size` bytes in one buffer; for small things, large ones go by `readPiece`. */
  readBytes(size: number): Buffer | Promise<Buffer> {
    this.#mayRead();
    const bytes = this.#input.takeBytes(size);
    if (bytes === undefined) return this.#waitBytes('bytes', size);
    return this.#took(bytes);
  }

  /** Reads over `size` bytes. */
  async skip(size: number): Promise<void> {
    for (let left = size; left > 0; ) left -= (await this.readPiece(left)).length;
  }

  /** Puts bytes back, to be read next. */
  unread(bytes: Buffer): void {
    this.#input.unread(bytes);
  }

  /** Forgets what arrived and was not read. */
  discardInput(): void {
    this.#input.clear();
  }

  /** From now on until `endTransfer`, `readPiece` and `readBytes` hold the peer to this rate instead of to the command timeout. */
  beginTransfer(rate: TransferRate = TRANSFER_RATE): void {
    this.#transfer = new Transfer(rate, this.#deadlines.now());
  }

  endTransfer(): void {
    this.#transfer = undefined;
  }

  // --- writing ------------------------------------------------------------------------------------------------------

  /** Text goes as UTF-8. Sent together with everything else written in this turn. Never waits: see `flushed`. */
  write(data: string | Uint8Array): void {
    if (this.#closing || this.#fault === 'closed' || data.length === 0) return;
    this.#output.write(data);
  }

  /** Undefined when the peer keeps up; else resolves once it does. Await it between the pieces of a long answer. */
  flushed(): Promise<void> | undefined {
    return this.gone ? undefined : this.#output.flushed();
  }

  // --- TLS, proxy, end ----------------------------------------------------------------------------------------------

  /**
   * STARTTLS: sends `reply`, forgets everything that arrived in plaintext (RFC 3207 §4.2: what came before the
   * handshake was written by anybody), and negotiates. The session must forget what it knew, too.
   */
  async startTls(identity: TlsIdentity, reply: string): Promise<void> {
    const socket = this.#socket;
    this.#detach(socket);
    socket.pause();
    this.#input.clear();
    while (socket.read() !== null);
    this.#output.flush();
    await new Promise<void>((resolve) => socket.write(reply, () => resolve()));
    await this.handshake(identity);
  }

  /** Implicit TLS. */
  async handshake(identity: TlsIdentity): Promise<void> {
    const plain = this.#socket;
    this.#detach(plain);
    plain.pause();
    const early = this.#input.takeBytes(this.#input.length);
    if (early !== undefined && early.length > 0) plain.unshift(early);
    const socket = new TLSSocket(plain, { isServer: true, ...identity.options });
    this.#socket = socket;
    this.#output.moveTo(socket);
    this.#ended = this.#paused = false;
    this.#closeDeadline = this.#deadlines.now() + HANDSHAKE_MS;
    const secured = Promise.withResolvers<void>();
    let reason = 'the handshake was not completed';
    const remember = (error: Error): void => void (reason = error.message);
    const fail = (): void => secured.reject(new ConnectionError('tls', reason));
    socket.on('error', remember).on('_tlsError', remember).once('close', fail).once('end', fail);
    socket.once('secure', secured.resolve);
    this.#listen(socket);
    await secured.promise;
    socket.off('close', fail).off('end', fail).off('_tlsError', remember).off('error', remember);
    this.#closeDeadline = Infinity;
  }

  /** From here on both directions are compressed (RFC 4978); what was written goes out as it is. Never together with `startTls` after it. */
  startCompression(): void {
    const socket = this.#socket;
    this.#detach(socket);
    this.#output.flush();
    const compression = new Compression(socket, () => this.destroy());
    this.#compression = compression;
    this.#output.moveTo(compression.deflate, compression);
    const early = this.#input.takeBytes(this.#input.length);
    if (early !== undefined && early.length > 0) compression.inflate.write(early);
    compression.inflate.on('data', this.#onData).on('end', this.#onEnd);
    this.#resume();
  }

  /** Reads the header of a trusted proxy; whoever it names is the client from here on. */
  async readProxyHeader(): Promise<void> {
    for (;;) {
      const seen = this.#input.takeBytes(this.#input.length) ?? Buffer.alloc(0);
      const header = seen.length === 0 ? undefined : parseProxyHeader(seen);
      if (header === 'malformed') throw new ConnectionError('closed', 'malformed PROXY header');
      if (header !== undefined) {
        this.#input.unread(seen.subarray(header.length));
        if (header.source === undefined) return;
        this.#remoteAddress = plainAddress(header.source.address);
        this.#remotePort = header.source.port;
        return;
      }
      this.#input.unread(seen);
      // One more byte at least, put behind what is there.
      const more = await this.readBytes(seen.length + 1);
      this.#input.unread(more);
    }
  }

  /** Sends what was written, then hangs up. With `linger` the peer's unread input cannot destroy our last words. */
  close(linger = false): void {
    if (this.#closing) return;
    this.#output.flush();
    this.#closing = true;
    this.#closeDeadline = this.#deadlines.now() + LINGER_MS;
    this.#failRead('closed');
    if (this.#socket.destroyed) return;
    this.#input.clear();
    if (this.#compression !== undefined) {
      this.#compression.end(() => this.#socket.destroySoon());
    } else if (linger) {
      this.#socket.end();
      this.#resume();
      if (this.#ended) this.#socket.destroySoon();
    } else {
      this.#socket.destroySoon();
    }
  }

  destroy(): void {
    this.#socket.destroy();
    this.#gone();
  }

  /** The service stops, or its user has to go: the session hears of it where it waits for the next command. */
  shutDown(why: 'shutting-down' | 'signed-out' = 'shutting-down'): void {
    if (this.#fault !== undefined) return;
    this.#fault = why;
    if (this.#want === 'line') this.#failRead(why);
    // Nothing was said yet in this handshake that could be lost.
    else if (this.#closeDeadline !== Infinity && !this.#closing) this.destroy();
  }

  checkDeadline(now: number): void {
    if (now >= this.#closeDeadline) {
      this.destroy();
      return;
    }
    if (now >= this.#readDeadline) this.#failRead('timeout');
    else if (this.#deadlines.stressed && !this.trusted && this.#want === 'line')
      if (now - this.#readSince >= this.#stressTimeoutMs) this.#failRead('timeout');
    if (this.#output.stalled(now)) this.destroy();
  }

  // --- inside -------------------------------------------------------------------------------------------------------

  #mayRead(): void {
    if (this.#want !== 'nothing') throw new Error('two readers on one connection');
  }

  #waitBytes(want: 'piece' | 'bytes', size: number): Promise<Buffer> {
    if (this.#closing || (this.#fault !== undefined && this.#fault !== 'shutting-down'))
      throw new ConnectionError(this.#fault ?? 'closed');
    const transfer = this.#transfer;
    return this.#wait(want, size, transfer?.patience(this.#deadlines.now()) ?? this.commandTimeoutMs);
  }

  #wait(want: Want, size: number, timeoutMs: number): Promise<Buffer> {
    if (this.#ended) throw new ConnectionError('closed');
    this.#want = want;
    this.#wantSize = size;
    this.#readSince = this.#deadlines.now();
    this.#readDeadline = this.#readSince + timeoutMs;
    if (this.#paused) this.#resume();
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  #took(bytes: Buffer): Buffer {
    if (this.#transfer !== undefined) this.#transfer.bytes += bytes.length;
    if (this.#paused && this.#input.length < INPUT_HIGH) this.#resume();
    return bytes;
  }

  /** Where bytes come from. */
  get #source(): Readable {
    return this.#compression?.inflate ?? this.#socket;
  }

  #resume(): void {
    this.#paused = false;
    this.#source.resume();
  }

  #failRead(fault: ConnectionFault): void {
    const reject = this.#reject;
    this.#settled();
    reject?.(new ConnectionError(fault));
  }

  #settled(): void {
    this.#want = 'nothing';
    this.#resolve = this.#reject = undefined;
    this.#readDeadline = Infinity;
  }

  readonly #onData = (piece: Buffer): void => {
    if (this.#closing) return;
    this.#input.push(piece);
    if (this.#want !== 'nothing') this.#satisfy();
    // What is waited for may be longer: a line (with its end, or one byte too many), or so many bytes.
    const wanted = this.#want === 'bytes' ? this.#wantSize : this.#want === 'line' ? this.lineLimit + 3 : 0;
    if (this.#input.length >= Math.max(INPUT_HIGH, wanted) && !this.#paused) {
      this.#paused = true;
      this.#source.pause();
    }
  };

  #satisfy(): void {
    let got: Buffer | ConnectionFault | undefined;
    if (this.#want === 'line') got = this.#input.takeLine(this.lineLimit, this.#strict);
    else if (this.#want === 'piece') got = this.#input.takePiece(this.#wantSize);
    else got = this.#input.takeBytes(this.#wantSize);
    if (got === undefined) return;
    if (typeof got === 'string') {
      this.#failRead(got);
      return;
    }
    if (this.#want !== 'line' && this.#transfer !== undefined) this.#transfer.bytes += got.length;
    const resolve = this.#resolve;
    this.#settled();
    resolve?.(got);
  }

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#failRead('closed');
    if (this.#closing) this.#socket.destroySoon();
  };

  readonly #onClose = (): void => this.#gone();
  /** What went wrong with a socket shows as its end; the session hears 'closed'. */
  readonly #onError = (): void => this.destroy();

  #listen(socket: Socket): void {
    socket.on('data', this.#onData).on('end', this.#onEnd);
    socket.on('error', this.#onError).on('close', this.#onClose);
  }

  /** The plain socket below TLS: its end is still our end. */
  #detach(socket: Socket): void {
    socket.off('data', this.#onData).off('end', this.#onEnd);
  }

  #gone(): void {
    this.#fault = 'closed';
    this.#compression?.destroy();
    this.#deadlines.forget(this);
    this.#failRead('closed');
    this.#output.release();
    this.#closed.resolve();
  }
}
