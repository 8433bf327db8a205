/** Reading a segment: terms by name, by prefix, or all, and their postings. */
import { Damaged } from '../../ports/kv.ts';
import {
  DATA_ROW,
  type Doc,
  docsOf,
  type Postings,
  RowKind,
  type RowSource,
  type SegmentFacts,
  stringOf,
  type TermEntry,
  termsOf,
} from './segment.ts';
import { VarReader } from './varint.ts';

export class Segment {
  readonly facts: SegmentFacts;
  readonly #rows: RowSource;
  #index: Promise<readonly string[]> | undefined;
  #docs: Promise<Docs> | undefined;

  constructor(facts: SegmentFacts, rows: RowSource) {
    this.facts = facts;
    this.#rows = rows;
  }

  async find(term: string): Promise<TermEntry | undefined> {
    const block = await this.#blockOf(term);
    if (block < 0) return undefined;
    for (const entry of termsOf(await this.#rows.row(RowKind.terms, block))) {
      if (entry.term === term) return entry;
      if (entry.term > term) return undefined;
    }
    return undefined;
  }

  /** In order; '' for all. */
  async *prefixed(prefix: string): AsyncIterable<TermEntry> {
    for await (const some of this.prefixedBlocks(prefix)) yield* some;
  }

  /** The same, block by block: waiting for every term would cost more than reading it. */
  async *prefixedBlocks(prefix: string): AsyncIterable<readonly TermEntry[]> {
    const from = Math.max(0, await this.#blockOf(prefix));
    for (let block = from; block < this.facts.rows[RowKind.terms]; block++) {
      const terms = await this.block(block);
      yield terms.filter(({ term }) => term.startsWith(prefix));
      const last = terms.at(-1);
      if (last && last.term > prefix && !last.term.startsWith(prefix)) return;
    }
  }

  /** All terms of a block of the dictionary, in order. */
  async block(number: number): Promise<readonly TermEntry[]> {
    return [...termsOf(await this.#rows.row(RowKind.terms, number))];
  }

  dataRow(number: number): Promise<Uint8Array> {
    return this.#rows.row(RowKind.data, number);
  }

  async postings({ term, docs, offset, ids, places }: TermEntry): Promise<Postings> {
    const whole = await this.#data(offset, ids + places);
    return { term, docs, ids: whole.subarray(0, ids), places: whole.subarray(ids) };
  }

  /** Without the places. */
  ids({ offset, ids }: TermEntry): Promise<Uint8Array> {
    return this.#data(offset, ids);
  }

  docs(): Promise<Docs> {
    return (this.#docs ??= forgetFailed(this.#loadDocs(), () => (this.#docs = undefined)));
  }

  /** Does the index name the first term of every block? */
  async indexFits(): Promise<boolean> {
    const index = await this.#loadIndex();
    for (const [block, first] of index.entries())
      for (const { term } of termsOf(await this.#rows.row(RowKind.terms, block))) {
        if (term !== first) return false;
        break;
      }
    return true;
  }

  async *allDocs(): AsyncIterable<Doc> {
    yield* docsOf(await this.#stream(RowKind.docs));
  }

  async #loadDocs(): Promise<Docs> {
    const docs = new Docs(this.facts.docs);
    for (const doc of docsOf(await this.#stream(RowKind.docs))) docs.add(doc);
    return docs;
  }

  async #data(offset: number, length: number): Promise<Uint8Array> {
    const first = Math.floor(offset / DATA_ROW);
    const start = offset - first * DATA_ROW;
    const row = await this.#rows.row(RowKind.data, first);
    if (start + length <= row.length) return row.subarray(start, start + length);
    const whole = new Uint8Array(length);
    let filled = 0;
    for (let number = first; filled < length; number++) {
      const bytes = number === first ? row.subarray(start) : await this.#rows.row(RowKind.data, number);
      if (bytes.length === 0) throw new Damaged('search: a row of postings is empty');
      const part = bytes.subarray(0, length - filled);
      whole.set(part, filled);
      filled += part.length;
    }
    return whole;
  }

  /** The block in which the term is, if anywhere; -1 when it is before the first. */
  async #blockOf(term: string): Promise<number> {
    this.#index ??= forgetFailed(this.#loadIndex(), () => (this.#index = undefined));
    const index = await this.#index;
    let low = 0;
    let high = index.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (index[middle]! <= term) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  async #loadIndex(): Promise<readonly string[]> {
    const r = new VarReader(await this.#stream(RowKind.index));
    const terms: string[] = [];
    while (r.more) terms.push(stringOf(r));
    if (terms.length !== this.facts.rows[RowKind.terms]) throw new Damaged('search: the index of terms is not whole');
    return terms;
  }

  async #stream(kind: RowKind): Promise<Uint8Array> {
    const rows: Uint8Array[] = [];
    for (let number = 0; number < this.facts.rows[kind]; number++) rows.push(await this.#rows.row(kind, number));
    return rows.length === 1 ? rows[0]! : Buffer.concat(rows);
  }
}

/** A row that could not be read may be there when it is asked for again. */
function forgetFailed<T>(work: Promise<T>, forget: () => void): Promise<T> {
  work.catch(forget);
  return work;
}

/** The documents of a segment as columns. */
export class Docs {
  readonly ids: Uint32Array;
  readonly words: Uint32Array;
  readonly flags: Uint8Array;
  #length = 0;

  constructor(count: number) {
    this.ids = new Uint32Array(count);
    this.words = new Uint32Array(count);
    this.flags = new Uint8Array(count);
  }

  add({ id, words, flags }: Doc): void {
    const at = this.#length++;
    if (at >= this.ids.length) throw new Damaged('search: more documents than the manifest says');
    this.ids[at] = id;
    this.words[at] = words;
    this.flags[at] = flags;
  }

  /** Position of a document, -1 when it is not there. */
  find(id: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ids[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return low < this.#length && this.ids[low] === id ? low : -1;
  }
}

/** Rows in memory: a segment that was not written yet. */
export class MemoryRows implements RowSource {
  readonly #rows = new Map<string, Uint8Array>();
  bytes = 0;

  readonly put = (kind: RowKind, number: number, bytes: Uint8Array): void => {
    this.#rows.set(`${kind} ${number}`, bytes);
    this.bytes += bytes.length;
  };

  async row(kind: RowKind, number: number): Promise<Uint8Array> {
    const row = this.#rows.get(`${kind} ${number}`);
    if (!row) throw new Damaged(`search: row ${number} of kind ${kind} is missing`);
    return row;
  }

  *entries(): Iterable<readonly [kind: RowKind, number: number, bytes: Uint8Array]> {
    for (const [name, bytes] of this.#rows) {
      const [kind, number] = name.split(' ').map(Number) as [RowKind, number];
      yield [kind, number, bytes];
    }
  }
}
