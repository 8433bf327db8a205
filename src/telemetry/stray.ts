/**
 * Promises that failed while nobody waited for them: a mistake of ours in some corner. Whatever they belonged to ends in its
 * own way, or at its deadline; the process, and everybody else in it, goes on. It is told and counted, so that it is mended.
 * What is thrown outside of any promise still ends the process: then nobody knows what is left half done.
 */
import type { EventEmitter } from 'node:events';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

export function watchStray(log: Log, metrics: Metrics, from: EventEmitter = process): Disposable {
  const strays = metrics.counter('stray_failures_total', 'Promises that failed while nobody waited for them.');
  const hear = (reason: unknown): void => {
    strays.inc();
    log.error({ err: reason }, 'a promise failed while nobody waited for it');
  };
  from.on('unhandledRejection', hear);
  return { [Symbol.dispose]: () => void from.off('unhandledRejection', hear) };
}
