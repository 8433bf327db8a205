/** NinjaMail's getMessageIDs: which messages, in which order, from the index alone. */
import type { MessageQuery, MsgId } from './api.ts';
import { Flag } from './api.ts';
import type { MailboxIndex } from './mailbox-index.ts';
import type { MessageTable } from './message-table.ts';

export function messageIds(index: MailboxIndex, query: MessageQuery): MsgId[] {
  const { table } = index;
  const slots = matchingSlots(index, query);
  const column = {
    id: undefined,
    internalDate: table.internal,
    sentDate: table.sent,
    size: table.sizes,
  }[query.sort ?? 'id'];
  if (column && query.limit !== undefined) {
    const slot = query.after === undefined ? -1 : table.find(query.after);
    // Where the list goes on when the message it stopped at has gone, nothing tells: it begins anew.
    const after = slot >= 0 && slots.includes(slot) ? { key: column[slot]!, id: query.after! } : undefined;
    const first = firstOf(slots, table, column, query.descending ?? false, query.limit, after);
    return first.map((at) => table.ids[at]! as MsgId);
  }
  let ordered: Uint32Array = column ? sorted(slots, column) : slots;
  if (query.descending) ordered = ordered.slice().reverse();
  let from = 0;
  if (query.after !== undefined) {
    const after = table.find(query.after);
    const at = ordered.indexOf(after);
    from = at >= 0 ? at + 1 : startAfter(ordered, query, table.ids, column);
  }
  const end = query.limit === undefined ? ordered.length : Math.min(ordered.length, from + query.limit);
  return Array.from(ordered.subarray(from, end), (slot) => table.ids[slot]! as MsgId);
}

const SLOT_BITS = 2 ** 21;

/**
 * The slots that come first by value, then by id, at most `limit`, behind the message with this key and id. A list shows a
 * page: putting all of a large folder in order would take a hundred times as long.
 */
export function firstOf(
  slots: Uint32Array,
  { ids, length }: MessageTable,
  column: Uint32Array,
  descending: boolean,
  limit: number,
  after?: { readonly key: number; readonly id: number },
): number[] {
  const step = descending ? -1 : 1;
  const isBehind = (slot: number): boolean => {
    if (!after) return true;
    const key = column[slot]!;
    return (key === after.key ? ids[slot]! - after.id : key - after.key) * step > 0;
  };
  if (length > SLOT_BITS) {
    const ordered = Array.from(sorted(slots, column));
    if (descending) ordered.reverse();
    return ordered.filter(isBehind).slice(0, limit);
  }
  const most = Math.max(1024, 4 * limit);
  // Value and slot in one number; the best so far, and others that are better than the last of them was.
  let best = new Float64Array(Math.min(most, slots.length));
  let count = 0;
  let bar = Number.POSITIVE_INFINITY;
  for (let i = 0; i < slots.length; i++) {
    // Messages mostly came in the order of their dates: the end holds the newest.
    const slot = descending ? slots[slots.length - 1 - i]! : slots[i]!;
    const key = step * (column[slot]! * SLOT_BITS + slot);
    if (key >= bar || !isBehind(slot)) continue;
    best[count++] = key;
    if (count < most) continue;
    best.sort();
    count = limit;
    bar = limit > 0 ? best[limit - 1]! : Number.NEGATIVE_INFINITY;
  }
  best = best.subarray(0, count).sort();
  return Array.from(best.subarray(0, limit), (key) => Math.abs(key) % SLOT_BITS);
}

/** By value, then by id, which is the order of slots. */
export function sorted(slots: Uint32Array, column: Uint32Array): Uint32Array {
  let last = 0;
  let inOrder = true;
  for (const slot of slots) {
    const value = column[slot]!;
    if (value < last) {
      inOrder = false;
      break;
    }
    last = value;
  }
  // Messages mostly came in the order of their dates.
  if (inOrder) return slots;
  if (slots.length > 0 && slots.at(-1)! >= SLOT_BITS)
    return slots.slice().sort((a, b) => column[a]! - column[b]! || a - b);
  // Value and slot in one number: typed arrays sort numbers without calling back.
  const keys = new Float64Array(slots.length);
  for (let i = 0; i < slots.length; i++) keys[i] = column[slots[i]!]! * SLOT_BITS + slots[i]!;
  keys.sort();
  const ordered = new Uint32Array(slots.length);
  for (let i = 0; i < slots.length; i++) ordered[i] = keys[i]! % SLOT_BITS;
  return ordered;
}

/** Where the list goes on when the message it stopped at has gone: only the order of ids tells. */
function startAfter(
  ordered: Uint32Array,
  query: MessageQuery,
  ids: Uint32Array,
  column: Uint32Array | undefined,
): number {
  if (column) return 0;
  const after = query.after!;
  const at = ordered.findIndex((slot) => (query.descending ? ids[slot]! < after : ids[slot]! > after));
  return at < 0 ? ordered.length : at;
}

function matchingSlots(index: MailboxIndex, { folder, unread, flagged, threads }: MessageQuery): Uint32Array {
  const { table } = index;
  const { folders, flags, length } = table;
  const mask = (unread === undefined ? 0 : Flag.seen) | (flagged === undefined ? 0 : Flag.flagged);
  const wanted = (unread === false ? Flag.seen : 0) | (flagged ? Flag.flagged : 0);
  // A conversation may have very many threads.
  const inThreads = threads && new Set(table.slotsOfThreads(threads));
  const found = new Uint32Array(folder === undefined ? length : (index.folderState(folder)?.total ?? 0));
  let count = 0;
  for (let slot = 0; slot < length; slot++) {
    const in_ = folders[slot]!;
    if (in_ === 0 || (folder !== undefined && in_ !== folder) || (flags[slot]! & mask) !== wanted) continue;
    if (inThreads && !inThreads.has(slot)) continue;
    found[count++] = slot;
  }
  return found.subarray(0, count);
}
