/** Messages in which terms stand at given distances: message by message, so that places are read only where all terms are. */
import { Damaged } from '../../ports/kv.ts';
import type { Patience } from '../raw-source.ts';
import type { Bits } from './bits.ts';
import { MANY, type Postings } from './segment.ts';

/** Behind the last message, and behind the last place. */
const END = Number.POSITIVE_INFINITY;
/** Places of a message, and more: a message and a place are one number. */
const PLACES = 2 ** 20;
/** Messages between two looks at the clock. */
const STEPS = 256;

/** The messages that have a term, ascending, and where a phrase with it would begin there. */
export interface PlaceCursor {
  readonly docs: number;
  /** END when there is no more. */
  readonly id: number;
  /** To the first message that is not before this one. */
  seek(id: number): void;
  /** The first place of this message that is not before this one, which ascends from call to call; END when there is no more. */
  placeFrom(least: number): number;
}

/** Of one term. */
export class PostingsCursor implements PlaceCursor {
  readonly docs: number;
  id = 0;
  readonly #ids: Uint8Array;
  readonly #places: Uint8Array;
  readonly #view: DataView;
  readonly #fields: number;
  readonly #distance: number;
  #next = 0;
  /** Places of this message that were not looked at, and those before it. */
  #left = 0;
  #behind = 0;
  #at = 0;
  /** The place that was read last, and where a phrase with it would begin. */
  #place = 0;
  #begin = -1;

  /** `distance`: of the term behind the beginning of the phrase, in places. */
  constructor({ docs, ids, places }: Postings, fields: number, distance: number) {
    this.docs = docs;
    this.#ids = ids;
    this.#places = places;
    this.#view = new DataView(places.buffer, places.byteOffset, places.length);
    this.#fields = fields;
    this.#distance = distance;
  }

  seek(id: number): void {
    if (this.id >= id) return;
    const ids = this.#ids;
    let at = this.#next;
    let last = this.id;
    let behind = this.#behind + this.#left;
    // Decoded here: there may be very many, and most take a byte.
    while (at < ids.length) {
      let byte = ids[at++]!;
      last += byte & 0x7f;
      for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
        byte = ids[at++]!;
        last += (byte & 0x7f) * scale;
      }
      const flags = ids[at++]!;
      let count = 1;
      if (flags & MANY) {
        byte = ids[at++]!;
        count = byte & 0x7f;
        for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
          byte = ids[at++]!;
          count += (byte & 0x7f) * scale;
        }
      }
      if (at > ids.length) throw short();
      if (last >= id && (flags & this.#fields) !== 0) {
        this.id = last;
        this.#next = at;
        this.#left = count;
        this.#behind = behind;
        this.#place = 0;
        this.#begin = -1;
        return;
      }
      behind += count;
    }
    this.id = END;
  }

  placeFrom(least: number): number {
    if (this.#begin >= least) return this.#begin;
    const places = this.#places;
    const from = least + this.#distance;
    const fields = this.#fields;
    let at = this.#behind > 0 ? this.#behindOthers() : this.#at;
    let left = this.#left;
    if (left > places.length - at) throw short();
    let place = this.#place;
    this.#begin = END;
    while (left > 0) {
      left--;
      let byte = places[at++]!;
      place += byte & 0x7f;
      for (let shift = 7; byte >= 0x80; shift += 7) {
        byte = places[at++]!;
        place += (byte & 0x7f) << shift;
      }
      if (place < from || ((1 << (place & 7)) & fields) === 0) continue;
      this.#begin = place - this.#distance;
      break;
    }
    if (at > places.length) throw short();
    this.#at = at;
    this.#left = left;
    this.#place = place;
    return this.#begin;
  }

  /** Where the places of this message begin. */
  #behindOthers(): number {
    const places = this.#places;
    let at = this.#at;
    let left = this.#behind;
    if (left > places.length - at) throw short();
    // Four bytes at once, while they cannot hold the ends of more numbers than that.
    for (; left >= 4 && at + 4 <= places.length; at += 4) {
      const unfinished = (this.#view.getUint32(at, true) & 0x80808080) >>> 7;
      left -= 4 - (Math.imul(unfinished, 0x01010101) >>> 24);
    }
    for (; left > 0; left--) while (places[at++]! >= 0x80);
    this.#behind = 0;
    return at;
  }
}

/** The places of several terms that stand for one. */
export class MixedPlaces {
  #all = new Float64Array(256);
  #length = 0;

  /** In these messages; undefined = all. */
  add(cursor: PostingsCursor, within: Bits | undefined): void {
    for (cursor.seek(1); cursor.id !== END; cursor.seek(cursor.id + 1)) {
      if (within && !within.has(cursor.id)) continue;
      for (let place = cursor.placeFrom(0); place !== END; place = cursor.placeFrom(place + 1))
        this.#push(cursor.id * PLACES + place);
    }
  }

  cursor(): PlaceCursor {
    return new SortedCursor(this.#all.subarray(0, this.#length).sort());
  }

  #push(place: number): void {
    if (this.#length === this.#all.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#all);
      this.#all = larger;
    }
    this.#all[this.#length++] = place;
  }
}

class SortedCursor implements PlaceCursor {
  readonly docs: number;
  id = 0;
  readonly #all: Float64Array;
  #at = 0;

  constructor(all: Float64Array) {
    this.#all = all;
    this.docs = all.length;
  }

  seek(id: number): void {
    this.#to(id * PLACES);
    this.id = this.#at < this.#all.length ? Math.floor(this.#all[this.#at]! / PLACES) : END;
  }

  placeFrom(least: number): number {
    const start = this.id * PLACES;
    this.#to(start + least);
    const place = this.#at < this.#all.length ? this.#all[this.#at]! - start : END;
    return place < PLACES ? place : END;
  }

  #to(place: number): void {
    while (this.#at < this.#all.length && this.#all[this.#at]! < place) this.#at++;
  }
}

/** Adds the messages that have all terms where they should be. Outside `within` they do not matter. */
export async function findInARow(
  cursors: readonly PlaceCursor[],
  within: Bits | undefined,
  found: Bits,
  patience: Patience,
): Promise<void> {
  const order = cursors.toSorted((a, b) => a.docs - b.docs);
  let steps = 0;
  for (let id = 1; ; id++) {
    // The next message that all have.
    for (let i = 0; i < order.length; ) {
      if (i === 0 && within) id = within.from(id);
      if (id === END) return;
      const cursor = order[i]!;
      cursor.seek(id);
      if (cursor.id === id) i++;
      else {
        id = cursor.id;
        // The first one is there; with `within` it has to be asked again.
        i = i === 0 && !within ? 1 : 0;
      }
    }
    if (meet(order)) found.add(id);
    if (++steps % STEPS === 0) await patience.pause();
  }
}

/** Is there a place that all have in the message they are at? */
function meet(cursors: readonly PlaceCursor[]): boolean {
  let place = 0;
  for (let i = 0; i < cursors.length; ) {
    const next = cursors[i]!.placeFrom(place);
    if (next === END) return false;
    if (next === place) i++;
    else {
      place = next;
      i = i === 0 ? 1 : 0;
    }
  }
  return true;
}

function short(): Damaged {
  return new Damaged('search: postings are shorter than they say');
}
