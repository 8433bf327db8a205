/** What a query finds in one segment. */
import { ALL_FIELDS, FieldBit } from '../../mail/search/document.ts';
import type { QueryTerm, SearchQuery } from '../../mail/search/query.ts';
import { stem, stemPrefix } from '../../mail/search/stem.ts';
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

  async #run(query: SearchQuery): Promise<Bits> {
    const { first, last } = this.segment.facts;
    await this.#patience.pause();
    switch (query.op) {
      case 'and': {
        let all: Bits | undefined;
        for (const part of query.of) {
          const some = await this.#run(part);
          all = all ? all.and(some) : some;
          if (all.isEmpty) break;
        }
        return all ?? this.#all();
      }
      case 'or': {
        const any = new Bits(first, last);
        for (const part of query.of) any.or(await this.#run(part));
        return any;
      }
      case 'not':
        return this.#all().without(await this.#run(query.of));
      case 'phrase':
        return this.#phrase(query);
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
    let seen = 0;
    for await (const entry of this.segment.prefixed(match === 'prefix' ? term : stemPrefix(stemmed))) {
      if (match === 'prefix' || entry.term === term || stem(entry.term) === stemmed) found.push(entry);
      if (++seen % 256 === 0) await this.#patience.pause();
    }
    return found;
  }

  async #phrase(query: Phrase): Promise<Bits> {
    const { first, last } = this.segment.facts;
    let found: Bits | undefined;
    for (const term of query.terms) {
      const some = await this.withTerms(await this.entries(term), query.fields);
      found = found ? found.and(some) : some;
      if (found.isEmpty) return found;
    }
    if (query.terms.length === 1 || !found) return found ?? new Bits(first, last);
    return this.#inARow(query, found);
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

  /** Of the candidates, those that have the terms at the distances asked for. */
  async #inARow({ terms, fields }: Phrase, candidates: Bits): Promise<Bits> {
    const { first, last } = this.segment.facts;
    const costs = await Promise.all(
      terms.map(async (term) => (await this.entries(term)).reduce((sum, { places }) => sum + places, 0)),
    );
    const order = [...terms.keys()].sort((a, b) => costs[a]! - costs[b]!);
    /** Where the phrase may begin, ascending. */
    let starts: Float64Array | undefined;
    for (const number of order) {
      const { at } = terms[number]!;
      const here = new Starts();
      const entries = await this.entries(terms[number]!);
      for (const entry of entries) {
        here.add(await this.segment.postings(entry), fields, 8 * at, candidates);
        await this.#patience.pause();
      }
      const found = here.take(entries.length > 1);
      starts = starts ? common(starts, found) : found;
      if (starts.length === 0) break;
    }
    const found = new Bits(first, last);
    for (const start of starts ?? []) found.add(Math.floor(start / PLACES));
    return found;
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

/** Message and place where a phrase would begin. */
class Starts {
  #all = new Float64Array(256);
  #length = 0;

  /** Of a term that stands `distance` behind the beginning. */
  add({ ids, places }: Postings, fields: number, distance: number, candidates: Bits): void {
    const from = new VarReader(ids);
    const at = new VarReader(places);
    let id = 0;
    while (from.more) {
      id += from.get();
      const flags = from.u8();
      const count = flags & MANY ? from.get() : 1;
      if ((flags & fields) === 0 || !candidates.has(id)) {
        at.skip(count);
        continue;
      }
      let place = 0;
      for (let left = count; left > 0; left--) {
        place += at.get();
        if (((1 << (place & 7)) & fields) !== 0 && place >= distance) this.#push(id * PLACES + place - distance);
      }
    }
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
