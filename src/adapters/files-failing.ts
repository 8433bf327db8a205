/** A disk whose n-th call fails, for tests that try each call in turn. */
import type { Files, OpenFile } from './files.ts';

export class FailingFiles implements Files {
  readonly #below: Files;
  /** What was called so far, e.g. `sync`, `rename`. */
  readonly calls: string[] = [];
  /** The position in `calls` that fails, once. */
  failAt = -1;
  error: NodeJS.ErrnoException = failure('EIO');

  constructor(below: Files) {
    this.#below = below;
  }

  #call(name: string): void {
    if (this.calls.push(name) - 1 === this.failAt) throw this.error;
  }

  async open(path: string, mode: 'read' | 'create'): Promise<OpenFile> {
    this.#call(`open ${mode}`);
    const file = await this.#below.open(path, mode);
    return {
      write: async (bytes) => {
        this.#call('write');
        await file.write(bytes);
      },
      read: async (into, position) => {
        this.#call('read');
        return file.read(into, position);
      },
      sync: async () => {
        this.#call('sync');
        await file.sync();
      },
      size: () => file.size(),
      close: () => file.close(),
    };
  }
  async rename(from: string, to: string): Promise<void> {
    this.#call('rename');
    await this.#below.rename(from, to);
  }
  async syncFolder(path: string): Promise<void> {
    this.#call('sync folder');
    await this.#below.syncFolder(path);
  }
  async makeFolder(path: string): Promise<boolean> {
    this.#call('make folder');
    return this.#below.makeFolder(path);
  }
  remove(path: string): Promise<void> {
    return this.#below.remove(path);
  }
  names(path: string): Promise<string[]> {
    return this.#below.names(path);
  }
  info(path: string): Promise<{ size: number; modified: number } | undefined> {
    return this.#below.info(path);
  }
}

export function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code });
}
