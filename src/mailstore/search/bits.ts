/** A set of message ids within a range, one bit each. */
export class Bits {
  readonly first: number;
  readonly last: number;
  readonly #words: Int32Array;

  constructor(first: number, last: number) {
    this.first = first;
    this.last = last;
    this.#words = new Int32Array(((Math.max(0, last - first) + 1) >> 5) + 1);
  }

  static all(first: number, last: number): Bits {
    const all = new Bits(first, last);
    all.#words.fill(-1);
    return all;
  }

  copy(): Bits {
    const copy = new Bits(this.first, this.last);
    copy.#words.set(this.#words);
    return copy;
  }

  /** Ids outside the range are passed over. */
  add(id: number): void {
    if (id < this.first || id > this.last) return;
    const at = id - this.first;
    this.#words[at >>> 5]! |= 1 << (at & 31);
  }

  has(id: number): boolean {
    if (id < this.first || id > this.last) return false;
    const at = id - this.first;
    return (this.#words[at >>> 5]! & (1 << (at & 31))) !== 0;
  }

  /** The first one that is not before this one; infinite when there is none. */
  from(id: number): number {
    const at = Math.max(0, id - this.first);
    const words = this.#words;
    let i = at >>> 5;
    if (id > this.last || i >= words.length) return Number.POSITIVE_INFINITY;
    let word = words[i]! & (-1 << (at & 31));
    while (word === 0) {
      if (++i >= words.length) return Number.POSITIVE_INFINITY;
      word = words[i]!;
    }
    const found = this.first + 32 * i + (31 - Math.clz32(word & -word));
    return found <= this.last ? found : Number.POSITIVE_INFINITY;
  }

  // The other set has the same range.

  and(other: Bits): this {
    const { length } = this.#words;
    for (let i = 0; i < length; i++) this.#words[i]! &= other.#words[i]!;
    return this;
  }

  or(other: Bits): this {
    const { length } = this.#words;
    for (let i = 0; i < length; i++) this.#words[i]! |= other.#words[i]!;
    return this;
  }

  without(other: Bits): this {
    const { length } = this.#words;
    for (let i = 0; i < length; i++) this.#words[i]! &= ~other.#words[i]!;
    return this;
  }

  get isEmpty(): boolean {
    return this.from(this.first) > this.last;
  }

  each(take: (id: number) => void): void {
    for (let i = 0; i < this.#words.length; i++)
      for (let word = this.#words[i]!; word !== 0; word &= word - 1) {
        const id = this.first + 32 * i + (31 - Math.clz32(word & -word));
        if (id <= this.last) take(id);
      }
  }
}
