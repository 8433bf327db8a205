/**
 * BlobStore: large immutable byte strings, named by their content. Durable when `put` resolves (the folder entry, too).
 * Never stale. Nothing is ever overwritten: putting a key that exists is a no-op that still answers only when durable.
 */

/** `<generation>-<SHA-256 of the content in hex>`; the generation is a whole number (blob collection moves it on). */
export type BlobKey = string & { readonly __brand: 'BlobKey' };

export function blobKey(generation: number, sha256: string): BlobKey {
  return `${generation}-${sha256}` as BlobKey;
}

export interface BlobInfo {
  readonly key: BlobKey;
  readonly size: number;
  /** When it was written, in milliseconds since 1970. */
  readonly modified: number;
}

export interface BlobStore extends AsyncDisposable {
  /** The caller vouches for the key; a content that does not match it is refused (`Damaged`), and nothing is stored. */
  put(key: BlobKey, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;
  /** Bytes `start` (included) to `end` (excluded). Undefined when there is no such blob. Every byte was checked before
   * it is handed out; the iteration throws `Damaged` instead of yielding a wrong one. */
  get(key: BlobKey, start?: number, end?: number): Promise<AsyncIterable<Uint8Array> | undefined>;
  info(key: BlobKey): Promise<BlobInfo | undefined>;
  drop(key: BlobKey): Promise<void>;
  list(): AsyncIterable<BlobInfo>;
}
