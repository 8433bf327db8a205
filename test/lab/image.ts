/** A file system in a file, mounted over a loop device; a copy of the file is what a power cut leaves. Needs root. */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync } from 'node:fs';

/** Why images cannot be used here; undefined when they can. */
export function imagesMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'mounting an image needs root';
  for (const program of ['mount', 'umount', 'mkfs.ext4'])
    try {
      execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    } catch {
      return `${program} is missing`;
    }
  return undefined;
}

export function makeImage(path: string, bytes: number): void {
  const file = openSync(path, 'w');
  ftruncateSync(file, bytes);
  closeSync(file);
  execFileSync('mkfs.ext4', ['-q', '-F', '-m', '0', path]);
}

/** What the disk has at this moment, without what is still in memory. */
export function copyImage(from: string, to: string): void {
  execFileSync('cp', ['--sparse=always', '--reflink=auto', from, to]);
}

export class Mounted implements Disposable {
  readonly path: string;

  constructor(image: string, path: string) {
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-o', 'loop', image, path]);
    this.path = path;
  }

  [Symbol.dispose](): void {
    try {
      execFileSync('umount', [this.path], { stdio: 'ignore' });
    } catch {
      // A process that was just killed may hold it a moment longer.
      execFileSync('umount', ['-l', this.path]);
    }
  }
}
