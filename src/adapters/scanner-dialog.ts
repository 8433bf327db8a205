/** A short conversation with an engine over TCP or a Unix socket: what goes out waits for room, what comes in has a limit. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ScannerFailed } from '../ports/scanner.ts';

/** "host:port", or the path of a socket. */
export type Endpoint = string;

const MOST_ANSWER = 1 << 20;

export class Dialog implements Disposable {
  readonly #socket: Socket;
  readonly #engine: string;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, engine: string) {
    this.#socket = socket;
    this.#engine = engine;
    socket.on('data', (piece: Buffer) => {
      this.#received = this.#received.length === 0 ? piece : Buffer.concat([this.#received, piece]);
      if (this.#received.length > MOST_ANSWER) socket.destroy(new Error('the answer is too long'));
      this.#wake?.();
    });
    socket.on('end', () => this.#over());
    socket.on('error', (error) => {
      this.#error = error;
      this.#over();
    });
    socket.on('close', () => this.#over());
  }

  static async open(engine: string, endpoint: Endpoint, signal: AbortSignal): Promise<Dialog> {
    signal.throwIfAborted();
    const colon = endpoint.lastIndexOf(':');
    const socket = endpoint.includes('/')
      ? connect({ path: endpoint })
      : connect({
          host: endpoint.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
          port: Number(endpoint.slice(colon + 1)),
        });
    try {
      await once(socket, 'connect', { signal });
    } catch (error) {
      socket.destroy();
      signal.throwIfAborted();
      throw new ScannerFailed(`${engine} cannot be reached at ${endpoint}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return new Dialog(socket, engine);
  }

  /** Nothing came that nobody asked for, and the other side is there. */
  get usable(): boolean {
    return !this.#ended && this.#received.length === 0;
  }

  /** The process need not stay for it. */
  rest(): void {
    this.#socket.unref();
  }

  /** Runs `act`; the signal ends it and the connection. */
  async within<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    this.#socket.ref();
    const late = Promise.withResolvers<never>();
    const stop = (): void => {
      late.reject(signal.reason as Error);
      this.#socket.destroy();
    };
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([act(), late.promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async write(bytes: Uint8Array | string): Promise<void> {
    if (this.#ended) throw this.#gone();
    if (this.#socket.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.#socket.off('drain', go).off('close', go);
        resolve();
      };
      this.#socket.on('drain', go).on('close', go);
    });
    if (this.#ended) throw this.#gone();
  }

  /** Up to this byte, without it. */
  async readUntil(byte: number): Promise<string> {
    for (;;) {
      const end = this.#received.indexOf(byte);
      if (end >= 0) {
        const answer = this.#received.toString('utf8', 0, end);
        this.#received = this.#received.subarray(end + 1);
        return answer;
      }
      if (this.#ended) throw this.#gone();
      await this.#more();
    }
  }

  async readToEnd(): Promise<string> {
    while (!this.#ended) await this.#more();
    if (this.#error) throw this.#gone();
    return this.#received.toString('utf8');
  }

  /** An answer is there already, though we have not said all: it is a refusal. */
  get answered(): boolean {
    return this.#received.length > 0;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #over(): void {
    this.#ended = true;
    this.#wake?.();
  }

  #gone(): ScannerFailed {
    return new ScannerFailed(`${this.#engine} hung up: ${this.#error?.message ?? 'no reason given'}`, {
      cause: this.#error,
    });
  }
}

/** So many at once, the others in the order in which they came. */
export class Room {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  /** Dispose of the answer when done. Throws the signal's reason. */
  async place(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    return { [Symbol.dispose]: () => this.#leave() };
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const come = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      const stop = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(come), 1);
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.push(come);
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
