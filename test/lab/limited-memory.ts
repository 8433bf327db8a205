/** A control group in which a process has so much memory and no more. Needs root, and groups that may be made. */
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where groups of both versions of the interface are; the first that takes one is used. */
const ROOTS = [
  { path: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes', swap: 'memory.memsw.limit_in_bytes' },
  { path: '/sys/fs/cgroup', limit: 'memory.max', swap: 'memory.swap.max' },
] as const;

/** Why there can be none here; undefined when there can. */
export function limitsMissing(): string | undefined {
  try {
    using _group = new LimitedMemory(64 << 20);
    return undefined;
  } catch (error) {
    return `the memory of a process cannot be limited here: ${(error as Error).message}`;
  }
}

export class LimitedMemory implements Disposable {
  readonly #path: string;

  constructor(bytes: number) {
    const root = ROOTS.find(({ path, limit }) => {
      const name = groupName(path);
      mkdirSync(name);
      if (existsSync(join(name, limit))) return true;
      rmdirSync(name);
      return false;
    });
    if (root === undefined) throw new Error('no control group has a limit of memory');
    this.#path = groupName(root.path);
    writeFileSync(join(this.#path, root.limit), String(bytes));
    const swap = join(this.#path, root.swap);
    if (existsSync(swap)) writeFileSync(swap, root.swap === 'memory.swap.max' ? '0' : String(bytes));
  }

  /** Put before a command, it makes the process one of the group. */
  get command(): readonly string[] {
    return ['sh', '-c', `echo $$ > ${join(this.#path, 'cgroup.procs')} && exec "$@"`, 'sh'];
  }

  /** How often the kernel had to kill for want of memory. */
  get kills(): number {
    const file = ['memory.oom_control', 'memory.events'].map((name) => join(this.#path, name)).find(existsSync);
    return file === undefined ? 0 : Number(/^oom_kill (\d+)$/m.exec(readFileSync(file, 'latin1'))?.[1] ?? 0);
  }

  [Symbol.dispose](): void {
    try {
      rmdirSync(this.#path);
    } catch {
      // A process that was just killed may still be leaving it.
    }
  }
}

function groupName(root: string): string {
  return join(root, `pabal-test-${process.pid}`);
}
