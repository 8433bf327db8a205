/** What a query finds in one segment. */
import { ALL_FIELDS, FieldBit } from '../../mail/search/document.ts';
import type { QueryTerm, SearchQuery } from '../../mail/search/query.ts';
import { stem, stemPrefix } from '../../mail/search/stem.ts';
import { Patience } from '../raw-source.ts';
import { Bits } from './bits.ts';
import { eachDocument } from './merge.ts';
import type { Segment } from './reader.ts';
import { DocFlag, MANY, type TermEntry } from './segment.ts';
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
/** Longer lists of places are compared through a set. */
const SHORT = 16;

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
    const found = await this.#run(query);
    return found.and(this.#select({ op: 'all' }, found.first, found.last));
  }

  async #run(query: SearchQuery): Promise<Bits> {
    const { first, last } = this.segment.facts;
    await this.#patience.pause();
    switch (query.op) {
      case 'and': {
        const all = this.#select({ op: 'all' }, first, last);
        for (const part of query.of) {
          all.and(await this.#run(part));
          if (all.isEmpty) break;
        }
        return all;
      }
      case 'or': {
        const any = new Bits(first, last);
        for (const part of query.of) any.or(await this.#run(part));
        return any;
      }
      case 'not':
        return this.#select({ op: 'all' }, first, last).without(await this.#run(query.of));
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
    /** Where the phrase may begin, by message. */
    let starts: Map<number, number[]> | undefined;
    for (const number of order) {
      const { at } = terms[number]!;
      const next = new Map<number, number[]>();
      for (const entry of await this.entries(terms[number]!)) {
        for (const { id, places } of eachDocument(await this.segment.postings(entry))) {
          const before = starts?.get(id);
          if (!candidates.has(id) || (starts && !before)) continue;
          const known = before && before.length > SHORT ? new Set(before) : undefined;
          for (const place of places) {
            if (((1 << (place & 7)) & fields) === 0) continue;
            const start = place - 8 * at;
            if (before && !(known ? known.has(start) : before.includes(start))) continue;
            const kept = next.get(id);
            if (kept) kept.push(start);
            else next.set(id, [start]);
          }
        }
        await this.#patience.pause();
      }
      starts = next;
      if (next.size === 0) break;
    }
    const found = new Bits(first, last);
    for (const id of starts?.keys() ?? []) found.add(id);
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

/** Phrases of a query that a match may hold: those not under a `not`. */
export function positivePhrases(query: SearchQuery): Phrase[] {
  if (query.op === 'phrase') return [query];
  return query.op === 'and' || query.op === 'or' ? query.of.flatMap(positivePhrases) : [];
}
