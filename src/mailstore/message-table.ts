/**
 * The messages of an account as columns of typed arrays, one row ("slot") a message, in order of MsgId. 65 bytes a
 * message, whatever it holds, and nothing for the garbage collector to walk through.
 */
import type { EmailId, FolderId, Flags, MessageMeta, MsgId, ThreadId, Uid } from './api.ts';
import type { KeywordSets } from './keyword-sets.ts';

type Column = Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** Columns in the order in which a checkpoint holds them. Numbers per slot behind each. */
const LAYOUT = [
  ['ids', Uint32Array, 1],
  ['folders', Uint32Array, 1],
  ['uids', Uint32Array, 1],
  ['flags', Uint8Array, 1],
  ['keywords', Uint32Array, 1],
  ['modseqs', Float64Array, 1],
  ['internal', Uint32Array, 1],
  ['saved', Uint32Array, 1],
  ['sent', Uint32Array, 1],
  ['sizes', Uint32Array, 1],
  ['emails', Uint32Array, 3],
  ['threads', Uint32Array, 3],
] as const;

/** Bytes of a slot. */
export const SLOT_BYTES = LAYOUT.reduce((sum, [, type, width]) => sum + type.BYTES_PER_ELEMENT * width, 0);

export const GONE = 0;

export class MessageTable {
  readonly #sets: KeywordSets;
  #length = 0;
  #gone = 0;
  #capacity = 0;
  ids = new Uint32Array(0);
  /** 0 when the message is gone. */
  folders = new Uint32Array(0);
  uids = new Uint32Array(0);
  flags = new Uint8Array(0);
  /** Numbers in the account's keyword sets. */
  keywords = new Uint32Array(0);
  modseqs = new Float64Array(0);
  internal = new Uint32Array(0);
  saved = new Uint32Array(0);
  sent = new Uint32Array(0);
  sizes = new Uint32Array(0);
  emails = new Uint32Array(0);
  threads = new Uint32Array(0);

  constructor(sets: KeywordSets) {
    this.#sets = sets;
  }

  /** Slots, those of messages that are gone included. */
  get length(): number {
    return this.#length;
  }

  /** Messages. */
  get count(): number {
    return this.#length - this.#gone;
  }

  get bytes(): number {
    return this.#capacity * SLOT_BYTES;
  }

  /** Slot of a message, -1 when it is gone. Fast when it is at or just after `near`. */
  find(id: number, near = -1): number {
    const { ids } = this;
    let low = 0;
    let high = this.#length;
    if (near >= 0 && near < high) {
      const at = ids[near]!;
      if (at <= id) {
        // Steps that double from `near` on: neighbours in a folder are near each other here, too.
        low = near;
        let step = 1;
        while (low + step < high && ids[low + step]! <= id) {
          low += step;
          step *= 2;
        }
        high = Math.min(high, low + step);
      } else high = near;
    }
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ids[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return low < this.#length && ids[low] === id && this.folders[low] !== GONE ? low : -1;
  }

  /** First slot whose id is not lower. */
  slotFrom(id: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ids[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Slots of the messages with ids from `first` to `last`. */
  *slotsBetween(first: number, last: number): Iterable<number> {
    for (let slot = this.slotFrom(first); slot < this.#length && this.ids[slot]! <= last; slot++)
      if (this.folders[slot] !== GONE) yield slot;
  }

  /** Messages with higher ids, in order, at most `limit`. */
  after(id: number, limit: number): { id: MsgId; email: EmailId }[] {
    const found: { id: MsgId; email: EmailId }[] = [];
    for (const slot of this.slotsBetween(id + 1, Number.MAX_SAFE_INTEGER)) {
      if (found.length >= limit) break;
      found.push({ id: this.ids[slot]! as MsgId, email: hex12(this.emails, slot) as EmailId });
    }
    return found;
  }

  /**
   * Messages with higher ids that came at `since` (seconds since 1970) or later, in order: the last ones, at most `limit`, and
   * no more than have about so many bytes.
   */
  newest(id: number, since: number, limit: number, bytes: number): { id: MsgId; email: EmailId }[] {
    const found: { id: MsgId; email: EmailId }[] = [];
    let left = bytes;
    for (let slot = this.#length - 1; slot >= 0 && this.ids[slot]! > id; slot--) {
      if (found.length >= limit || left <= 0) break;
      if (this.folders[slot] === GONE || this.internal[slot]! < since) continue;
      found.push({ id: this.ids[slot]! as MsgId, email: hex12(this.emails, slot) as EmailId });
      left -= this.sizes[slot]!;
    }
    return found.reverse();
  }

  countAfter(id: number): number {
    return this.countBetween(id + 1, Number.MAX_SAFE_INTEGER);
  }

  countBetween(first: number, last: number): number {
    let count = 0;
    for (let slot = this.slotFrom(first); slot < this.#length && this.ids[slot]! <= last; slot++)
      if (this.folders[slot] !== GONE) count++;
    return count;
  }

  /** Ids of the messages from `first` to `last`, ascending. */
  between(first: number, last: number): Uint32Array<ArrayBuffer> {
    const found = new Uint32Array(this.countBetween(first, last));
    let at = 0;
    for (const slot of this.slotsBetween(first, last)) found[at++] = this.ids[slot]!;
    return found;
  }

  meta(slot: number): MessageMeta {
    return {
      id: this.ids[slot]! as MsgId,
      folder: this.folders[slot]! as FolderId,
      uid: this.uids[slot]! as Uid,
      flags: this.flags[slot]! as Flags,
      keywords: this.#sets.at(this.keywords[slot]!),
      modseq: this.modseqs[slot]!,
      internalDate: 1000 * this.internal[slot]!,
      savedDate: 1000 * this.saved[slot]!,
      sentDate: 1000 * this.sent[slot]!,
      size: this.sizes[slot]!,
      email: this.emailAt(slot),
      thread: this.threadAt(slot),
    };
  }

  /** Ids ascend: a message with a new one comes after all others. */
  append(message: MessageMeta): void {
    if (this.#length > 0 && message.id <= this.ids[this.#length - 1]!)
      throw new RangeError(`message ${message.id} comes after ${this.ids[this.#length - 1]}`);
    if (this.#length === this.#capacity) this.#makeRoom(this.#length + 1);
    this.ids[this.#length] = message.id;
    this.write(this.#length++, message);
  }

  /** Everything but the id. `before`: what the slot holds. */
  write(slot: number, m: MessageMeta, before?: MessageMeta): void {
    this.folders[slot] = m.folder;
    this.uids[slot] = m.uid;
    this.flags[slot] = m.flags;
    this.keywords[slot] = this.#sets.number(m.keywords);
    this.modseqs[slot] = m.modseq;
    this.internal[slot] = m.internalDate / 1000;
    this.saved[slot] = m.savedDate / 1000;
    this.sent[slot] = m.sentDate / 1000;
    this.sizes[slot] = m.size;
    if (before?.email !== m.email) putHex12(this.emails, slot, m.email);
    if (before?.thread !== m.thread) putHex12(this.threads, slot, m.thread);
  }

  remove(slot: number): void {
    this.folders[slot] = GONE;
    this.#gone++;
    if (this.#gone > 64 && this.#gone > this.#length >> 2) this.#compact();
  }

  emailAt(slot: number): EmailId {
    return hex12(this.emails, slot) as EmailId;
  }

  threadAt(slot: number): ThreadId {
    return hex12(this.threads, slot) as ThreadId;
  }

  /** Which of these emails no message has any more. */
  unused(emails: Iterable<EmailId>): Set<EmailId> {
    const left = new Set(emails);
    if (left.size === 0) return left;
    // Email ids begin with the time: the last 32 bits tell them apart, the first ones would not.
    const tails = new Map<number, EmailId[]>();
    for (const email of left) {
      const tail = Number.parseInt(email.slice(16), 16);
      tails.set(tail, [...(tails.get(tail) ?? []), email]);
    }
    for (let slot = 0, at = 2; slot < this.#length; slot++, at += 3) {
      const named = tails.get(this.emails[at]!);
      if (named === undefined || this.folders[slot] === GONE) continue;
      const email = this.emailAt(slot);
      if (named.includes(email)) left.delete(email);
    }
    return left;
  }

  /** Says of an email whether a message has it; as of now. */
  emailNames(): (email: EmailId) => boolean {
    const names = new Set<string>();
    for (let slot = 0; slot < this.#length; slot++) if (this.folders[slot] !== GONE) names.add(this.emailAt(slot));
    return (email) => names.has(email);
  }

  #isThread(slot: number, thread: readonly [number, number, number]): boolean {
    const at = 3 * slot;
    const { threads } = this;
    return threads[at + 2] === thread[2] && threads[at + 1] === thread[1] && threads[at] === thread[0];
  }

  /** Slots of the messages of these threads. */
  *slotsOfThreads(threads: Iterable<ThreadId>): Iterable<number> {
    // The end of the id tells most of them apart.
    const wanted = Map.groupBy(Array.from(threads, words), (thread) => thread[2]);
    for (let slot = 0, end = 2; slot < this.#length; slot++, end += 3) {
      const some = wanted.get(this.threads[end]!);
      if (some && this.folders[slot] !== GONE && some.some((thread) => this.#isThread(slot, thread))) yield slot;
    }
  }

  /** The columns one after the other, for a checkpoint; made without those that are gone. */
  columns(): Uint8Array[] {
    if (this.#gone > 0) this.#compact();
    return LAYOUT.map(([name, , width]) => {
      const column: Column = this[name];
      return new Uint8Array(column.buffer, 0, this.#length * width * column.BYTES_PER_ELEMENT);
    });
  }

  /** From `columns`; the bytes are copied. */
  load(count: number, columns: readonly Uint8Array[]): void {
    this.#capacity = this.#length = count;
    this.#gone = 0;
    LAYOUT.forEach(([name, type, width], i) => {
      const bytes = columns[i]!;
      if (bytes.length !== count * width * type.BYTES_PER_ELEMENT)
        throw new RangeError(`column ${name} of wrong length`);
      const buffer = new ArrayBuffer(bytes.length);
      new Uint8Array(buffer).set(bytes);
      (this[name] as Column) = new type(buffer);
    });
  }

  static columnBytes(count: number): number[] {
    return LAYOUT.map(([, type, width]) => count * width * type.BYTES_PER_ELEMENT);
  }

  #makeRoom(count: number): void {
    const capacity = Math.max(16, count, Math.ceil(this.#capacity * 1.5));
    for (const [name, type, width] of LAYOUT) {
      const larger = new type(capacity * width);
      larger.set(this[name]);
      (this[name] as Column) = larger;
    }
    this.#capacity = capacity;
  }

  #compact(): void {
    const { folders } = this;
    let to = 0;
    for (let from = 0; from < this.#length; ) {
      if (folders[from] === GONE) {
        from++;
        continue;
      }
      let end = from + 1;
      while (end < this.#length && folders[end] !== GONE) end++;
      // `folders` moves last: it says where the others are.
      for (const [name, , width] of LAYOUT)
        if (name !== 'folders') this[name].copyWithin(to * width, from * width, end * width);
      folders.copyWithin(to, from, end);
      to += end - from;
      from = end;
    }
    this.#length = to;
    this.#gone = 0;
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex8(value: number): string {
  return HEX[value >>> 24]! + HEX[(value >>> 16) & 255]! + HEX[(value >>> 8) & 255]! + HEX[value & 255]!;
}

function hex12(column: Uint32Array, slot: number): string {
  const at = 3 * slot;
  return hex8(column[at]!) + hex8(column[at + 1]!) + hex8(column[at + 2]!);
}

function words(hex: string): [number, number, number] {
  return [
    Number.parseInt(hex.slice(0, 8), 16),
    Number.parseInt(hex.slice(8, 16), 16),
    Number.parseInt(hex.slice(16, 24), 16),
  ];
}

function putHex12(column: Uint32Array, slot: number, hex: string): void {
  column.set(words(hex), 3 * slot);
}
