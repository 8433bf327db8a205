/** What every blob store does with keys: tell them from other names, and write each once at a time. */
import type { BlobKey } from '../ports/blob.ts';

const KEY = /^\d{1,15}-([0-9a-f]{64})$/;

export function isBlobKey(name: string): name is BlobKey {
  return KEY.test(name);
}

/** SHA-256 of the content, in hex. Throws RangeError for what is no key. */
export function digestOf(key: BlobKey): string {
  const digest = KEY.exec(key)?.[1];
  if (digest === undefined) throw new RangeError(`not a blob key: ${JSON.stringify(key).slice(0, 100)}`);
  return digest;
}

/** Blobs that are being written. */
export class BlobWrites {
  readonly #writing = new Map<BlobKey, Promise<void>>();

  /** Another one who writes the same key has the same content: when theirs is durable so is ours; when it failed we try ourselves. */
  async once(key: BlobKey, write: () => Promise<void>): Promise<void> {
    for (let other = this.#writing.get(key); other; other = this.#writing.get(key)) {
      const written = await other.then(
        () => true,
        () => false,
      );
      if (written) return;
    }
    const writing = write();
    this.#writing.set(key, writing);
    try {
      await writing;
    } finally {
      this.#writing.delete(key);
    }
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.#writing.values());
  }
}
