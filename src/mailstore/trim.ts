/**
 * The log is kept for 30 days and 10,000 rows, and for 90 days as far as an extension module has not heard of it. What is
 * cut off leaves behind, for each folder, which UIDs were expunged at which version, so that a client that comes back after months still learns exactly what vanished (RFC 7162).
 */
import type { Entry, KeyValueStore, Version } from '../ports/kv.ts';
import type { AccountId, FolderId } from './api.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import type { Operation } from './commit.ts';
import { accountPartition, logFrom, vanishedAfter, vanishedKey } from './keys.ts';
import { readLog } from './log.ts';
import type { MailboxIndex } from './mailbox-index.ts';
import type { LogChange, LogRow } from './state.ts';

const KEPT_SECONDS = 30 * 86_400;
/** For a module that does not come back; it begins anew then. */
const LONGEST_SECONDS = 90 * 86_400;
/** Rows cut off in one commit. */
const STEP = 1000;
/** Entries of one vanished row: 12 to 20 bytes each. */
const MOST_ENTRIES = 10_000;

/** Rows of the log, roughly. */
export function rowsOf(index: MailboxIndex): number {
  return index.facts.lastRow - index.facts.logFloor + 1;
}

export interface TrimBounds {
  readonly rows: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Up to here all extension modules have heard. */
  readonly heard?: Version;
}

export async function trimLog(
  kv: KeyValueStore,
  index: MailboxIndex,
  { rows, now, heard = Infinity }: TrimBounds,
  run: <T>(operation: Operation<T>) => Promise<T>,
): Promise<void> {
  const oldest = Math.floor(now / 1000) - KEPT_SECONDS;
  const longest = Math.floor(now / 1000) - LONGEST_SECONDS;
  const newestCut = index.facts.lastRow - rows;
  let cut: LogRow[] = [];
  const flush = async (): Promise<void> => {
    if (cut.length > 0) await run(cutOff(cut));
    cut = [];
  };
  for await (const page of readLog(kv, accountPartition(index.account), index.facts.logFloor, index.facts.lastRow)) {
    for (const row of page) {
      const wanted = (row.version > newestCut && row.time > oldest) || row.version > heard;
      if (wanted && row.time > longest) return flush();
      cut.push(row);
      if (cut.length === STEP) await flush();
    }
  }
  await flush();
}

function cutOff(rows: readonly LogRow[]): Operation<void> {
  const last = rows.at(-1)!;
  const first = rows[0]!;
  const vanished = vanishedOf(rows);
  return {
    plan(draft) {
      // Somebody else may have cut it meanwhile.
      if (draft.facts.logFloor > first.version || draft.facts.logFloor <= first.previous)
        return { changes: [], result: undefined };
      const put: Entry[] = [];
      for (const [folder, entries] of vanished) {
        if (!draft.folder(folder)) continue;
        for (let i = 0; i < entries.length; i += MOST_ENTRIES)
          put.push([vanishedKey(folder, last.version, i / MOST_ENTRIES), encode(entries.slice(i, i + MOST_ENTRIES))]);
      }
      return {
        changes: [{ type: 'trimmed', floor: last.version + 1 }],
        put,
        clear: [logFrom(0, last.version + 1)],
        result: undefined,
      };
    },
  };
}

interface Vanished {
  readonly version: Version;
  readonly uid: number;
}

function vanishedOf(rows: readonly LogRow[]): Map<FolderId, Vanished[]> {
  const all = new Map<FolderId, Vanished[]>();
  for (const { version, changes } of rows)
    for (const change of changes) {
      const left = whatLeft(change);
      if (!left) continue;
      const [folder, uid] = left;
      const entries = all.get(folder);
      if (entries) entries.push({ version, uid });
      else all.set(folder, [{ version, uid }]);
    }
  return all;
}

function whatLeft(change: LogChange): readonly [FolderId, number] | undefined {
  if (change.type === 'removed') return [change.folder, change.uid];
  return change.type === 'moved' ? [change.from, change.fromUid] : undefined;
}

function encode(entries: readonly Vanished[]): Uint8Array {
  const writer = new ByteWriter();
  for (const { version, uid } of entries) writer.f64(version).u32(uid);
  return writer.take();
}

/** UIDs that left the folder after `version`, up to version `to`; ascending. */
export async function vanishedSince(
  kv: KeyValueStore,
  account: AccountId,
  folder: FolderId,
  version: Version,
  to: Version,
): Promise<Uint32Array> {
  const p = accountPartition(account);
  const uids = new Set<number>();
  // The log first: what is cut off after it was read is found in the rows read then.
  for await (const page of readLog(kv, p, version + 1, to + 1))
    for (const row of page)
      for (const change of row.changes) {
        const left = whatLeft(change);
        if (left?.[0] === folder) uids.add(left[1]);
      }
  for await (const page of kv.scan(p, vanishedAfter(folder, version)))
    for (const [, value] of page) {
      const reader = new ByteReader(value);
      while (reader.left > 0) {
        const at = reader.f64();
        const uid = reader.u32();
        if (at > version && at <= to) uids.add(uid);
      }
    }
  return Uint32Array.from(uids).sort();
}
