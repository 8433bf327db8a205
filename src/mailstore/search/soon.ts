/** Waiting for work, but not for ever. */
import type { Clock } from '../../ports/clock.ts';

/** Milliseconds between two looks, and how many there are. Looks are counted, not time: a machine that stood still works on then. */
const LOOK = 100;
const MOST_LOOKS = 300;

/** False when it takes longer than somebody who searches wants to wait. Rejects when it fails before. */
export async function isDoneSoon(clock: Clock, work: Promise<unknown>): Promise<boolean> {
  let looks = 0;
  let timer: Disposable | undefined;
  const late = new Promise<boolean>((resolve) => {
    const look = (): void => {
      timer = clock.after(LOOK, () => (++looks < MOST_LOOKS ? look() : resolve(false)));
    };
    look();
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    timer?.[Symbol.dispose]();
  }
}
