/** Reading the change log, and what it says about expunged messages. */
import type { KeyValueStore, Partition, Version } from '../ports/kv.ts';
import { logFrom, logPartOf, logVersionOf } from './keys.ts';
import type { LogRow } from './state.ts';
import { decodeLog } from './values.ts';

/**
 * Rows of the log in order, from `version` (included) to `end` (excluded). On a store without snapshots a row that was
 * committed meanwhile may be missing between two others: each row says which one came before it.
 */
export async function* readLog(
  kv: KeyValueStore,
  p: Partition,
  version: Version,
  end?: Version,
): AsyncIterable<readonly LogRow[]> {
  let parts: Uint8Array[] = [];
  let at: Version = -1;
  const finish = (): LogRow[] => {
    const row = parts.length > 0 ? decodeLog(at, parts) : undefined;
    parts = [];
    return row ? [row] : [];
  };
  for await (const page of kv.scan(p, logFrom(version, end))) {
    const rows: LogRow[] = [];
    for (const [key, value] of page) {
      const rowVersion = logVersionOf(key);
      if (rowVersion !== at) {
        rows.push(...finish());
        at = rowVersion;
      }
      // Without its first part a row is not read at all.
      if (logPartOf(key) === parts.length) parts.push(value);
    }
    if (rows.length > 0) yield rows;
  }
  const last = finish();
  if (last.length > 0) yield last;
}
