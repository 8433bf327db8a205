/** A binary heap of queue entries by due time; entries that changed since they were put in are skipped by the reader. */
export interface Waiting {
  /** Due time; -1 for a promoted entry. */
  readonly at: number;
  readonly id: string;
}

export class DueHeap {
  readonly #items: Waiting[] = [];

  get first(): Waiting | undefined {
    return this.#items[0];
  }

  push(item: Waiting): void {
    const items = this.#items;
    let i = items.push(item) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (before(items[parent] as Waiting, item)) break;
      items[i] = items[parent] as Waiting;
      i = parent;
    }
    items[i] = item;
  }

  pop(): Waiting | undefined {
    const items = this.#items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && before(items[child + 1] as Waiting, items[child] as Waiting)) child++;
      if (before(last, items[child] as Waiting)) break;
      items[i] = items[child] as Waiting;
      i = child;
    }
    items[i] = last;
    return top;
  }
}

function before(a: Waiting, b: Waiting): boolean {
  return a.at < b.at || (a.at === b.at && a.id < b.id);
}
