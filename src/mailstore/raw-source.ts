/**
 * A raw message that may be read more than once: in memory when it is small, else in a file without a name, so that many
 * large ones at a time need little memory, and a crash leaves nothing behind.
 */
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StoreFull } from '../ports/kv.ts';

/** Larger ones are spooled. */
const IN_MEMORY = 1 << 20;
/** Of all that come in at the same time: those beyond are spooled from the first byte, however slowly their senders send. */
const ALL_IN_MEMORY = 32 << 20;
const PIECE = 256 << 10;
/** How long one piece of work may keep others waiting, in milliseconds. */
const PATIENCE = 8;

export interface RawSource extends AsyncDisposable {
  readonly size: number;
  /** Bytes `start` (included) to `end` (excluded), in pieces of at most 256 KiB that are good until the next one. */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

/** Lets others have their turn when this has taken long enough. */
export class Patience {
  #since = performance.now();

  /** Undefined when there is no hurry. */
  pause(): Promise<void> | undefined {
    if (performance.now() - this.#since < PATIENCE) return undefined;
    return nextTurn().then(() => void (this.#since = performance.now()));
  }
}

export class MemorySource implements RawSource {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get size(): number {
    return this.bytes.length;
  }

  async *read(start: number, end: number): AsyncIterable<Uint8Array> {
    for (let at = start; at < end; at += PIECE) yield this.bytes.subarray(at, Math.min(end, at + PIECE));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

class SpooledSource implements RawSource {
  readonly #file: FileHandle;
  size = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.size).catch(full);
      at += bytesWritten;
      this.size += bytesWritten;
    }
  }

  async *read(start: number, end: number): AsyncIterable<Uint8Array> {
    const piece = Buffer.allocUnsafeSlow(Math.min(PIECE, Math.max(0, end - start)));
    for (let at = start; at < end; ) {
      const { bytesRead } = await this.#file.read(piece, 0, Math.min(piece.length, end - at), at);
      if (bytesRead === 0) throw new Error('a spooled message became shorter');
      yield piece.subarray(0, bytesRead);
      at += bytesRead;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}

/** Takes messages in, many at a time. */
export class Receiver {
  readonly #folder: string;
  readonly #most: number;
  /** Bytes of messages that are still coming in. */
  #inMemory = 0;

  /** `folder`: where large ones are spooled. */
  constructor(folder: string, most = ALL_IN_MEMORY) {
    this.#folder = folder;
    this.#most = most;
  }

  /** Small ones are answered as they are. Throws what the message itself throws, and `StoreFull` when there is no room to spool it. */
  async receive(raw: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array | RawSource> {
    let pieces: Uint8Array[] = [];
    let size = 0;
    let spool: SpooledSource | undefined;
    const patience = new Patience();
    try {
      for await (const piece of raw) {
        if (spool) await spool.append(piece);
        else {
          pieces.push(piece);
          size += piece.length;
          this.#inMemory += piece.length;
          if (size > IN_MEMORY || this.#inMemory > this.#most) {
            spool = new SpooledSource(await openNameless(join(this.#folder, name)));
            for (const earlier of pieces) await spool.append(earlier);
            pieces = [];
            this.#inMemory -= size;
            size = 0;
          }
        }
        await patience.pause();
      }
    } catch (error) {
      await spool?.[Symbol.asyncDispose]();
      throw error;
    } finally {
      this.#inMemory -= size;
    }
    return spool ?? (pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces));
  }
}

async function openNameless(path: string): Promise<FileHandle> {
  const file = await open(path, 'wx+', 0o600).catch(full);
  await unlink(path);
  return file;
}

function full(error: NodeJS.ErrnoException): never {
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT')
    throw new StoreFull('no room to spool a message', { cause: error });
  throw error;
}
