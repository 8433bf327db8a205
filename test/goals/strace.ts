/** What a process asked of the kernel, from strace: was everything on the disk before the acknowledgement left? */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const READS = ['read', 'readv', 'recvfrom', 'recvmsg'];
const WRITES = ['write', 'writev', 'sendto', 'sendmsg'];
const SYNCS = ['fsync', 'fdatasync', 'msync', 'sync_file_range', 'syncfs'];

/** The command to put before another one; the other one keeps the process id that its parent knows. */
export function strace(file: string): readonly string[] {
  const calls = [...READS, ...WRITES, ...SYNCS].join(',');
  return ['strace', '-D', '-f', '-yy', '-s', '4096', '-qq', '-e', `trace=${calls}`, '-e', 'signal=none', '-o', file];
}

/** Why strace cannot be used here; undefined when it can. */
export function straceMissing(): string | undefined {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'strace is not installed, or this machine does not allow it (ptrace)';
  }
}

export type TraceEvent =
  /** `data` has C escapes, as strace prints it. `file` is what the descriptor stands for, `TCP:[...]` for a connection. */
  | { readonly kind: 'read'; readonly file: string; readonly data: string }
  | { readonly kind: 'write'; readonly file: string; readonly data: string }
  | { readonly kind: 'sync-begun'; readonly thread: string }
  | { readonly kind: 'sync-ended'; readonly thread: string };

/** The tracer ends a moment after the traced. */
export async function traceWritten(path: string): Promise<void> {
  for (let size = -1; size !== statSync(path).size; ) {
    size = statSync(path).size;
    await sleep(100);
  }
}

/** In the order in which calls began (writes, syncs) and ended (reads, syncs). */
export function readTrace(path: string): TraceEvent[] {
  const events: TraceEvent[] = [];
  const begun = new Map<string, string>();
  for (const line of readFileSync(path, 'latin1').split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. (\w+) resumed>(.*)$/.exec(rest);
    const call = resumed ? (begun.get(thread) ?? '') + (resumed[2] ?? '') : rest;
    const unfinished = call.endsWith('<unfinished ...>');
    if (unfinished) begun.set(thread, call.slice(0, -'<unfinished ...>'.length));
    else begun.delete(thread);
    const [, name = '', file = ''] = /^(\w+)\((?:\d+<(.*?)>(?=[,)]))?/.exec(call) ?? [];
    if (SYNCS.includes(name)) {
      if (!resumed) events.push({ kind: 'sync-begun', thread });
      if (!unfinished && call.trimEnd().endsWith(' = 0')) events.push({ kind: 'sync-ended', thread });
    } else if (READS.includes(name) && !unfinished) events.push({ kind: 'read', file, data: call });
    else if (WRITES.includes(name) && !resumed) events.push({ kind: 'write', file, data: call });
  }
  return events;
}

export interface Acknowledgement {
  readonly name: string;
  /** The end of the request and the acknowledgement, as strace prints them (`\r\n` is four characters). */
  readonly request: string;
  readonly reply: string;
}

/**
 * Each acknowledgement on a connection, and whether a sync began after its request had been read and ended before it was
 * written. Meant for one request at a time.
 */
export function acknowledgements(
  events: readonly TraceEvent[],
  wanted: readonly Acknowledgement[],
): { readonly name: string; readonly synced: boolean }[] {
  const found: { name: string; synced: boolean }[] = [];
  let asked: { file: string; what: Acknowledgement } | undefined;
  const open = new Set<string>();
  let synced = false;
  for (const event of events) {
    if (event.kind === 'read') {
      const what = wanted.find((one) => event.data.includes(one.request));
      if (!what || !event.file.startsWith('TCP')) continue;
      asked = { file: event.file, what };
      open.clear();
      synced = false;
    } else if (event.kind === 'sync-begun') open.add(event.thread);
    else if (event.kind === 'sync-ended') synced ||= open.has(event.thread);
    else if (event.kind === 'write' && event.file === asked?.file && event.data.includes(asked.what.reply)) {
      found.push({ name: asked.what.name, synced });
      asked = undefined;
    }
  }
  return found;
}
