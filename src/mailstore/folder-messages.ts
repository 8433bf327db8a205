/**
 * The messages of one folder in UID order, as two parallel columns that its views share. New messages are written behind
 * the end of every view there is; a removal makes new columns when the next view is asked for. So a view never changes.
 */
import type { EmailId, FolderId, FolderView, ThreadId, Uid } from './api.ts';
import type { KeywordSets } from './keyword-sets.ts';
import type { MessageTable } from './message-table.ts';

export class FolderMessages {
  #uids = new Uint32Array(4);
  #ids = new Uint32Array(4);
  #length = 0;
  /** UIDs still in the columns, but gone. */
  readonly #removed = new Set<number>();

  get uids(): Uint32Array {
    return this.#uids;
  }

  get ids(): Uint32Array {
    return this.#ids;
  }

  get bytes(): number {
    return 8 * this.#uids.length;
  }

  /** Length of the columns, once what is gone has left them. */
  settle(): number {
    if (this.#removed.size > 0) this.#leaveOut();
    return this.#length;
  }

  /** The UID is higher than all before it. */
  append(uid: number, id: number): void {
    if (this.#length === this.#uids.length) this.#grow(Math.ceil(this.#length * 1.5));
    this.#uids[this.#length] = uid;
    this.#ids[this.#length++] = id;
  }

  remove(uid: number): void {
    this.#removed.add(uid);
  }

  /** For loading: pairs in order of UID, taken over. */
  load(uids: Uint32Array<ArrayBuffer>, ids: Uint32Array<ArrayBuffer>): void {
    this.#uids = uids;
    this.#ids = ids;
    this.#length = uids.length;
    this.#removed.clear();
  }

  #grow(capacity: number): void {
    const uids = new Uint32Array(capacity);
    const ids = new Uint32Array(capacity);
    uids.set(this.#uids.subarray(0, this.#length));
    ids.set(this.#ids.subarray(0, this.#length));
    this.#uids = uids;
    this.#ids = ids;
  }

  #leaveOut(): void {
    const gone = Uint32Array.from(this.#removed).sort();
    const left = this.#length - gone.length;
    const capacity = Math.max(4, left + (left >> 3));
    const uids = new Uint32Array(capacity);
    const ids = new Uint32Array(capacity);
    let from = 0;
    let to = 0;
    const keep = (end: number) => {
      uids.set(this.#uids.subarray(from, end), to);
      ids.set(this.#ids.subarray(from, end), to);
      to += end - from;
    };
    for (const uid of gone) {
      const at = positionOf(this.#uids, this.#length, uid);
      keep(at);
      from = at + 1;
    }
    keep(this.#length);
    this.#uids = uids;
    this.#ids = ids;
    this.#length = to;
    this.#removed.clear();
  }
}

/** First position whose UID is not lower. */
function positionOf(uids: Uint32Array, length: number, uid: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (uids[middle]! < uid) low = middle + 1;
    else high = middle;
  }
  return low;
}

const NONE: readonly string[] = [];

export class Snapshot implements FolderView {
  readonly folder: FolderId;
  readonly version: number;
  readonly length: number;
  readonly uids: Uint32Array;
  readonly ids: Uint32Array;
  readonly #table: MessageTable;
  readonly #sets: KeywordSets;
  /** Slot of the last answer: the next question is mostly about its neighbour. */
  #near = -1;

  constructor(folder: FolderId, version: number, messages: FolderMessages, table: MessageTable, sets: KeywordSets) {
    this.folder = folder;
    this.version = version;
    this.length = messages.settle();
    this.uids = messages.uids;
    this.ids = messages.ids;
    this.#table = table;
    this.#sets = sets;
  }

  indexOf(uid: Uid): number {
    const at = positionOf(this.uids, this.length, uid);
    return at < this.length && this.uids[at] === uid ? at : -1;
  }

  #slot(position: number): number {
    if (position >= this.length) return -1;
    const id = this.ids[position]!;
    const table = this.#table;
    const near = this.#near;
    if (near < table.length && table.ids[near] === id) return this.#here(near, position);
    // A message that came after its neighbour is mostly the next one.
    if (near + 1 < table.length && table.ids[near + 1] === id) return this.#here((this.#near = near + 1), position);
    const slot = table.find(id, near);
    if (slot < 0) return -1;
    this.#near = slot;
    return this.#here(slot, position);
  }

  /** -1 when the message is elsewhere by now, or was and came back under another UID. */
  #here(slot: number, position: number): number {
    return this.#table.folders[slot] === this.folder && this.#table.uids[slot] === this.uids[position] ? slot : -1;
  }

  flagsAt(position: number): number {
    const slot = this.#slot(position);
    return slot < 0 ? -1 : this.#table.flags[slot]!;
  }

  keywordsAt(position: number): readonly string[] {
    const slot = this.#slot(position);
    return slot < 0 ? NONE : this.#sets.at(this.#table.keywords[slot]!);
  }

  modseqAt(position: number): number {
    const slot = this.#slot(position);
    return slot < 0 ? 0 : this.#table.modseqs[slot]!;
  }

  sizeAt(position: number): number {
    const slot = this.#slot(position);
    return slot < 0 ? 0 : this.#table.sizes[slot]!;
  }

  internalDateAt(position: number): number {
    const slot = this.#slot(position);
    return slot < 0 ? 0 : 1000 * this.#table.internal[slot]!;
  }

  savedDateAt(position: number): number {
    const slot = this.#slot(position);
    return slot < 0 ? 0 : 1000 * this.#table.saved[slot]!;
  }

  sentDateAt(position: number): number {
    const slot = this.#slot(position);
    return slot < 0 ? 0 : 1000 * this.#table.sent[slot]!;
  }

  emailAt(position: number): EmailId | '' {
    const slot = this.#slot(position);
    return slot < 0 ? '' : this.#table.emailAt(slot);
  }

  threadAt(position: number): ThreadId | '' {
    const slot = this.#slot(position);
    return slot < 0 ? '' : this.#table.threadAt(slot);
  }

  changedSince(modseq: number): Uint32Array {
    const found: number[] = [];
    for (let position = 0; position < this.length; position++)
      if (this.modseqAt(position) > modseq) found.push(position);
    return Uint32Array.from(found);
  }
}
