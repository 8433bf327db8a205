/** Sets of keywords, each kept once and known by a number, so that a message may have any number of them. */
export class KeywordSets {
  readonly #sets: (readonly string[])[] = [[]];
  readonly #numbers = new Map<string, number>([['', 0]]);

  /** Keywords have no spaces. Their order counts: the store hands them over sorted. */
  number(keywords: readonly string[]): number {
    if (keywords.length === 0) return 0;
    const text = keywords.join(' ');
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#sets.push([...keywords]) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }

  /** The same array for the same number. */
  at(number: number): readonly string[] {
    return this.#sets[number]!;
  }

  get size(): number {
    return this.#sets.length;
  }
}
