/** Making staged content visible: NinjaMail's addMessage, and the last step of a delivery. */
import { MailError } from '../../mail/error.ts';
import type { Entry, Key } from '../../ports/kv.ts';
import { Flag, type MessageMeta, type MsgId, type NewPlacement, type Placed, type ThreadId, type Uid } from '../api.ts';
import type { Operation } from '../commit.ts';
import type { Draft } from '../draft.ts';
import { folderKeywords } from '../folder-names.ts';
import { deliveredKey, joinedKey } from '../keys.ts';
import { noFolder, placedAt } from '../state.ts';
import type { StagedFacts } from '../staging.ts';
import { recordRow } from './records.ts';
import { decodePlaced, decodeThread, encodeDay, encodePlaced, encodeThread, wholeSeconds } from '../values.ts';

export const DAY = 86_400_000;
export const ALL_FLAGS = Flag.seen | Flag.answered | Flag.flagged | Flag.deleted | Flag.draft;
/** A thread's row is written anew when it was last named this long ago, so that a living thread's stay. */
const THREAD_REFRESH_DAYS = 60;

export function publish(facts: StagedFacts, to: NewPlacement, now: number): Operation<Placed> {
  const delivery = to.deliveryId === undefined ? undefined : deliveryKeys(to.deliveryId);
  const today = Math.floor(now / DAY);
  const records = (to.records ?? []).map(({ kind, value }) => recordRow(kind, facts.email, value));
  return {
    reads: () => [...facts.threadKeys.map(({ key }) => key), ...(delivery ?? [])],
    plan(draft) {
      for (const key of delivery ?? []) {
        const known = draft.row(key);
        if (known) return { changes: [], result: decodePlaced(known) };
      }
      const folder = draft.folder(to.folder);
      if (!folder) throw noFolder(to.folder);
      checkQuota(draft, facts.size);
      const { thread, rows } = findThread(draft, facts, today);
      const internalDate = wholeSeconds(to.internalDate ?? now);
      const message: MessageMeta = {
        id: draft.facts.nextMessage as MsgId,
        folder: to.folder,
        uid: folder.uidNext as Uid,
        flags: (to.flags ?? 0) & ALL_FLAGS,
        keywords: folderKeywords(to.keywords ?? [], folder.keywords),
        modseq: draft.version,
        internalDate,
        savedDate: wholeSeconds(now),
        sentDate: facts.date === undefined ? internalDate : wholeSeconds(facts.date),
        size: facts.size,
        email: facts.email,
        thread,
      };
      const result: Placed = placedAt(message, folder.row.uidValidity, draft.version);
      if (delivery) rows.push([delivery[0]!, encodePlaced(result)]);
      rows.push(...records.map(({ row }) => row));
      return { changes: [{ type: 'added', message }, ...records.map(({ change }) => change)], put: rows, result };
    },
  };
}

/** Of the id's own day, which is where it is kept, and of the day before. */
export function deliveryKeys(id: string): readonly Key[] {
  const dash = id.indexOf('-');
  const day = Number(id.slice(0, dash));
  if (dash < 1 || !Number.isInteger(day) || day < 0 || day > 0xffffffff)
    throw new MailError('bug', 'bug', `a delivery id that does not begin with its day: ${id.slice(0, 40)}`);
  const name = id.slice(dash + 1);
  return day === 0 ? [deliveredKey(0, name)] : [deliveredKey(day, name), deliveredKey(day - 1, name)];
}

export function checkQuota(draft: Draft, bytes: number): void {
  const { used, limit } = draft.facts;
  if (limit !== undefined && used + bytes > limit)
    throw new MailError('over-quota', 'user', `${used} of ${limit} bytes are used, ${bytes} more do not fit`);
}

/**
 * The thread of the first id that is known; the message's own ids point to it from now on. Where they name several threads, a
 * message was missing that belongs to all of them: they are one conversation.
 */
function findThread(draft: Draft, facts: StagedFacts, today: number): { thread: ThreadId; rows: Entry[] } {
  let thread: ThreadId | undefined;
  const others = new Set<ThreadId>();
  const unknown: Key[] = [];
  for (const { key, keep } of facts.threadKeys) {
    const value = draft.row(key);
    const known = value && decodeThread(value);
    thread ??= known?.thread;
    if (known && known.thread !== thread) others.add(known.thread);
    const stale = known && (known.thread !== thread || known.day + THREAD_REFRESH_DAYS <= today);
    if (known ? stale : keep) unknown.push(key);
  }
  const id = thread ?? (facts.email as string as ThreadId);
  const rows = unknown.map((key): Entry => [key, encodeThread(id, today)]);
  for (const other of others) rows.push([joinedKey(id, other), encodeDay(today)]);
  return { thread: id, rows };
}
