/** lmdb as the writer gets it in the lab: with points inside a transaction, and behind it. */
import { open as really, type RootDatabase } from 'lmdb';
import { point } from './points.ts';

export function open(...args: Parameters<typeof really>): RootDatabase {
  const root = really(...args);
  const transact = root.transactionSync.bind(root);
  return Object.assign(root, {
    transactionSync<T>(action: () => T): T {
      const result = transact(() => {
        point('engine.begun');
        const done = action();
        point('engine.filled');
        return done;
      });
      point('engine.committed');
      return result;
    },
  });
}
