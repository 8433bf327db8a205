/** Waiting in tests: for a condition, never for a time. */
import { setTimeout as sleep } from 'node:timers/promises';

/** For what never comes. A machine may be slow, and its disk may stand still for a minute. */
export const PATIENCE_MS = 180_000;

/** The first answer that is neither undefined nor false; `what` says what never came. */
export async function until<T>(what: string, ask: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
  for (const end = performance.now() + PATIENCE_MS; ; await sleep(20)) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    if (performance.now() > end) throw new Error(`${what}: not after ${PATIENCE_MS / 1000} s`);
  }
}
