import { readFileSync } from 'node:fs';

/** How many files, sockets among them, this process may have open; Infinity where the system does not say. */
export function openFileLimit(): number {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return limit === undefined ? Infinity : Number(limit);
  } catch {
    return Infinity;
  }
}
