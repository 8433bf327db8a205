/**
 * DEFLATE in both directions of a connection (RFC 4978). What is written leaves whole with every write, so no answer waits for the
 * next. What comes in is inflated only as far as it is read: a peer that sends a gigabyte of zeros in a megabyte is held up like any other.
 */
import type { Socket } from 'node:net';
import { constants, createDeflateRaw, createInflateRaw, type DeflateRaw, type InflateRaw } from 'node:zlib';

/**
 * 4 KiB of history and small tables: 32 KiB for a connection that compresses, where zlib takes 256 by default. The history begins anew with
 * each write, so that the length of an answer says nothing of those before it (the attack named CRIME).
 */
const DEFLATE = { windowBits: 12, memLevel: 5, level: 5, chunkSize: 8 * 1024, flush: constants.Z_FULL_FLUSH };
/** The history is the peer's choice. Who hangs up in the middle has only hung up. */
const INFLATE = { chunkSize: 8 * 1024, readableHighWaterMark: 16 * 1024, finishFlush: constants.Z_SYNC_FLUSH };

export class Compression {
  /** What is written to it goes out compressed. */
  readonly deflate: DeflateRaw;
  /** What came in, inflated. */
  readonly inflate: InflateRaw;
  readonly #socket: Socket;

  /** `failed`: the peer sends something that is not DEFLATE. Nobody else may listen to the socket's data from now on. */
  constructor(socket: Socket, failed: () => void) {
    this.#socket = socket;
    this.deflate = createDeflateRaw(DEFLATE);
    this.inflate = createInflateRaw(INFLATE);
    this.deflate.on('error', failed);
    this.inflate.on('error', failed);
    this.deflate.pipe(socket);
    socket.pipe(this.inflate);
  }

  /** Bytes on their way out, in whichever form. */
  get unsent(): number {
    return this.deflate.writableLength + this.deflate.readableLength + this.#socket.writableLength;
  }

  /** Sends what was written; `sent` is called when the socket has all of it, and has ended. */
  end(sent: () => void): void {
    this.deflate.once('end', sent).end();
  }

  destroy(): void {
    this.deflate.destroy();
    this.inflate.destroy();
  }
}
