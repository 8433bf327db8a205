/** Hosts that an operator knows to be bad: a file with one a line, read again when it has changed. */
import { readFile, stat } from 'node:fs/promises';
import type { Log } from '../../telemetry/log.ts';

/** Bytes of the file, and milliseconds between two looks at it. */
const MOST_BYTES = 32 << 20;
const LOOK_MS = 10_000;

export class BadHosts {
  readonly #path: string;
  readonly #log: Pick<Log, 'warn'>;
  #hosts: ReadonlySet<string> = new Set();
  #read = '';
  #lookedAt = -Infinity;

  /** '' for no file. */
  constructor(path: string, log: Pick<Log, 'warn'>) {
    this.#path = path;
    this.#log = log;
  }

  /** The host itself, or a domain that it is below. */
  has(host: string): boolean {
    if (this.#hosts.size === 0) return false;
    for (let name = host.toLowerCase(); name.includes('.'); name = name.slice(name.indexOf('.') + 1))
      if (this.#hosts.has(name)) return true;
    return false;
  }

  /** A file that cannot be read leaves what was known. `now` in milliseconds of any clock. */
  async refresh(now: number): Promise<void> {
    if (this.#path === '' || now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    try {
      const { mtimeMs, size } = await stat(this.#path);
      const read = `${mtimeMs} ${size}`;
      if (read === this.#read) return;
      if (size > MOST_BYTES) throw new Error(`it has ${size} bytes; ${MOST_BYTES} are the most`);
      const lines = (await readFile(this.#path, 'utf8')).split('\n');
      this.#hosts = new Set(lines.map(hostIn).filter((host) => host !== ''));
      this.#read = read;
    } catch (err) {
      this.#log.warn({ err, path: this.#path }, 'the list of bad hosts cannot be read');
    }
  }
}

/** Plain, or as in a hosts file; `#` begins a comment. */
function hostIn(line: string): string {
  const [text = ''] = line.slice(0, 400).split('#', 1);
  const words = text.trim().toLowerCase().split(/\s+/);
  return (words.at(-1) ?? '').replace(/^\*?\./, '').replace(/\.$/, '');
}
