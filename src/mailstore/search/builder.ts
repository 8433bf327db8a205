/** Makes a segment of messages that come one after the other. */
import type { TermSink } from '../../mail/search/document.ts';
import { type Doc, hashPlace, hashTerm, MANY, type RowSink, type SegmentFacts, SegmentWriter } from './segment.ts';
import { VarWriter } from './varint.ts';

/** Numbers that grow. */
class Numbers {
  values = new Uint32Array(1024);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Uint32Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = value;
  }
}

/** What is said of every word goes into columns in the order in which it comes; only the end sorts it by term. */
export class SegmentBuilder implements TermSink {
  readonly #numbers = new Map<string, number>();
  // By number of the term.
  readonly #hashes = new Numbers();
  readonly #counts = new Numbers();
  /** Document it was seen in last, and in which of its fields. */
  readonly #seenIn = new Numbers();
  readonly #seenFields = new Numbers();
  // By word.
  readonly #terms = new Numbers();
  readonly #places = new Numbers();
  /** Words before those of each document. */
  readonly #starts: number[] = [];
  readonly #docs: Doc[] = [];
  #doc = 0;
  #fingerprint = 0;

  /** Ids ascend. */
  begin(id: number): void {
    this.#doc = id;
    this.#fingerprint = 0;
    this.#starts.push(this.#terms.length);
  }

  add(text: string, position: number, field: number): void {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
      this.#hashes.push(hashTerm(text));
      this.#counts.push(0);
      this.#seenIn.push(0);
      this.#seenFields.push(0);
    }
    const place = position * 8 + field;
    const bit = 1 << field;
    const again = this.#seenIn.values[number] === this.#doc;
    this.#seenFields.values[number] = again ? this.#seenFields.values[number]! | bit : bit;
    this.#seenIn.values[number] = this.#doc;
    this.#counts.values[number]!++;
    this.#terms.push(number);
    this.#places.push(place);
    this.#fingerprint = (this.#fingerprint + hashPlace(this.#hashes.values[number]!, place)) >>> 0;
  }

  has(text: string, field: number): boolean {
    const number = this.#numbers.get(text);
    if (number === undefined || this.#seenIn.values[number] !== this.#doc) return false;
    return (this.#seenFields.values[number]! & (1 << field)) !== 0;
  }

  end(words: number, flags: number): void {
    this.#docs.push({ id: this.#doc, words, flags, fingerprint: this.#fingerprint });
  }

  finish(id: string, sink: RowSink): SegmentFacts {
    const writer = new SegmentWriter(sink);
    for (const doc of this.#docs) writer.doc(doc);
    const { ends, docs, places } = this.#byTerm();
    const postings = new PostingsWriter();
    const names = [...this.#numbers.keys()].sort(byCodeUnits);
    for (const term of names) {
      const number = this.#numbers.get(term)!;
      const end = ends[number]!;
      for (let at = end - this.#counts.values[number]!; at < end; at++) postings.add(docs[at]!, places[at]!);
      postings.end();
      writer.term({ term, docs: postings.docs, ids: postings.ids.view(), places: postings.places.view() });
      postings.reset();
    }
    return writer.finish(id);
  }

  /** Documents and places of all words, those of one term together, in their order. */
  #byTerm(): { ends: Uint32Array; docs: Uint32Array; places: Uint32Array } {
    const ends = new Uint32Array(this.#numbers.size);
    let sum = 0;
    for (let number = 0; number < ends.length; number++) {
      ends[number] = sum;
      sum += this.#counts.values[number]!;
    }
    const docs = new Uint32Array(sum);
    const places = new Uint32Array(sum);
    for (let i = 0, word = 0; i < this.#docs.length; i++) {
      const last = this.#starts[i + 1] ?? this.#terms.length;
      for (; word < last; word++) {
        const at = ends[this.#terms.values[word]!]!++;
        docs[at] = this.#docs[i]!.id;
        places[at] = this.#places.values[word]!;
      }
    }
    return { ends, docs, places };
  }
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

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
