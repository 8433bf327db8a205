/**
 * A file of SHA-1 hashes, one a line in ascending order, each with `:` and a count or without: as "Pwned Passwords" is
 * published. It is searched where it lies, whatever its size: some twenty-five small reads find out.
 */
import { hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { BreachedPasswords } from '../ports/breached-passwords.ts';

const HASH_LETTERS = 40;
const LINE = /^[0-9A-Fa-f]{40}(?::[0-9]{1,15})?\r?$/;
/** More than a line has. */
const LINE_BYTES = 64;
/** What is left is read at once. */
const WINDOW_BYTES = 4096;

export class BreachedPasswordsFile implements BreachedPasswords, AsyncDisposable {
  readonly #file: FileHandle;
  readonly #size: number;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.#size = size;
  }

  /** Throws what the file system says, and an `Error` for a file of another kind. */
  static async open(path: string): Promise<BreachedPasswordsFile> {
    const file = await open(path);
    try {
      const list = new BreachedPasswordsFile(file, (await file.stat()).size);
      const [first = ''] = (await list.#text(0, LINE_BYTES)).split('\n');
      if (!LINE.test(first)) throw new Error(`${path} does not begin with a SHA-1 hash`);
      return list;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async has(password: string): Promise<boolean> {
    const wanted = hash('sha1', password.normalize('NFC'), 'hex').toUpperCase();
    // The line, if it is there, begins at `low` or later, and before `high`.
    let [low, high] = [0, this.#size];
    while (high - low > WINDOW_BYTES) {
      const middle = Math.floor((low + high) / 2);
      const text = await this.#text(middle, 2 * LINE_BYTES);
      const begin = text.indexOf('\n') + 1;
      // A line is shorter than that: this is no list.
      if (begin === 0) return false;
      if (text.slice(begin, begin + HASH_LETTERS).toUpperCase() <= wanted) low = middle + begin;
      else high = middle + begin;
    }
    const lines = (await this.#text(low, high - low + LINE_BYTES)).toUpperCase().split('\n');
    return lines.some((line) => line.slice(0, HASH_LETTERS) === wanted);
  }

  async #text(at: number, length: number): Promise<string> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length, at);
    return buffer.toString('latin1', 0, bytesRead);
  }
}
