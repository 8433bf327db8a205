/**
 * Segments of the search index: immutable, sorted, written once from the first row to the last. A document is a message
 * (MsgId). Ids ascend in the order in which messages came, so segments cover ranges of ids that do not overlap, and
 * merging neighbours is writing one behind the other.
 *
 * Rows: `docs` a stream of (id, words, flags, fingerprint); `index` the first term of every block of the dictionary;
 * `terms` blocks of the dictionary, each term after the part it shares with the one before; `data` the postings of all
 * terms in order, as one stream cut into rows. The store puts a checksum on each row. The fingerprint of a document is
 * the sum of a number for each (term, position) and one for the rest of what its entry says: entry and postings can be
 * compared with it, also when the message is gone.
 */
import { Damaged } from '../../ports/kv.ts';
import { VarReader, VarWriter } from './varint.ts';

export const RowKind = { docs: 0, index: 1, terms: 2, data: 3 } as const;
export type RowKind = (typeof RowKind)[keyof typeof RowKind];

/** Hands out rows; throws `Damaged` for one that is not there. */
export interface RowSource {
  row(kind: RowKind, number: number): Promise<Uint8Array>;
}
export type RowSink = (kind: RowKind, number: number, bytes: Uint8Array) => void;

/** Bytes of a row of postings, of the streams read as a whole, and of a block of the dictionary (some more at its end). */
export const DATA_ROW = 32 << 10;
const STREAM_ROW = 192 << 10;
const TERMS_ROW = 4 << 10;

/** `unread`: a document in it could not be read, or not whole; another time it may be. */
export const DocFlag = { partial: 1, attachment: 2, skipped: 4, unread: 8 } as const;

/** What the manifest says of a segment. */
export interface SegmentFacts {
  /** Hex, 12 bytes, begins with the time it was made, in milliseconds since 1970. */
  readonly id: string;
  /** Lowest and highest MsgId. */
  readonly first: number;
  readonly last: number;
  readonly docs: number;
  /** Words of all documents. */
  readonly words: number;
  readonly bytes: number;
  /** Rows of each kind. */
  readonly rows: readonly [docs: number, index: number, terms: number, data: number];
}

export interface Doc {
  readonly id: number;
  readonly words: number;
  readonly flags: number;
  readonly fingerprint: number;
}

/** Postings of one term. `ids`: for each document its distance from the one before (the first one's from 0), its fields, and
 * how often, when more than once (then the top bit of the fields is set). `places`: for each document its positions, times 8
 * and the number of the field added, as distances. */
export interface Postings {
  readonly term: string;
  readonly docs: number;
  readonly ids: Uint8Array;
  readonly places: Uint8Array;
}

export const MANY = 0x80;

/** Of a term's UTF-16: FNV-1a, the same everywhere, for fingerprints. */
export function hashTerm(term: string): number {
  let hash = FNV_START;
  for (let i = 0; i < term.length; i++) hash = Math.imul(hash ^ term.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
}

export function hashUnits(units: Uint16Array, start: number, end: number): number {
  let hash = FNV_START;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ units[i]!, FNV_PRIME);
  return hash >>> 0;
}

const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** The part of a fingerprint that one place of a term makes. */
export function hashPlace(termHash: number, place: number): number {
  const mixed = Math.imul(termHash ^ Math.imul(place + 1, 0x9e3779b1), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** The part of a fingerprint that a document's own entry makes. */
export function hashEntry({ id, words, flags }: Omit<Doc, 'fingerprint'>): number {
  return hashPlace(hashPlace(id, words), flags);
}

export class SegmentWriter {
  readonly #sink: RowSink;
  readonly #rows: [number, number, number, number] = [0, 0, 0, 0];
  readonly #docs = new VarWriter(1024);
  readonly #index = new VarWriter(1024);
  readonly #terms = new VarWriter(2 * TERMS_ROW);
  #data = new Uint8Array(DATA_ROW);
  #dataLength = 0;
  #offset = 0;
  #term = '';
  #first = 0;
  #last = 0;
  #count = 0;
  #words = 0;
  #bytes = 0;

  constructor(sink: RowSink) {
    this.#sink = sink;
  }

  /** In order of id. */
  doc({ id, words, flags, fingerprint }: Doc): void {
    if (this.#count > 0 && id <= this.#last) throw new RangeError(`document ${id} after ${this.#last}`);
    if (this.#count === 0) this.#first = id;
    this.#docs.put(id - this.#last);
    this.#docs.put(words);
    this.#docs.u8(flags);
    this.#docs.put(fingerprint);
    this.#last = id;
    this.#count++;
    this.#words += words;
  }

  /** In order of UTF-16. */
  term({ term, docs, ids, places }: Postings): void {
    const begins = this.#terms.length === 0;
    if (begins) {
      this.#index.text(term);
      this.#terms.put(this.#offset);
    }
    const shared = begins ? 0 : sharedPrefix(this.#term, term);
    this.#terms.put(shared);
    this.#terms.text(term.slice(shared));
    this.#terms.put(docs);
    this.#terms.put(ids.length);
    this.#terms.put(places.length);
    this.#term = term;
    this.#append(ids);
    this.#append(places);
    this.#offset += ids.length + places.length;
    if (this.#terms.length >= TERMS_ROW) this.#put(RowKind.terms, this.#terms.take());
  }

  finish(id: string): SegmentFacts {
    if (this.#terms.length > 0) this.#put(RowKind.terms, this.#terms.take());
    if (this.#dataLength > 0) this.#put(RowKind.data, this.#data.slice(0, this.#dataLength));
    this.#stream(RowKind.index, this.#index.take());
    this.#stream(RowKind.docs, this.#docs.take());
    return {
      id,
      first: this.#first,
      last: this.#last,
      docs: this.#count,
      words: this.#words,
      bytes: this.#bytes,
      rows: this.#rows,
    };
  }

  #append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const count = Math.min(bytes.length - from, DATA_ROW - this.#dataLength);
      this.#data.set(bytes.subarray(from, from + count), this.#dataLength);
      this.#dataLength += count;
      from += count;
      if (this.#dataLength < DATA_ROW) continue;
      this.#put(RowKind.data, this.#data);
      this.#data = new Uint8Array(DATA_ROW);
      this.#dataLength = 0;
    }
  }

  #stream(kind: RowKind, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += STREAM_ROW) this.#put(kind, bytes.slice(at, at + STREAM_ROW));
  }

  #put(kind: RowKind, bytes: Uint8Array): void {
    this.#sink(kind, this.#rows[kind]++, bytes);
    this.#bytes += bytes.length;
  }
}

/** Never ends between the two halves of a character. */
function sharedPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let shared = 0;
  while (shared < most && a.charCodeAt(shared) === b.charCodeAt(shared)) shared++;
  if (shared > 0 && (b.charCodeAt(shared - 1) & 0xfc00) === 0xd800) shared--;
  return shared;
}

export interface TermEntry {
  readonly term: string;
  readonly docs: number;
  /** In the stream of postings. */
  readonly offset: number;
  readonly ids: number;
  readonly places: number;
}

/** A block of the dictionary, entry by entry. */
export function* termsOf(block: Uint8Array): Iterable<TermEntry> {
  const r = new VarReader(block);
  let offset = r.get();
  let term = '';
  while (r.more) {
    const shared = r.get();
    if (shared > term.length) throw new Damaged('search: a term that shares more than there is');
    term = term.slice(0, shared) + stringOf(r);
    const docs = r.get();
    const ids = r.get();
    const places = r.get();
    yield { term, docs, offset, ids, places };
    offset += ids + places;
  }
}

export function stringOf(r: VarReader): string {
  const bytes = r.raw(r.get());
  // Most terms are short, and of the characters below 0x10000: decoding them here is faster than a call.
  let text = '';
  if (bytes.length <= 24) {
    for (let i = 0; i < bytes.length; ) {
      const byte = bytes[i]!;
      if (byte < 0x80) {
        text += String.fromCharCode(byte);
        i++;
      } else if (byte >= 0xc2 && byte < 0xe0 && continues(bytes, i + 1)) {
        text += String.fromCharCode(((byte & 0x1f) << 6) | (bytes[i + 1]! & 0x3f));
        i += 2;
      } else if (byte >= 0xe0 && byte < 0xf0 && continues(bytes, i + 1) && continues(bytes, i + 2)) {
        text += String.fromCharCode(((byte & 0x0f) << 12) | ((bytes[i + 1]! & 0x3f) << 6) | (bytes[i + 2]! & 0x3f));
        i += 3;
      } else return decoded(bytes);
    }
    return text;
  }
  return decoded(bytes);
}

/** A bit that has flipped must not make the same character. */
function continues(bytes: Uint8Array, at: number): boolean {
  return at < bytes.length && (bytes[at]! & 0xc0) === 0x80;
}

function decoded(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

export function* docsOf(stream: Uint8Array): Iterable<Doc> {
  const r = new VarReader(stream);
  let id = 0;
  while (r.more) {
    id += r.get();
    yield { id, words: r.get(), flags: r.u8(), fingerprint: r.get() };
  }
}
