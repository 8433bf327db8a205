/** Reading the change log, and what it says about expunged messages. */
import { MailError } from '../mail/error.ts';
import type { KeyValueStore, Partition, Version } from '../ports/kv.ts';
import type { AccountId, VersionChanges } from './api.ts';
import { accountPartition, logFrom, logPartOf, logVersionOf } from './keys.ts';
import type { RecentLog } from './recent-log.ts';
import { type LogRow, publicChanges } from './state.ts';
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

/** What changed after `version`, up to `last`: every row, or `conflict` when the log is cut under the reader. */
export async function* changesBetween(
  { kv, recent }: { readonly kv: KeyValueStore; readonly recent: RecentLog },
  account: AccountId,
  version: Version,
  last: Version,
): AsyncIterable<VersionChanges> {
  const cutMeanwhile = () => new MailError('conflict', 'temporary', `the log of ${account} was cut while it was read`);
  const known = recent.between(account, version, last);
  if (known) {
    for (const row of known) yield publicChanges(row);
    return;
  }
  let at: Version | undefined;
  for await (const page of readLog(kv, accountPartition(account), version + 1, last + 1)) {
    for (const row of page) {
      if (at === undefined ? row.previous > version : row.previous !== at) throw cutMeanwhile();
      at = row.version;
      yield publicChanges(row);
    }
  }
  if (last > version && at !== last) throw cutMeanwhile();
}
