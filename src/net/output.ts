/** What a connection sends: gathered per turn of the event loop, bounded, and with a way to wait for a slow reader. */
import type { Writable } from 'node:stream';

/** Unsent output that a session must wait for, and that ends a connection whose session did not wait. */
const HIGH = 64 * 1024;
const MAX = 1024 * 1024;
/** To copy so many bytes costs less than to write them in several pieces. */
const JOINED = 16 * 1024;
/** A peer that takes no byte for so long is gone. */
const STALL_MS = 180_000;

/** What lies between a writable and the peer. */
export interface Beyond {
  /** Bytes not sent yet, those that the writable still has among them. */
  readonly unsent: number;
}

export class Output {
  #socket: Writable;
  #beyond: Beyond | undefined;
  readonly #overflow: () => void;
  #parts: (string | Uint8Array)[] = [];
  #bytes = 0;
  #scheduled = false;
  #drained: PromiseWithResolvers<void> | undefined;
  #stallSince = Infinity;
  #unsentSeen = 0;

  /** `overflow` is called when somebody writes on and on to a peer that does not read. */
  constructor(socket: Writable, overflow: () => void) {
    this.#socket = socket;
    this.#overflow = overflow;
    socket.on('drain', this.#onDrain);
  }

  /** From now on over this one (TLS, compression). */
  moveTo(socket: Writable, beyond?: Beyond): void {
    this.#socket.off('drain', this.#onDrain);
    this.#socket = socket;
    this.#beyond = beyond;
    socket.on('drain', this.#onDrain);
  }

  write(data: string | Uint8Array): void {
    // What the peer did not take before this: one piece may be larger by itself (the structure of a mail of 10,000 parts).
    const unsent = this.#bytes + this.#socket.writableLength;
    this.#parts.push(data);
    this.#bytes += data.length;
    if (unsent > MAX) {
      this.#overflow();
    } else if (this.#bytes >= HIGH) {
      this.flush();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      flushSoon(this);
    }
  }

  /** Undefined while the peer keeps up; else resolves once it does, or is gone. */
  flushed(): Promise<void> | undefined {
    if (this.#socket.writableLength + this.#bytes < HIGH) return undefined;
    // 'drain' follows only a write that asked for it. What is gathered is written now: else the bytes before it could
    // leave meanwhile, it would fit, and nobody would ever say so.
    this.flush();
    if (!this.#socket.writableNeedDrain) return undefined;
    this.#drained ??= Promise.withResolvers<void>();
    return this.#drained.promise;
  }

  flush(): void {
    this.#scheduled = false;
    const parts = this.#parts;
    if (parts.length === 0) return;
    this.#parts = [];
    const bytes = this.#bytes;
    this.#bytes = 0;
    const socket = this.#socket;
    if (!socket.writable) return;
    if (parts.length === 1) socket.write(parts[0] as string | Uint8Array);
    else if (parts.every((part) => typeof part === 'string')) socket.write(parts.join(''));
    else if (bytes <= JOINED) {
      socket.write(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part))));
    } else {
      socket.cork();
      for (const part of parts) socket.write(part);
      socket.uncork();
    }
  }

  /** Asked now and then, with monotonic milliseconds: has the peer taken nothing for too long? */
  stalled(now: number): boolean {
    const unsent = this.#beyond?.unsent ?? this.#socket.writableLength;
    if (unsent === 0 || unsent !== this.#unsentSeen) {
      this.#unsentSeen = unsent;
      this.#stallSince = unsent === 0 ? Infinity : now;
    }
    return now - this.#stallSince >= STALL_MS;
  }

  /** Nobody waits any longer. */
  release(): void {
    this.#onDrain();
  }

  readonly #onDrain = (): void => {
    this.#drained?.resolve();
    this.#drained = undefined;
  };
}

/** Everything that is written in one turn of the event loop, by any session, goes out at its end. */
let unflushed: Output[] = [];

function flushSoon(output: Output): void {
  if (unflushed.push(output) === 1) setImmediate(flushAll);
}

function flushAll(): void {
  const all = unflushed;
  unflushed = [];
  for (const output of all) output.flush();
}
