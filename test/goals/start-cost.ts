/** What it costs a service to start, and what that may be beyond a start with nothing stored: nothing is replayed. */
import { cpuSeconds, memory, round } from '../proc.ts';
import type { Service } from '../service.ts';

/** A page of the store that is touched brings its neighbours. */
export const START_MORE = { cpuSeconds: 1, memoryMiB: 128 };

export interface StartCost {
  readonly cpuSeconds: number;
  /** With what it read of the store, which is mapped. */
  readonly memoryMiB: number;
}

/** Of one that has just become ready. */
export function costOf({ pid }: Service): StartCost {
  return { cpuSeconds: round(cpuSeconds([pid])), memoryMiB: Math.round(memory([pid]).rss / 1024) };
}
