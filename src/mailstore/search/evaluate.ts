/** What a query finds in one segment. */
import { ALL_FIELDS, FieldBit } from '../../mail/search/document.ts';
import type { QueryTerm, SearchQuery } from '../../mail/search/query.ts';
import { stem, stemPrefix } from '../../mail/search/stem.ts';
import { Damaged } from '../../ports/kv.ts';
import { Patience } from '../raw-source.ts';
import { Bits } from './bits.ts';
import type { Segment } from './reader.ts';
import { DocFlag, MANY, type Postings, type TermEntry } from './segment.ts';
import { VarReader } from './varint.ts';

export type Phrase = Extract<SearchQuery, { op: 'phrase' }>;
/** Conditions that the mailbox index decides. */
export type MailboxCondition = Extract<
  SearchQuery,
  { op: 'flag' | 'date' | 'larger' | 'smaller' | 'in' | 'keyword' | 'all' }
>;
/** Messages of the range that are there and meet the condition. */
export type MailboxSelect = (condition: MailboxCondition, first: number, last: number) => Bits;

const BM25 = { k: 1.2, b: 0.75 };
/** A word in the subject or a name says more than one in the text. */
const HEAVY_FIELDS = FieldBit.subject | FieldBit.from | FieldBit.filename;
const HEAVY = 2.5;
/** Another form of the word. */
const OTHER_FORM = 0.6;
/** Places of a message, and more: a message and a place are one number. */
const PLACES = 2 ** 20;

export interface Corpus {
  readonly docs: number;
  readonly words: number;
}

export class SegmentQuery {
  readonly segment: Segment;
  readonly #select: MailboxSelect;
  readonly #entries = new Map<QueryTerm, Promise<readonly TermEntry[]>>();
  readonly #patience: Patience;

  constructor(segment: Segment, select: MailboxSelect, patience: Patience) {
    this.segment = segment;
    this.#select = select;
    this.#patience = patience;
  }

  /** Ids of messages that are there and match. */
  async matching(query: SearchQuery): Promise<Bits> {
    return (await this.#run(query)).and(this.#all());
  }

  #all(): Bits {
    const { first, last } = this.segment.facts;
    return this.#select({ op: 'all' }, first, last);
  }

  /** `within`: others do not matter, and may be missing from the answer or not. */
  async #run(query: SearchQuery, within?: Bits): Promise<Bits> {
    const { first, last } = this.segment.facts;
    await this.#patience.pause();
    switch (query.op) {
      case 'and': {
        // What the mailbox index decides goes first: where nothing is left, no postings are read.
        let all = within?.copy();
        for (const part of query.of.toSorted((a, b) => readsPostings(a) - readsPostings(b))) {
          const some = await this.#run(part, all);
          all = all ? all.and(some) : some;
          if (all.isEmpty) break;
        }
        return all ?? this.#all();
      }
      case 'or': {
        const any = new Bits(first, last);
        for (const part of query.of) any.or(await this.#run(part, within));
        return any;
      }
      case 'not':
        return this.#all().without(await this.#run(query.of, within));
      case 'phrase':
        return this.#phrase(query, within);
      case 'attachment': {
        const { ids, flags } = await this.segment.docs();
        const found = new Bits(first, last);
        for (const [at, id] of ids.entries()) if (flags[at]! & DocFlag.attachment) found.add(id);
        return found;
      }
      default:
        return this.#select(query, first, last);
    }
  }

  /** Messages that the index does not know whole. */
  async partial(): Promise<Bits> {
    const { first, last } = this.segment.facts;
    const { ids, flags } = await this.segment.docs();
    const found = new Bits(first, last);
    for (const [at, id] of ids.entries()) if (flags[at]! & (DocFlag.partial | DocFlag.skipped)) found.add(id);
    return found;
  }

  /** Entries of the dictionary that a term stands for. */
  entries(term: QueryTerm): Promise<readonly TermEntry[]> {
    let entries = this.#entries.get(term);
    if (!entries) this.#entries.set(term, (entries = this.#lookUp(term)));
    return entries;
  }

  async #lookUp({ term, match }: QueryTerm): Promise<readonly TermEntry[]> {
    if (match === 'exact') {
      const entry = await this.segment.find(term);
      return entry ? [entry] : [];
    }
    const found: TermEntry[] = [];
    const stemmed = stem(term);
    for await (const some of this.segment.prefixedBlocks(match === 'prefix' ? term : stemPrefix(stemmed))) {
      for (const entry of some)
        if (match === 'prefix' || entry.term === term || stem(entry.term) === stemmed) found.push(entry);
      await this.#patience.pause();
    }
    return found;
  }

  async #phrase(query: Phrase, within: Bits | undefined): Promise<Bits> {
    if (query.terms.length > 1) return this.#inARow(query, within);
    return this.withTerms(await this.entries(query.terms[0]!), query.fields);
  }

  /** Messages with one of the entries in one of the fields. */
  async withTerms(entries: readonly TermEntry[], fields: number): Promise<Bits> {
    const { first, last } = this.segment.facts;
    const found = new Bits(first, last);
    for (const entry of entries) {
      const r = new VarReader(await this.segment.ids(entry));
      let id = 0;
      while (r.more) {
        id += r.get();
        const flags = r.u8();
        if (flags & MANY) r.get();
        if (flags & fields) found.add(id);
      }
      await this.#patience.pause();
    }
    return found;
  }

  /** Messages that have the terms at the distances asked for. */
  async #inARow({ terms, fields }: Phrase, within: Bits | undefined): Promise<Bits> {
    const { first, last } = this.segment.facts;
    const costs = await Promise.all(
      terms.map(async (term) => (await this.entries(term)).reduce((sum, { places }) => sum + places, 0)),
    );
    if (costs.includes(0)) return new Bits(first, last);
    const order = [...terms.keys()].sort((a, b) => costs[a]! - costs[b]!);
    /** Where the phrase may begin, ascending. */
    let starts: Float64Array | undefined;
    let left = within;
    for (const number of order) {
      const { at } = terms[number]!;
      const here = new Starts();
      const entries = await this.entries(terms[number]!);
      for (const entry of entries) {
        here.add(await this.segment.postings(entry), fields, 8 * at, left);
        await this.#patience.pause();
      }
      const found = here.take(entries.length > 1);
      starts = starts ? common(starts, found) : found;
      left = new Bits(first, last);
      for (let i = 0; i < starts.length; i++) left.add(Math.floor(starts[i]! / PLACES));
      if (starts.length === 0) break;
    }
    return left!;
  }

  /** BM25 of the matching messages, added to `scores`; `frequency` says in how many messages of all segments a term is. */
  async score(
    phrases: readonly Phrase[],
    matching: Bits,
    frequency: ReadonlyMap<QueryTerm, number>,
    corpus: Corpus,
    scores: Map<number, number>,
  ): Promise<void> {
    const docs = await this.segment.docs();
    const average = Math.max(1, corpus.words / Math.max(1, corpus.docs));
    for (const { terms, fields } of phrases)
      for (const term of terms) {
        const count = Math.min(corpus.docs, frequency.get(term) ?? 0);
        const weight = Math.log(1 + (corpus.docs - count + 0.5) / (count + 0.5));
        for (const entry of await this.entries(term)) {
          const form = entry.term === term.term ? 1 : OTHER_FORM;
          const r = new VarReader(await this.segment.ids(entry));
          let id = 0;
          while (r.more) {
            id += r.get();
            const flags = r.u8();
            const times = flags & MANY ? r.get() : 1;
            if (!(flags & fields & ALL_FIELDS) || !matching.has(id)) continue;
            const length = docs.words[docs.find(id)] ?? average;
            const heavy = flags & HEAVY_FIELDS ? HEAVY : 1;
            const tf = times * heavy;
            const part = (tf * (BM25.k + 1)) / (tf + BM25.k * (1 - BM25.b + (BM25.b * length) / average));
            scores.set(id, (scores.get(id) ?? 0) + weight * form * part);
          }
          await this.#patience.pause();
        }
      }
  }
}

/** Costly parts last. */
function readsPostings({ op }: SearchQuery): number {
  return op === 'phrase' ? 1 : op === 'and' || op === 'or' || op === 'not' ? 2 : 0;
}

/** Message and place where a phrase would begin. */
class Starts {
  #all = new Float64Array(256);
  #length = 0;

  /** Of a term that stands `distance` behind the beginning, in these messages (undefined = all). */
  add({ ids, places }: Postings, fields: number, distance: number, candidates: Bits | undefined): void {
    const from = new VarReader(ids);
    let at = 0;
    let id = 0;
    while (from.more) {
      id += from.get();
      const flags = from.u8();
      let left = flags & MANY ? from.get() : 1;
      if (left > places.length - at) throw new Damaged('search: postings are shorter than they say');
      if ((flags & fields) === 0 || (candidates && !candidates.has(id))) {
        for (; left > 0; left--) while (places[at++]! >= 0x80);
        continue;
      }
      let place = 0;
      for (; left > 0; left--) {
        // Decoded here: there are very many of them, and none is large.
        let byte = places[at++]!;
        place += byte & 0x7f;
        for (let shift = 7; byte >= 0x80; shift += 7) {
          byte = places[at++]!;
          place += (byte & 0x7f) << shift;
        }
        if (((1 << (place & 7)) & fields) !== 0 && place >= distance) this.#push(id * PLACES + place - distance);
      }
    }
    if (at > places.length) throw new Damaged('search: postings are shorter than they say');
  }

  /** Ascending. */
  take(mixed: boolean): Float64Array {
    const all = this.#all.subarray(0, this.#length);
    return mixed ? all.sort() : all;
  }

  #push(start: number): void {
    if (this.#length === this.#all.length) {
      const larger = new Float64Array(2 * this.#length);
      larger.set(this.#all);
      this.#all = larger;
    }
    this.#all[this.#length++] = start;
  }
}

/** What is in both; each ascends. */
function common(a: Float64Array, b: Float64Array): Float64Array {
  const found = new Float64Array(Math.min(a.length, b.length));
  let length = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const difference = a[i]! - b[j]!;
    if (difference === 0) {
      found[length++] = a[i]!;
      j++;
    }
    if (difference <= 0) i++;
    else j++;
  }
  return found.subarray(0, length);
}

/** Phrases of a query that a match may hold: those not under a `not`. */
export function positivePhrases(query: SearchQuery): Phrase[] {
  if (query.op === 'phrase') return [query];
  return query.op === 'and' || query.op === 'or' ? query.of.flatMap(positivePhrases) : [];
}
