/** Makes a segment of messages that come one after the other. */
import type { TermSink } from '../../mail/search/document.ts';
import type { Tokens } from '../../mail/search/tokens.ts';
import { type Doc, hashEntry, hashPlace, MANY, type RowSink, type SegmentFacts, SegmentWriter } from './segment.ts';
import { TermTable } from './term-table.ts';
import { VarWriter } from './varint.ts';

/** Words that a builder keeps room for when it is used again. */
const KEPT_WORDS = 4 << 20;

/**
 * What is said of every word goes into columns in the order in which it comes; only the end sorts it by term. A builder can be
 * used again once it has finished.
 */
export class SegmentBuilder implements TermSink {
  readonly #table = new TermTable();
  /** Term and place of each word. */
  #words = new Uint32Array(1 << 16);
  #length = 0;
  #numbers = new Uint32Array(1024);
  /** Words before those of each document. */
  #starts: number[] = [];
  #docs: Doc[] = [];
  #doc = 0;
  #fingerprint = 0;

  /** Words of all documents so far. */
  get words(): number {
    return this.#length;
  }

  /** Ids ascend. */
  begin(id: number): void {
    this.#doc = id;
    this.#fingerprint = 0;
    this.#starts.push(this.#length);
  }

  add(units: Uint16Array, tokens: Tokens, position: number, field: number, onlyNew: boolean): number {
    const before = this.#length;
    this.#room(tokens.length);
    if (this.#numbers.length < tokens.length) this.#numbers = new Uint32Array(2 * tokens.length);
    const numbers = this.#numbers;
    this.#table.numbers(units, tokens, numbers);
    const words = this.#words;
    const table = this.#table;
    const bit = 1 << field;
    let at = before;
    let fingerprint = this.#fingerprint;
    for (let i = 0; i < tokens.length; i++) {
      const term = numbers[i]!;
      if (!table.see(term, this.#doc, bit, onlyNew)) continue;
      const place = (position + i) * 8 + field;
      words[2 * at] = term;
      words[2 * at + 1] = place;
      at++;
      fingerprint += hashPlace(table.hash(term), place);
    }
    this.#length = at;
    this.#fingerprint = fingerprint % 2 ** 32;
    return at - before;
  }

  end(words: number, flags: number): void {
    const entry = { id: this.#doc, words, flags };
    this.#docs.push({ ...entry, fingerprint: (this.#fingerprint + hashEntry(entry)) >>> 0 });
  }

  finish(id: string, sink: RowSink): SegmentFacts {
    const writer = new SegmentWriter(sink);
    for (const doc of this.#docs) writer.doc(doc);
    const { ends, words } = this.#byTerm();
    const postings = new PostingsWriter();
    const names = this.#table.names();
    for (const number of inOrder(names)) {
      const end = ends[number]!;
      for (let at = end - this.#table.count(number); at < end; at++) postings.add(words[2 * at]!, words[2 * at + 1]!);
      postings.end();
      writer.term({
        term: names[number]!,
        docs: postings.docs,
        ids: postings.ids.view(),
        places: postings.places.view(),
      });
      postings.reset();
    }
    this.#table.clear();
    this.#length = 0;
    this.#starts = [];
    this.#docs = [];
    if (this.#words.length > 2 * KEPT_WORDS) this.#words = new Uint32Array(2 * KEPT_WORDS);
    return writer.finish(id);
  }

  /** Document and place of all words, those of one term together, in their order. */
  #byTerm(): { ends: Uint32Array; words: Uint32Array } {
    const ends = new Uint32Array(this.#table.size);
    let sum = 0;
    for (let number = 0; number < ends.length; number++) {
      ends[number] = sum;
      sum += this.#table.count(number);
    }
    const from = this.#words;
    const words = new Uint32Array(2 * sum);
    for (let i = 0, word = 0; i < this.#docs.length; i++) {
      const { id } = this.#docs[i]!;
      const last = this.#starts[i + 1] ?? this.#length;
      for (; word < last; word++) {
        const at = ends[from[2 * word]!]!++;
        words[2 * at] = id;
        words[2 * at + 1] = from[2 * word + 1]!;
      }
    }
    return { ends, words };
  }

  #room(count: number): void {
    if (2 * (this.#length + count) <= this.#words.length) return;
    const larger = new Uint32Array(Math.max(2 * (this.#length + count), 2 * this.#words.length));
    larger.set(this.#words.subarray(0, 2 * this.#length));
    this.#words = larger;
  }
}

const NUMBERS = 2 ** 20;

/** Their numbers, by UTF-16. */
function inOrder(names: readonly string[]): ArrayLike<number> & Iterable<number> {
  const compare = (a: number, b: number): number => (names[a]! < names[b]! ? -1 : 1);
  if (names.length > NUMBERS) return [...names.keys()].sort(compare);
  // By the first two units, the number with them: typed arrays sort numbers without calling back. Few have both in common.
  const keys = new Float64Array(names.length);
  for (const [number, name] of names.entries())
    keys[number] = (name.charCodeAt(0) * 0x10000 + (name.length > 1 ? name.charCodeAt(1) : 0)) * NUMBERS + number;
  keys.sort();
  const order = new Uint32Array(names.length);
  let from = 0;
  for (let i = 0; i < order.length; i++) {
    order[i] = keys[i]! % NUMBERS;
    const start = Math.floor(keys[i]! / NUMBERS);
    if (i + 1 < order.length && Math.floor(keys[i + 1]! / NUMBERS) === start) continue;
    if (i > from) order.subarray(from, i + 1).sort(compare);
    from = i + 1;
  }
  return order;
}

class PostingsWriter {
  readonly ids = new VarWriter(1024);
  readonly places = new VarWriter(1024);
  docs = 0;
  #doc = 0;
  #before = 0;
  #fields = 0;
  #count = 0;
  #place = 0;

  add(doc: number, place: number): void {
    if (doc !== this.#doc) {
      this.end();
      this.#doc = doc;
      this.#place = 0;
    }
    this.places.put(place - this.#place);
    this.#place = place;
    this.#fields |= 1 << (place & 7);
    this.#count++;
  }

  /** Writes what is known of the last document. */
  end(): void {
    if (this.#count === 0) return;
    this.ids.put(this.#doc - this.#before);
    this.#before = this.#doc;
    this.ids.u8(this.#count === 1 ? this.#fields : this.#fields | MANY);
    if (this.#count > 1) this.ids.put(this.#count);
    this.docs++;
    this.#fields = 0;
    this.#count = 0;
  }

  reset(): void {
    this.ids.length = 0;
    this.places.length = 0;
    this.docs = 0;
    this.#doc = 0;
    this.#before = 0;
  }
}
