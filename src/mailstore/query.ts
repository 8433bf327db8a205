/** NinjaMail's getMessageIDs: which messages, in which order, from the index alone. */
import type { MessageQuery, MsgId } from './api.ts';
import { Flag } from './api.ts';
import type { MailboxIndex } from './mailbox-index.ts';

export function messageIds(index: MailboxIndex, query: MessageQuery): MsgId[] {
  const { table } = index;
  const slots = matchingSlots(index, query);
  const column = {
    id: undefined,
    internalDate: table.internal,
    sentDate: table.sent,
    size: table.sizes,
  }[query.sort ?? 'id'];
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
