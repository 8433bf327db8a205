/**
 * Blobs as files, `ab/cd/<key>` by the first digits of the digest. A blob is written under a temporary name, synced,
 * renamed, and its folder synced before `put` answers. Reading checks each block before handing it out.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { BlobInfo, BlobKey, BlobStore } from '../ports/blob.ts';
import { Damaged, StoreFailed, StoreFull } from '../ports/kv.ts';
import type { Random } from '../ports/random.ts';
import { BLOCK, BlockSums, contentSize, FOOTER, readTrailer } from './blob-format.ts';
import { BlobWrites, digestOf, isBlobKey } from './blob-keys.ts';
import { type Files, isFull, isMissing, type OpenFile, realFiles } from './files.ts';

const TEMPORARY = 'tmp';

export interface BlobFilesOptions {
  readonly files?: Files;
  /** Told when a sync failed: from then on the disk can be trusted with nothing. */
  readonly onFailed?: (error: StoreFailed) => void;
}

export async function openBlobFiles(
  folder: string,
  random: Random,
  { files = realFiles, onFailed = () => undefined }: BlobFilesOptions = {},
): Promise<BlobStore> {
  const temporary = join(folder, TEMPORARY);
  await files.makeFolder(temporary);
  // Left by a crash: nobody ever heard of them.
  for (const name of await files.names(temporary)) await files.remove(join(temporary, name));
  return new BlobFiles(folder, random, files, onFailed);
}

class BlobFiles implements BlobStore {
  readonly #folder: string;
  readonly #random: Random;
  readonly #files: Files;
  readonly #onFailed: (error: StoreFailed) => void;
  /** Folders that are known to be there and synced. */
  readonly #folders = new Set<string>();
  readonly #writing = new BlobWrites();
  #failed: StoreFailed | undefined;

  constructor(folder: string, random: Random, files: Files, onFailed: (error: StoreFailed) => void) {
    this.#folder = folder;
    this.#random = random;
    this.#files = files;
    this.#onFailed = onFailed;
  }

  async put(key: BlobKey, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    const { path, parent, digest } = this.#place(key);
    await this.#writing.once(key, () => {
      if (this.#failed) throw this.#failed;
      return this.#write(path, parent, digest, content);
    });
  }

  async get(key: BlobKey, start = 0, end = Infinity): Promise<AsyncIterable<Uint8Array> | undefined> {
    const { path } = this.#place(key);
    const file = await this.#open(path);
    if (!file) return undefined;
    try {
      const { size, sums } = await readSums(file, key);
      return this.#read(path, key, sums, Math.max(0, start), Math.min(end, size), size);
    } finally {
      await file.close();
    }
  }

  /** Opens the file only once somebody reads: an answer that nobody reads costs nothing. */
  async *#read(path: string, key: BlobKey, sums: Uint32Array, start: number, end: number, size: number) {
    const file = await this.#files.open(path, 'read');
    try {
      yield* blocks(file, key, sums, start, end, size);
    } finally {
      await file.close();
    }
  }

  async info(key: BlobKey): Promise<BlobInfo | undefined> {
    const info = await this.#files.info(this.#place(key).path);
    const size = info && contentSize(info.size);
    if (!info) return undefined;
    if (size === undefined) throw new Damaged(`blob ${key} has a file of ${info.size} bytes: it was cut or grew`);
    return { key, size, modified: info.modified };
  }

  async drop(key: BlobKey): Promise<void> {
    try {
      await this.#files.remove(this.#place(key).path);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async *list(): AsyncIterable<BlobInfo> {
    for (const first of await this.#files.names(this.#folder)) {
      if (!/^[0-9a-f]{2}$/.test(first)) continue;
      for (const second of await this.#files.names(join(this.#folder, first)))
        for (const name of await this.#files.names(join(this.#folder, first, second))) {
          if (!isBlobKey(name)) continue;
          const info = await this.#files.info(join(this.#folder, first, second, name));
          // A damaged one is listed, too: verify reads it and says so.
          if (info) yield { key: name, size: contentSize(info.size) ?? 0, modified: info.modified };
        }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.settled();
  }

  #place(key: BlobKey): { path: string; parent: string; digest: string } {
    const digest = digestOf(key);
    const parent = join(this.#folder, digest.slice(0, 2), digest.slice(2, 4));
    return { path: join(parent, key), parent, digest };
  }

  async #open(path: string): Promise<OpenFile | undefined> {
    try {
      return await this.#files.open(path, 'read');
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async #write(
    path: string,
    parent: string,
    digest: string,
    content: Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<void> {
    // Written anew even if it is there: how long it takes tells nobody whether somebody else has the same, and a damaged one is mended.
    const temporary = join(this.#folder, TEMPORARY, Buffer.from(this.#random.bytes(12)).toString('hex'));
    try {
      const found = await this.#writeTemporary(temporary, content);
      if (found !== digest) throw new Damaged(`a blob named ${digest} whose content has the digest ${found}`);
      await this.#ensureFolder(parent);
      await this.#files.rename(temporary, path);
    } catch (error) {
      await this.#files.remove(temporary).catch(() => undefined);
      throw isFull(error) ? new StoreFull('no space left for blobs', { cause: error }) : error;
    }
    await this.#syncFolder(parent);
  }

  /** Answers the content's digest, once the file is on the disk. */
  async #writeTemporary(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
    const file = await this.#files.open(path, 'create');
    try {
      const hash = createHash('sha256');
      const sums = new BlockSums();
      for await (const bytes of content instanceof Uint8Array ? [content] : content) {
        hash.update(bytes);
        sums.update(bytes);
        await file.write(bytes);
      }
      await file.write(sums.trailer());
      await this.#synced(() => file.sync());
      return hash.digest('hex');
    } finally {
      await file.close();
    }
  }

  async #ensureFolder(path: string): Promise<void> {
    if (this.#folders.has(path)) return;
    await this.#files.makeFolder(path);
    // Whoever made them, now or before a crash: both names are on the disk from here on.
    await this.#syncFolder(join(path, '..'));
    await this.#syncFolder(this.#folder);
    this.#folders.add(path);
  }

  #syncFolder(path: string): Promise<void> {
    return this.#synced(() => this.#files.syncFolder(path));
  }

  /** After a failed sync nobody can say what is on the disk, and a second one may well succeed without it being so. */
  async #synced(sync: () => Promise<void>): Promise<void> {
    try {
      await sync();
    } catch (error) {
      if (isFull(error)) throw error;
      this.#failed = new StoreFailed('a sync of the blob folder failed: restart after mending the disk', {
        cause: error,
      });
      this.#onFailed(this.#failed);
      throw this.#failed;
    }
  }
}

async function readSums(file: OpenFile, name: string): Promise<{ size: number; sums: Uint32Array }> {
  const fileSize = await file.size();
  const size = contentSize(fileSize);
  if (size === undefined) throw new Damaged(`blob ${name} has a file of ${fileSize} bytes: it was cut or grew`);
  const trailer = Buffer.alloc(4 * Math.ceil(size / BLOCK) + FOOTER);
  const sums = (await readFully(file, trailer, size)) ? readTrailer(trailer, size) : undefined;
  if (!sums) throw new Damaged(`blob ${name} has a damaged trailer`);
  return { size, sums };
}

async function* blocks(
  file: OpenFile,
  name: string,
  sums: Uint32Array,
  start: number,
  end: number,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let block = Math.floor(start / BLOCK); block * BLOCK < end; block++) {
    const from = block * BLOCK;
    const bytes = Buffer.allocUnsafeSlow(Math.min(BLOCK, size - from));
    if (!(await readFully(file, bytes, from)) || crc32(bytes) !== sums[block])
      throw new Damaged(`blob ${name} is damaged between bytes ${from} and ${from + bytes.length}`);
    const piece = bytes.subarray(Math.max(0, start - from), Math.max(0, end - from));
    if (piece.length > 0) yield piece;
  }
}

async function readFully(file: OpenFile, into: Buffer, position: number): Promise<boolean> {
  for (let at = 0; at < into.length; ) {
    const read = await file.read(into.subarray(at), position + at);
    if (read === 0) return false;
    at += read;
  }
  return true;
}
