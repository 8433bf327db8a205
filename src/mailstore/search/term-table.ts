/** Numbers for terms that are stretches of UTF-16: a hash table in typed arrays, so that a word that was seen before costs no object. */
import type { Tokens } from '../../mail/search/tokens.ts';
import { hashUnits } from './segment.ts';

/** What is known of a term, one after the other: mostly one line of the processor's cache. */
const Of = { hash: 0, text: 1, length: 2, count: 3, doc: 4, fields: 5, lasting: 6 } as const;
const WIDTH = 8;
/** Texts of up to two units stand in the record itself. */
const SHORT = 2;
/** Terms whose room is kept when the table is used again. */
const KEPT = 1 << 17;

export class TermTable {
  #records = new Uint32Array(WIDTH << 10);
  /** Numbers, one higher, by hash; 0 = empty. A power of two. */
  #slots = new Uint32Array(4 << 10);
  /** Texts of the longer terms, one after the other. */
  #units = new Uint16Array(8 << 10);
  #unitsLength = 0;
  size = 0;

  /** The number of each term, in `into`; a new one has the next number. */
  numbers(units: Uint16Array, { starts, ends, hashes, length }: Tokens, into: Uint32Array): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    // Step by step for all of them, so that the processor waits for many places of the memory at the same time.
    for (let i = 0; i < length; i++) into[i] = slots[spread(hashes[i]!) & mask]!;
    for (let i = 0; i < length; i++) {
      const number = into[i]! - 1;
      const start = starts[i]!;
      const end = ends[i]!;
      const found = number >= 0 && this.#is(number, units, start, end, hashes[i]!);
      into[i] = found ? number : this.#number(units, start, end, hashes[i]!);
    }
  }

  #number(units: Uint16Array, start: number, end: number, hash: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = spread(hash) & mask;
    for (;;) {
      const number = slots[slot]! - 1;
      if (number < 0) return this.#insert(slot, units, start, end, hash);
      if (this.#is(number, units, start, end, hash)) return number;
      slot = (slot + 1) & mask;
    }
  }

  #is(number: number, units: Uint16Array, start: number, end: number, hash: number): boolean {
    const records = this.#records;
    const at = number * WIDTH;
    if (records[at + Of.hash] !== hash || records[at + Of.length] !== end - start) return false;
    const text = records[at + Of.text]!;
    if (end - start <= SHORT) return text === shortText(units, start, end);
    const known = this.#units;
    for (let i = start, j = text; i < end; i++, j++) if (known[j] !== units[i]) return false;
    return true;
  }

  /** Counts it, and notes that the document has it in the field; false, and nothing, if it is `onlyNew` and is not new there. */
  see(number: number, doc: number, field: number, onlyNew: boolean): boolean {
    const records = this.#records;
    const at = number * WIDTH;
    const seen = records[at + Of.doc] === doc ? records[at + Of.fields]! : 0;
    if (onlyNew && (seen & field) !== 0) return false;
    records[at + Of.doc] = doc;
    records[at + Of.fields] = seen | field;
    records[at + Of.count]!++;
    return true;
  }

  count(number: number): number {
    return this.#records[number * WIDTH + Of.count]!;
  }

  /** `hashTerm` of it. */
  hash(number: number): number {
    return this.#records[number * WIDTH + Of.lasting]!;
  }

  /** By number. */
  names(): string[] {
    const names: string[] = [];
    for (let at = 0; at < this.size * WIDTH; at += WIDTH) {
      const text = this.#records[at + Of.text]!;
      const length = this.#records[at + Of.length]!;
      if (length === 1) names.push(String.fromCharCode(text));
      else if (length === 2) names.push(String.fromCharCode(text & 0xffff, text >>> 16));
      else names.push(String.fromCharCode(...this.#units.subarray(text, text + length)));
    }
    return names;
  }

  clear(): void {
    if (this.size > KEPT) {
      this.#records = new Uint32Array(WIDTH * KEPT);
      this.#slots = new Uint32Array(4 * KEPT);
      this.#units = new Uint16Array(8 * KEPT);
    } else {
      this.#records.fill(0, 0, this.size * WIDTH);
      this.#slots.fill(0);
    }
    this.size = 0;
    this.#unitsLength = 0;
  }

  #insert(slot: number, units: Uint16Array, start: number, end: number, hash: number): number {
    const number = this.size++;
    const length = end - start;
    if (this.size * WIDTH > this.#records.length)
      this.#records = grown(this.#records, new Uint32Array(2 * this.#records.length));
    const at = number * WIDTH;
    this.#records[at + Of.hash] = hash;
    this.#records[at + Of.lasting] = hashUnits(units, start, end);
    this.#records[at + Of.length] = length;
    this.#records[at + Of.text] = length <= SHORT ? shortText(units, start, end) : this.#keep(units, start, end);
    this.#slots[slot] = number + 1;
    if (4 * this.size > this.#slots.length) this.#spread();
    return number;
  }

  #keep(units: Uint16Array, start: number, end: number): number {
    const at = this.#unitsLength;
    this.#unitsLength += end - start;
    if (this.#unitsLength > this.#units.length)
      this.#units = grown(this.#units, new Uint16Array(2 * Math.max(this.#units.length, this.#unitsLength)));
    this.#units.set(units.subarray(start, end), at);
    return at;
  }

  #spread(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      const hash = this.#records[number * WIDTH + Of.hash]!;
      let slot = spread(hash) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

function shortText(units: Uint16Array, start: number, end: number): number {
  return end - start === 2 ? (units[start]! | (units[start + 1]! << 16)) >>> 0 : units[start]!;
}

/** The low bits of such a hash know only the low bits of the text. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return mixed ^ (mixed >>> 16);
}

function grown<T extends Uint32Array | Uint16Array>(from: T, to: T): T {
  to.set(from as Uint16Array);
  return to;
}
