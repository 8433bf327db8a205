/**
 * The file operations that durability rests on, in one place: tests put a disk below them that fails at any chosen
 * call. Only what adapters need, nothing more.
 */
import { mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';

export interface OpenFile {
  /** All of it, at the end of what was written before. */
  write(bytes: Uint8Array): Promise<void>;
  /** Up to `into.length` bytes at `position`; answers how many. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** What was written is on the disk. */
  sync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

export interface Files {
  open(path: string, mode: 'read' | 'create'): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** The folder's entries are on the disk. */
  syncFolder(path: string): Promise<void>;
  /** With its parents; answers whether any was made. */
  makeFolder(path: string): Promise<boolean>;
  names(path: string): Promise<string[]>;
  info(path: string): Promise<{ size: number; modified: number } | undefined>;
}

export const realFiles: Files = {
  async open(path, mode) {
    const file = await open(path, mode === 'read' ? 'r' : 'wx', 0o600);
    return {
      async write(bytes) {
        for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten;
      },
      read: async (into, position) => (await file.read(into, 0, into.length, position)).bytesRead,
      sync: () => file.datasync(),
      size: async () => (await file.stat()).size,
      close: () => file.close(),
    };
  },
  rename,
  remove: unlink,
  async syncFolder(path) {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  makeFolder: async (path) => (await mkdir(path, { recursive: true, mode: 0o700 })) !== undefined,
  names: (path) => readdir(path),
  async info(path) {
    try {
      const { size, mtimeMs } = await stat(path);
      return { size, modified: Math.floor(mtimeMs) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  },
};

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}

/** Out of room or of quota: nothing is broken. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error));
}
