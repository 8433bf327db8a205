/** Several neighbouring segments become one, without the documents that are gone. */
import { Damaged } from '../../ports/kv.ts';
import type { Segment } from './reader.ts';
import {
  DATA_ROW,
  type Doc,
  hashEntry,
  hashPlace,
  hashTerm,
  MANY,
  type Postings,
  RowKind,
  type RowSink,
  type SegmentFacts,
  SegmentWriter,
  type TermEntry,
} from './segment.ts';
import { VarReader, VarWriter } from './varint.ts';

/**
 * In order of their ids. `isAlive` says which documents stay. `pause` is awaited between terms: the sink may have to catch
 * up. Memory: a block of each segment, and the postings of one term. Undefined when no document is left.
 */
export async function mergeSegments(
  id: string,
  segments: readonly Segment[],
  isAlive: (id: number) => boolean,
  sink: RowSink,
  pause: () => Promise<void> | undefined,
): Promise<SegmentFacts | undefined> {
  const writer = new SegmentWriter(sink);
  const whole: boolean[] = [];
  let docs = 0;
  for (const segment of segments) {
    let gone = 0;
    for await (const doc of segment.allDocs()) {
      if (!isAlive(doc.id)) gone++;
      else {
        writer.doc(doc);
        docs++;
      }
    }
    whole.push(gone === 0);
  }
  if (docs === 0) return undefined;
  const cursors = await Promise.all(segments.map((segment) => Cursor.open(segment)));
  const joined = new JoinedPostings();
  for (;;) {
    let lowest: string | undefined;
    let first = 0;
    let last = 0;
    for (let i = 0; i < cursors.length; i++) {
      const term = cursors[i]!.entry?.term;
      if (term === undefined || (lowest !== undefined && term > lowest)) continue;
      if (term !== lowest) first = i;
      lowest = term;
      last = i;
    }
    if (lowest === undefined) break;
    joined.begin(lowest);
    for (let i = first; i <= last; i++) {
      const cursor = cursors[i]!;
      const { entry } = cursor;
      if (entry?.term !== lowest) continue;
      const found = cursor.postings(entry);
      const postings = found instanceof Promise ? await found : found;
      // What only one segment has, and whole, stays as it is.
      if (first === last && whole[i]) writer.term(postings);
      else joined.add(postings, whole[i] ? undefined : isAlive);
      const moved = cursor.advance();
      if (moved) await moved;
    }
    if (joined.docs > 0) writer.term(joined.postings);
    const waiting = pause();
    if (waiting) await waiting;
  }
  return writer.finish(id);
}

/** Goes through the terms of a segment. Waits only for rows: most terms are in the one that the last was in. */
class Cursor {
  readonly #segment: Segment;
  #terms: readonly TermEntry[] = [];
  #at = 0;
  #block = 0;
  #row: Uint8Array = new Uint8Array(0);
  #rowNumber = -1;

  private constructor(segment: Segment) {
    this.#segment = segment;
  }

  static async open(segment: Segment): Promise<Cursor> {
    const cursor = new Cursor(segment);
    await cursor.#nextBlock();
    return cursor;
  }

  /** Undefined after the last. */
  get entry(): TermEntry | undefined {
    return this.#terms[this.#at];
  }

  advance(): Promise<void> | undefined {
    return ++this.#at < this.#terms.length ? undefined : this.#nextBlock();
  }

  postings(entry: TermEntry): Postings | Promise<Postings> {
    const { term, docs, offset, ids, places } = entry;
    const start = offset - this.#rowNumber * DATA_ROW;
    if (start < 0 || start + ids + places > this.#row.length) return this.#read(entry);
    const middle = start + ids;
    return { term, docs, ids: this.#row.subarray(start, middle), places: this.#row.subarray(middle, middle + places) };
  }

  async #read(entry: TermEntry): Promise<Postings> {
    const postings = await this.#segment.postings(entry);
    const last = Math.floor((entry.offset + entry.ids + entry.places) / DATA_ROW);
    this.#row = last < this.#segment.facts.rows[RowKind.data] ? await this.#segment.dataRow(last) : new Uint8Array(0);
    this.#rowNumber = last;
    return postings;
  }

  async #nextBlock(): Promise<void> {
    this.#at = 0;
    this.#terms = [];
    while (this.#terms.length === 0 && this.#block < this.#segment.facts.rows[RowKind.terms])
      this.#terms = await this.#segment.block(this.#block++);
  }
}

/** The postings of one term after the other. */
class JoinedPostings {
  #term = '';
  readonly #ids = new VarWriter(64);
  readonly #places = new VarWriter(64);
  #last = 0;
  docs = 0;

  begin(term: string): void {
    this.#term = term;
    this.#ids.clear();
    this.#places.clear();
    this.#last = 0;
    this.docs = 0;
  }

  add(postings: Postings, isAlive: ((id: number) => boolean) | undefined): void {
    if (isAlive) this.#addAlive(postings, isAlive);
    else this.#addAll(postings);
  }

  /** Only the first distance changes. */
  #addAll({ docs, ids, places }: Postings): void {
    const from = new VarReader(ids);
    let id = from.get();
    if (id <= this.#last) throw new Damaged(`search: document ${id} after ${this.#last}`);
    this.#ids.put(id - this.#last);
    this.#ids.raw(ids.subarray(from.at));
    for (;;) {
      if (from.u8() & MANY) from.get();
      if (!from.more) break;
      id += from.get();
    }
    this.#places.raw(places);
    this.#last = id;
    this.docs += docs;
  }

  #addAlive({ ids, places }: Postings, isAlive: (id: number) => boolean): void {
    const from = new VarReader(ids);
    const at = new VarReader(places);
    let id = 0;
    while (from.more) {
      id += from.get();
      const fields = from.u8();
      const count = fields & MANY ? from.get() : 1;
      const start = at.at;
      at.skip(count);
      if (!isAlive(id)) continue;
      if (id <= this.#last) throw new Damaged(`search: document ${id} after ${this.#last}`);
      this.#ids.put(id - this.#last);
      this.#ids.u8(fields);
      if (fields & MANY) this.#ids.put(count);
      this.#places.raw(places.subarray(start, at.at));
      this.#last = id;
      this.docs++;
    }
  }

  /** Good until the next term begins. */
  get postings(): Postings {
    return { term: this.#term, docs: this.docs, ids: this.#ids.view(), places: this.#places.view() };
  }
}

/** What is wrong with a segment: everything is read, and the postings are compared with the fingerprints. */
export async function segmentProblem(segment: Segment): Promise<string | undefined> {
  const expected = new Map<number, Doc>();
  let words = 0;
  for await (const doc of segment.allDocs()) {
    expected.set(doc.id, doc);
    words += doc.words;
  }
  const { facts } = segment;
  if (expected.size !== facts.docs) return `${facts.docs} documents are noted, ${expected.size} are there`;
  if (words !== facts.words) return `${facts.words} words are noted, ${words} are there`;
  const found = new Map<number, number>();
  if (!(await segment.indexFits())) return 'the index of terms does not fit the dictionary';
  let before: string | undefined;
  for await (const entry of segment.prefixed('')) {
    if (before !== undefined && entry.term <= before) return `term ${JSON.stringify(entry.term)} is out of order`;
    before = entry.term;
    const hash = hashTerm(entry.term);
    let docs = 0;
    for (const { id, fields, places } of eachDocument(await segment.postings(entry))) {
      docs++;
      let sum = found.get(id) ?? 0;
      let seen = 0;
      for (const place of places) {
        sum = (sum + hashPlace(hash, place)) >>> 0;
        seen |= 1 << (place & 7);
      }
      if (seen !== fields) return `term ${JSON.stringify(entry.term)}: not the fields of message ${id}`;
      found.set(id, sum);
    }
    if (docs !== entry.docs)
      return `term ${JSON.stringify(entry.term)}: ${entry.docs} documents are noted, not ${docs}`;
  }
  for (const [id, doc] of expected)
    if (((found.get(id) ?? 0) + hashEntry(doc)) >>> 0 !== doc.fingerprint)
      return `the words of message ${id} are not what was written`;
  for (const id of found.keys()) if (!expected.has(id)) return `words of message ${id}, which it does not hold`;
  return undefined;
}

export function* eachDocument({ ids, places }: Postings): Iterable<{ id: number; fields: number; places: number[] }> {
  const from = new VarReader(ids);
  const at = new VarReader(places);
  let id = 0;
  while (from.more) {
    id += from.get();
    const fields = from.u8();
    const count = fields & MANY ? from.get() : 1;
    const found: number[] = [];
    let place = 0;
    for (let i = 0; i < count; i++) found.push((place += at.get()));
    yield { id, fields: fields & ~MANY, places: found };
  }
}
