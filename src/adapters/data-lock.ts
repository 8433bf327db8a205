/**
 * One process per data folder. The lock is SQLite's, on an empty database: the operating system releases it when the
 * process ends, however it ends, so there is never a stale one to remove by hand.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export class DataInUse extends Error {
  override readonly name = 'DataInUse';
}

/** Throws `DataInUse` while another process holds the folder. */
export function lockData(folder: string): Disposable {
  const database = new DatabaseSync(join(folder, 'lock'));
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (!/locked|busy/i.test(String(error))) throw error;
    throw new DataInUse(
      `${folder} is in use by another Pabal process: stop that one first, or choose another data folder`,
    );
  }
  return { [Symbol.dispose]: () => database.close() };
}
