/** Makes a segment of messages that come one after the other. */
import type { TermSink } from '../../mail/search/document.ts';
import type { Tokens } from '../../mail/search/tokens.ts';
import { type Doc, hashEntry, hashPlace, MANY, type RowSink, type SegmentFacts, SegmentWriter } from './segment.ts';
import { TermTable } from './term-table.ts';

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
      const docs = postings.write(words, end - this.#table.count(number), end);
      writer.term({ term: names[number]!, docs, ids: postings.ids, places: postings.places });
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

/** Most bytes that a word takes: of its document the distance, the fields and how often; and its place. */
const MOST_ID_BYTES = 5 + 1 + 5;
const MOST_PLACE_BYTES = 5;

/** The postings of one term after the other. */
class PostingsWriter {
  #idBytes = new Uint8Array(1024);
  #placeBytes = new Uint8Array(1024);
  /** Of the last term; good until the next. */
  ids = this.#idBytes;
  places = this.#placeBytes;

  /** Of the words from `start` to `end`, in columns of document and place. Answers in how many documents they are. */
  write(words: Uint32Array, start: number, end: number): number {
    this.#room(end - start);
    const ids = this.#idBytes;
    const places = this.#placeBytes;
    let idsLength = 0;
    let placesLength = 0;
    let docs = 0;
    let before = 0;
    for (let at = 2 * start; at < 2 * end; docs++) {
      const doc = words[at]!;
      // Encoded here: there are very many, and most take a byte.
      let rest = doc - before;
      for (; rest >= 0x80; rest >>>= 7) ids[idsLength++] = (rest & 0x7f) | 0x80;
      ids[idsLength++] = rest;
      before = doc;
      const fieldsAt = idsLength++;
      let fields = 0;
      let count = 0;
      let last = 0;
      for (; at < 2 * end && words[at] === doc; at += 2) {
        const place = words[at + 1]!;
        for (rest = place - last; rest >= 0x80; rest >>>= 7) places[placesLength++] = (rest & 0x7f) | 0x80;
        places[placesLength++] = rest;
        last = place;
        fields |= 1 << (place & 7);
        count++;
      }
      ids[fieldsAt] = count === 1 ? fields : fields | MANY;
      if (count === 1) continue;
      for (rest = count; rest >= 0x80; rest >>>= 7) ids[idsLength++] = (rest & 0x7f) | 0x80;
      ids[idsLength++] = rest;
    }
    this.ids = ids.subarray(0, idsLength);
    this.places = places.subarray(0, placesLength);
    return docs;
  }

  #room(words: number): void {
    if (words * MOST_ID_BYTES > this.#idBytes.length) this.#idBytes = new Uint8Array(2 * words * MOST_ID_BYTES);
    if (words * MOST_PLACE_BYTES > this.#placeBytes.length)
      this.#placeBytes = new Uint8Array(2 * words * MOST_PLACE_BYTES);
  }
}
