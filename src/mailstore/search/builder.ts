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
  #docs: Omit<Doc, 'fingerprint'>[] = [];
  #doc = 0;
  /** Of each term the last document of those that ask for it, and in which of its fields it was seen. */
  #seen = new Uint32Array(0);
  #asks = false;

  /** Words of all documents so far. */
  get words(): number {
    return this.#length;
  }

  /** Ids ascend. */
  begin(id: number): void {
    this.#doc = id;
    this.#asks = false;
    this.#starts.push(this.#length);
  }

  add(units: Uint16Array, tokens: Tokens, position: number, field: number, onlyNew: boolean): number {
    const before = this.#length;
    const count = tokens.length;
    this.#room(count);
    if (this.#numbers.length < count) this.#numbers = new Uint32Array(2 * count);
    const numbers = this.#numbers;
    this.#table.numbers(units, tokens, numbers);
    if (onlyNew || this.#asks) this.#ask();
    const words = this.#words;
    let at = 2 * before;
    let place = position * 8 + field;
    for (let i = 0; i < count; i++, place += 8) {
      const term = numbers[i]!;
      if (this.#asks && this.#see(term, place) && onlyNew) continue;
      words[at++] = term;
      words[at++] = place;
    }
    this.#length = at / 2;
    return this.#length - before;
  }

  /** From here on it is known which terms the document has in which fields. Few documents ask. */
  #ask(): void {
    const least = 2 * this.#table.size;
    if (this.#seen.length < least) {
      const larger = new Uint32Array(2 * least);
      larger.set(this.#seen);
      this.#seen = larger;
    }
    if (this.#asks) return;
    this.#asks = true;
    for (let word = this.#starts.at(-1)!; word < this.#length; word++)
      this.#see(this.#words[2 * word]!, this.#words[2 * word + 1]!);
  }

  /** Notes the term in the field of that place; was it there before? */
  #see(term: number, place: number): boolean {
    const seen = this.#seen;
    const bit = 1 << (place & 7);
    const fields = seen[2 * term] === this.#doc ? seen[2 * term + 1]! : 0;
    seen[2 * term] = this.#doc;
    seen[2 * term + 1] = fields | bit;
    return (fields & bit) !== 0;
  }

  end(words: number, flags: number): void {
    this.#docs.push({ id: this.#doc, words, flags });
  }

  finish(id: string, sink: RowSink): SegmentFacts {
    const writer = new SegmentWriter(sink);
    const { ends, words } = this.#byTerm((doc) => writer.doc(doc));
    const postings = new PostingsWriter();
    const names = this.#table.names();
    for (const number of inOrder(names)) {
      const docs = postings.write(words, number === 0 ? 0 : ends[number - 1]!, ends[number]!);
      writer.term({ term: names[number]!, docs, ids: postings.ids, places: postings.places });
    }
    this.#table.clear();
    this.#length = 0;
    this.#starts = [];
    this.#docs = [];
    this.#seen = new Uint32Array(0);
    if (this.#words.length > 2 * KEPT_WORDS) this.#words = new Uint32Array(2 * KEPT_WORDS);
    return writer.finish(id);
  }

  /** Document and place of all words, those of one term together, in their order; and where those of each term end. */
  #byTerm(take: (doc: Doc) => void): { ends: Uint32Array; words: Uint32Array } {
    const from = this.#words;
    const length = this.#length;
    const ends = new Uint32Array(this.#table.size);
    for (let at = 0; at < 2 * length; at += 2) ends[from[at]!]!++;
    let sum = 0;
    for (let number = 0; number < ends.length; number++) {
      const count = ends[number]!;
      ends[number] = sum;
      sum += count;
    }
    const { hashes } = this.#table;
    const words = new Uint32Array(2 * length);
    for (let i = 0, at = 0; i < this.#docs.length; i++) {
      const doc = this.#docs[i]!;
      const last = 2 * (this.#starts[i + 1] ?? length);
      let fingerprint = hashEntry(doc);
      for (; at < last; at += 2) {
        const term = from[at]!;
        const place = from[at + 1]!;
        const to = 2 * ends[term]!++;
        words[to] = doc.id;
        words[to + 1] = place;
        fingerprint = (fingerprint + hashPlace(hashes[term]!, place)) | 0;
      }
      take({ ...doc, fingerprint: fingerprint >>> 0 });
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
