/** Numbers for terms that are stretches of UTF-16: a hash table in typed arrays, so that a word that was seen before costs no object. */
import { SHORT_TERM, type Tokens } from '../../mail/search/tokens.ts';
import { hashUnits } from './segment.ts';

/** Terms whose room is kept when the table is used again. */
const KEPT = 1 << 17;
/** Bits of the number of slots: at least, and while no more is kept than that. */
const LEAST_BITS = 12;
const KEPT_BITS = 18;

/** Odd, and another one in each process: nobody can choose words that share a slot. */
const FACTOR = (crypto.getRandomValues(new Uint32Array(1))[0]! | 1) >>> 0;

export class TermTable {
  /**
   * Pairs of a term's key and of its number, one higher, times two, odd when the term is short: then the key is all of it, and
   * nothing else need be read. 0 = empty. At least twice as many as terms.
   */
  #slots = new Uint32Array(2 << LEAST_BITS);
  #bits = LEAST_BITS;
  /** Of each term its length, and where its text begins in `#units`; the key of a short one. */
  #texts = new Uint32Array(2 << 10);
  #hashes = new Uint32Array(1 << 10);
  #units = new Uint16Array(8 << 10);
  #unitsLength = 0;
  /** What is in the first slot where each of the terms could be. */
  #found = new Uint32Array(2 << 10);
  size = 0;

  /** The number of each term, in `into`; a new one has the next number. */
  numbers(units: Uint16Array, { starts, ends, keys, length }: Tokens, into: Uint32Array): void {
    const found = this.#foundFor(length);
    const slots = this.#slots;
    const shift = 32 - this.#bits;
    // Step by step for all of them, so that the processor waits for many places of the memory at the same time.
    for (let i = 0; i < length; i++) {
      const at = 2 * (Math.imul(keys[i]!, FACTOR) >>> shift);
      found[2 * i] = slots[at]!;
      found[2 * i + 1] = slots[at + 1]!;
    }
    for (let i = 0; i < length; i++) {
      const key = keys[i]!;
      const tag = found[2 * i + 1]!;
      // Mostly: a short term in the first place where it could be.
      const isIt = (tag & 1) !== 0 && found[2 * i] === key && ends[i]! - starts[i]! <= SHORT_TERM;
      into[i] = isIt ? (tag >>> 1) - 1 : this.#number(units, starts[i]!, ends[i]!, key);
    }
  }

  #foundFor(length: number): Uint32Array {
    if (this.#found.length < 2 * length) this.#found = new Uint32Array(4 * length);
    return this.#found;
  }

  #number(units: Uint16Array, start: number, end: number, key: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const short = end - start <= SHORT_TERM ? 1 : 0;
    for (let at = this.#slotOf(key); ; at = (at + 2) & mask) {
      const tag = slots[at + 1]!;
      if (tag === 0) return this.#insert(at, units, start, end, key);
      if (slots[at] !== key || (tag & 1) !== short) continue;
      const number = (tag >>> 1) - 1;
      if (short || this.#is(number, units, start, end)) return number;
    }
  }

  #slotOf(key: number): number {
    return 2 * (Math.imul(key, FACTOR) >>> (32 - this.#bits));
  }

  #is(number: number, units: Uint16Array, start: number, end: number): boolean {
    if (this.#texts[2 * number] !== end - start) return false;
    const known = this.#units;
    for (let i = start, j = this.#texts[2 * number + 1]!; i < end; i++, j++) if (known[j] !== units[i]) return false;
    return true;
  }

  /** `hashTerm` of each, by number. */
  get hashes(): Uint32Array {
    return this.#hashes;
  }

  /** By number. */
  names(): string[] {
    const names: string[] = [];
    for (let number = 0; number < this.size; number++) {
      const length = this.#texts[2 * number]!;
      const text = this.#texts[2 * number + 1]!;
      if (length === 1) names.push(String.fromCharCode(text));
      else if (length === 2) names.push(String.fromCharCode(text & 0xffff, text >>> 16));
      else names.push(String.fromCharCode(...this.#units.subarray(text, text + length)));
    }
    return names;
  }

  clear(): void {
    if (this.size > KEPT) {
      this.#bits = KEPT_BITS;
      this.#slots = new Uint32Array(2 << KEPT_BITS);
      this.#texts = new Uint32Array(2 * KEPT);
      this.#hashes = new Uint32Array(KEPT);
      this.#units = new Uint16Array(8 * KEPT);
    } else this.#slots.fill(0);
    this.size = 0;
    this.#unitsLength = 0;
  }

  #insert(at: number, units: Uint16Array, start: number, end: number, key: number): number {
    const number = this.size++;
    if (number === this.#hashes.length) {
      this.#hashes = grown(this.#hashes, new Uint32Array(2 * number));
      this.#texts = grown(this.#texts, new Uint32Array(4 * number));
    }
    const isShort = end - start <= SHORT_TERM;
    this.#hashes[number] = hashUnits(units, start, end);
    this.#texts[2 * number] = end - start;
    this.#texts[2 * number + 1] = isShort ? key : this.#keep(units, start, end);
    this.#slots[at] = key;
    this.#slots[at + 1] = 2 * (number + 1) + (isShort ? 1 : 0);
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
    const before = this.#slots;
    this.#bits++;
    this.#slots = new Uint32Array(2 << this.#bits);
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let from = 0; from < before.length; from += 2) {
      if (before[from + 1] === 0) continue;
      let at = this.#slotOf(before[from]!);
      while (slots[at + 1] !== 0) at = (at + 2) & mask;
      slots[at] = before[from]!;
      slots[at + 1] = before[from + 1]!;
    }
  }
}

function grown<T extends Uint32Array | Uint16Array>(from: T, to: T): T {
  to.set(from as Uint16Array);
  return to;
}
