/** Making staged content visible: NinjaMail's addMessage, and the last step of a delivery. */
import { MailError } from '../../mail/error.ts';
import type { Entry, Key, Value } from '../../ports/kv.ts';
import { Flag, type MessageMeta, type MsgId, type NewPlacement, type Placed, type ThreadId, type Uid } from '../api.ts';
import type { Operation } from '../commit.ts';
import type { Draft } from '../draft.ts';
import { folderKeywords } from '../folder-names.ts';
import { joinedKey } from '../keys.ts';
import { noFolder, placedAt, removedChange } from '../state.ts';
import type { StagedFacts } from '../staging.ts';
import { deliveryKeys } from './delivered.ts';
import { recordRow } from './records.ts';
import { decodePlaced, decodeThread, encodeDay, encodePlaced, encodeThread, wholeSeconds } from '../values.ts';

export const DAY = 86_400_000;
export const ALL_FLAGS = Flag.seen | Flag.answered | Flag.flagged | Flag.deleted | Flag.draft;
/** A thread's row is written anew when it was last named this long ago, so that a living thread's stay. */
const THREAD_REFRESH_DAYS = 60;

export function publish(facts: StagedFacts, to: NewPlacement, now: number): Operation<Placed> {
  const delivery = to.deliveryId === undefined ? undefined : deliveryKeys(to.deliveryId);
  // Of a delivery that goes into several folders: when the first place was withdrawn, so is this one.
  const dot = to.deliveryId?.indexOf('.') ?? -1;
  const first = dot < 0 ? [] : deliveryKeys(to.deliveryId?.slice(0, dot) ?? '');
  const today = Math.floor(now / DAY);
  const records = (to.records ?? []).map(({ kind, id, value }) => recordRow(kind, id ?? facts.email, value));
  return {
    reads: () => [...facts.threadKeys.map(({ key }) => key), ...(delivery ?? []), ...first],
    plan(draft) {
      for (const key of delivery ?? []) {
        const known = draft.row(key);
        if (known) return { changes: [], result: decodePlaced(known) };
      }
      for (const key of first) {
        const known = draft.row(key);
        const placed = known && decodePlaced(known);
        if (placed?.withdrawn) return { changes: [], result: placed };
      }
      const before = to.replaces === undefined ? undefined : draft.meta(to.replaces);
      if (to.replaces !== undefined && before === undefined)
        throw new MailError('message-missing', 'user', `message ${to.replaces}, which is to be replaced, is gone`);
      const place = before?.folder ?? to.folder;
      const folder = draft.folder(place);
      if (!folder) throw noFolder(place);
      checkQuota(draft, facts.size - (before?.size ?? 0));
      const { thread, rows } = findThread((key) => draft.row(key), facts, today);
      const message = newMessage(facts, {
        id: draft.facts.nextMessage as MsgId,
        folder: place,
        uid: folder.uidNext as Uid,
        flags: before?.flags ?? to.flags ?? 0,
        keywords: folderKeywords(before?.keywords ?? to.keywords ?? [], folder.keywords),
        modseq: draft.version,
        internalDate: before?.internalDate ?? to.internalDate ?? now,
        savedDate: now,
        thread,
      });
      const result: Placed = placedAt(message, folder.row.uidValidity, draft.version);
      if (delivery) rows.push([delivery[0]!, encodePlaced(result)]);
      rows.push(...records.map(({ row }) => row));
      const replaced = before ? [removedChange(before)] : [];
      const noted = records.map(({ change }) => change);
      return { changes: [{ type: 'added', message }, ...replaced, ...noted], put: rows, result };
    },
  };
}

/** The dates need not be whole seconds, the flags not ours alone. */
export function newMessage(facts: StagedFacts, place: Omit<MessageMeta, 'sentDate' | 'size' | 'email'>): MessageMeta {
  const internalDate = wholeSeconds(place.internalDate);
  return {
    ...place,
    flags: place.flags & ALL_FLAGS,
    internalDate,
    savedDate: wholeSeconds(place.savedDate),
    sentDate: facts.date === undefined ? internalDate : wholeSeconds(facts.date),
    size: facts.size,
    email: facts.email,
  };
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
export function findThread(
  row: (key: Key) => Value | undefined,
  facts: StagedFacts,
  today: number,
): { thread: ThreadId; rows: Entry[] } {
  let thread: ThreadId | undefined;
  const others = new Set<ThreadId>();
  const unknown: Key[] = [];
  for (const { key, keep } of facts.threadKeys) {
    const value = row(key);
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
