/** Makes a segment of messages that come one after the other. */
import type { TermSink } from '../../mail/search/document.ts';
import { hashPlace, hashTerm, MANY, type SegmentFacts, type RowSink, SegmentWriter, type Doc } from './segment.ts';
import { VarWriter } from './varint.ts';

class Term {
  readonly hash: number;
  readonly ids = new VarWriter(8);
  readonly places = new VarWriter(8);
  docs = 0;
  /** Document it was seen in last, and the last one that was written. */
  current = -1;
  written = 0;
  fields = 0;
  count = 0;
  place = 0;

  constructor(hash: number) {
    this.hash = hash;
  }

  /** Writes what is known of the current document. */
  close(): void {
    if (this.count === 0) return;
    this.ids.put(this.current - this.written);
    this.written = this.current;
    if (this.count === 1) this.ids.u8(this.fields);
    else {
      this.ids.u8(this.fields | MANY);
      this.ids.put(this.count);
    }
    this.count = 0;
    this.fields = 0;
  }
}

export class SegmentBuilder implements TermSink {
  readonly #terms = new Map<string, Term>();
  readonly #docs: Doc[] = [];
  #doc = 0;
  #fingerprint = 0;
  /** Terms of the current document. */
  #touched: Term[] = [];

  get docs(): number {
    return this.#docs.length;
  }

  /** Ids ascend. */
  begin(id: number): void {
    this.#doc = id;
    this.#fingerprint = 0;
    this.#touched = [];
  }

  add(text: string, position: number, field: number): void {
    let term = this.#terms.get(text);
    if (term === undefined) {
      term = new Term(hashTerm(text));
      this.#terms.set(text, term);
    }
    if (term.current !== this.#doc) {
      term.current = this.#doc;
      term.docs++;
      term.place = 0;
      this.#touched.push(term);
    }
    const place = position * 8 + field;
    term.places.put(place - term.place);
    term.place = place;
    term.fields |= 1 << field;
    term.count++;
    this.#fingerprint = (this.#fingerprint + hashPlace(term.hash, place)) >>> 0;
  }

  has(text: string, field: number): boolean {
    const term = this.#terms.get(text);
    return term?.current === this.#doc && (term.fields & (1 << field)) !== 0;
  }

  end(words: number, flags: number): void {
    for (const term of this.#touched) term.close();
    this.#docs.push({ id: this.#doc, words, flags, fingerprint: this.#fingerprint });
  }

  finish(id: string, sink: RowSink): SegmentFacts {
    const writer = new SegmentWriter(sink);
    for (const doc of this.#docs) writer.doc(doc);
    const names = [...this.#terms.keys()].sort(byCodeUnits);
    for (const name of names) {
      const { docs, ids, places } = this.#terms.get(name)!;
      if (docs > 0) writer.term({ term: name, docs, ids: ids.view(), places: places.view() });
    }
    return writer.finish(id);
  }
}

export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
