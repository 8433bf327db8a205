/** What processes cost, read from /proc (Linux). */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, fixed at 100 on every Linux that Node runs on. */
const TICKS = 100;

interface Stat {
  readonly pid: number;
  readonly ppid: number;
  readonly name: string;
  /** User and system time, with that of children that ended and were waited for, in seconds. */
  readonly cpu: number;
}

function stat(pid: number | string): Stat | undefined {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name may hold spaces and parentheses; the last one ends it.
  const end = line.lastIndexOf(')');
  const fields = line.slice(end + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid: Number(pid),
    ppid: field(4),
    name: line.slice(line.indexOf('(') + 1, end),
    cpu: (field(14) + field(15) + field(16) + field(17)) / TICKS,
  };
}

/** The processes and all that descend from them. */
export function processTree(roots: readonly number[]): readonly Stat[] {
  const all: Stat[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const one = stat(name);
    if (one) all.push(one);
  }
  const tree = all.filter((one) => roots.includes(one.pid));
  for (let i = 0; i < tree.length; i++) {
    for (const one of all) if (one.ppid === tree[i]?.pid && !tree.includes(one)) tree.push(one);
  }
  return tree;
}

/** CPU seconds that the trees used so far. A process that ended is counted by the parent that waited for it. */
export function cpuSeconds(roots: readonly number[]): number {
  return processTree(roots).reduce((sum, one) => sum + one.cpu, 0);
}

/** CPU seconds of this process's own children that have ended. */
export function cpuOfEndedChildren(): number {
  const fields = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS;
}

/** By program name, most first. */
export function cpuByName(roots: readonly number[]): Readonly<Record<string, number>> {
  const sums = new Map<string, number>();
  for (const { name, cpu } of processTree(roots)) sums.set(name, (sums.get(name) ?? 0) + cpu);
  return Object.fromEntries([...sums].sort((a, b) => b[1] - a[1]).map(([name, cpu]) => [name, round(cpu)]));
}

export interface Memory {
  /** Proportional set: pages shared by n processes count 1/n in each. KiB. */
  readonly pss: number;
  /** Private pages alone. KiB. */
  readonly private: number;
  readonly rss: number;
}

/** `without` names programs that are left out. */
export function memory(roots: readonly number[], without: readonly string[] = []): Memory {
  let pss = 0;
  let own = 0;
  let rss = 0;
  for (const { pid, name } of processTree(roots)) {
    if (without.includes(name)) continue;
    let text: string;
    try {
      text = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    } catch {
      continue;
    }
    const kib = (name: string): number => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(text)?.[1] ?? 0);
    pss += kib('Pss');
    own += kib('Private_Clean') + kib('Private_Dirty');
    rss += kib('Rss');
  }
  return { pss, private: own, rss };
}

/** Samples memory once a second until disposed; keeps the peak. */
export class PeakMemory implements Disposable {
  readonly #roots: readonly number[];
  readonly #without: readonly string[];
  readonly #timer: NodeJS.Timeout;
  #peak = 0;

  constructor(roots: readonly number[], without: readonly string[] = []) {
    this.#roots = roots;
    this.#without = without;
    this.#timer = setInterval(() => this.#sample(), 1_000);
    this.#sample();
  }

  #sample(): void {
    this.#peak = Math.max(this.#peak, memory(this.#roots, this.#without).pss);
  }

  /** MiB, the present included. */
  mib(): number {
    this.#sample();
    return Math.round(this.#peak / 102.4) / 10;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

export function round(value: number, digits = 2): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}
export function quantiles(samples: readonly number[]): Quantiles {
  const sorted = Float64Array.from(samples).sort();
  const at = (q: number): number => round(sorted[Math.max(0, Math.ceil(sorted.length * q) - 1)] ?? 0);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
