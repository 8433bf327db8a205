/** Long loops that let others have their turn. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Nobody waits for a loop longer than this. */
const TURN_MS = 10;
const LOOK_EVERY = 256;

export async function inTurns<T>(items: Iterable<T>, act: (item: T) => void): Promise<void> {
  let count = 0;
  let began = performance.now();
  for (const item of items) {
    act(item);
    if (++count % LOOK_EVERY !== 0 || performance.now() - began < TURN_MS) continue;
    await nextTurn();
    began = performance.now();
  }
}
