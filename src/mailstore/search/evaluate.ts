/** What a query finds in one segment. */
import { ALL_FIELDS, FieldBit } from '../../mail/search/document.ts';
import type { QueryTerm, SearchQuery } from '../../mail/search/query.ts';
import { stem, stemPrefix } from '../../mail/search/stem.ts';
import { Damaged } from '../../ports/kv.ts';
import { Patience } from '../raw-source.ts';
import { Bits } from './bits.ts';
import { findInARow, MixedPlaces, type PlaceCursor, PostingsCursor } from './in-a-row.ts';
import type { Segment } from './reader.ts';
import { DocFlag, MANY, type TermEntry } from './segment.ts';
import { VarReader } from './varint.ts';

export type Phrase = Extract<SearchQuery, { op: 'phrase' }>;
/** Conditions that the mailbox index decides. */
export type MailboxCondition = Extract<SearchQuery, { op: 'flag' | 'date' | 'larger' | 'smaller' | 'in' | 'keyword' }>;
/** Messages of the range that are there and meet the condition. */
export type MailboxSelect = (condition: MailboxCondition, first: number, last: number) => Bits;

const BM25 = { k: 1.2, b: 0.75 };
/** A word in the subject or a name says more than one in the text. */
const HEAVY_FIELDS = FieldBit.subject | FieldBit.from | FieldBit.filename;
const HEAVY = 2.5;
/** Another form of the word. */
const OTHER_FORM = 0.6;

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

  /**
   * Ids of messages that match; those that are gone may be among them or not, and so may those that are not `within`: they do
   * not matter.
   */
  async matching(query: SearchQuery, within?: Bits): Promise<Bits> {
    const { first, last } = this.segment.facts;
    await this.#patience.pause();
    switch (query.op) {
      case 'and': {
        // What the mailbox index decides goes first: where nothing is left, no postings are read.
        let all = within?.copy();
        for (const part of await this.#inOrder(query.of)) {
          const some = await this.matching(part, all);
          all = all ? all.and(some) : some;
          if (all.isEmpty) break;
        }
        return all ?? Bits.all(first, last);
      }
      case 'or': {
        const any = new Bits(first, last);
        for (const part of await this.#inOrder(query.of)) {
          // What one part has found need not be looked for by the next.
          const rest = (within?.copy() ?? Bits.all(first, last)).without(any);
          any.or(await this.matching(part, rest));
        }
        return any;
      }
      case 'not':
        return Bits.all(first, last).without(await this.matching(query.of, within));
      case 'all':
        return Bits.all(first, last);
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

  /** What costs and finds least goes first. */
  async #inOrder(parts: readonly SearchQuery[]): Promise<readonly SearchQuery[]> {
    const costs = new Map<SearchQuery, number>();
    for (const part of parts) costs.set(part, await this.#cost(part));
    return parts.toSorted((a, b) => costs.get(a)! - costs.get(b)!);
  }

  /** How many messages' postings it reads, roughly. */
  async #cost(part: SearchQuery): Promise<number> {
    if (part.op === 'not') return this.#cost(part.of);
    if (part.op === 'and' || part.op === 'or') {
      const costs = await Promise.all(part.of.map((one) => this.#cost(one)));
      return part.op === 'and' ? Math.min(...costs) : costs.reduce((sum, cost) => sum + cost, 0);
    }
    if (part.op !== 'phrase') return 0;
    let least = Number.POSITIVE_INFINITY;
    for (const term of part.terms) {
      let docs = 1;
      for (const entry of await this.entries(term)) docs += entry.docs;
      least = Math.min(least, docs);
    }
    return least;
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
      markMessages(await this.segment.ids(entry), fields, found);
      const pause = this.#patience.pause();
      if (pause) await pause;
    }
    return found;
  }

  /** Messages that have the terms at the distances asked for. */
  async #inARow({ terms, fields }: Phrase, within: Bits | undefined): Promise<Bits> {
    const { first, last } = this.segment.facts;
    const found = new Bits(first, last);
    const all = await Promise.all(terms.map((term) => this.entries(term)));
    if (all.some((entries) => entries.length === 0)) return found;
    const cursors: PlaceCursor[] = [];
    for (const [i, entries] of all.entries()) {
      const distance = 8 * terms[i]!.at;
      if (entries.length === 1) {
        cursors.push(new PostingsCursor(await this.segment.postings(entries[0]!), fields, distance));
        continue;
      }
      const mixed = new MixedPlaces();
      for (const entry of entries) {
        mixed.add(new PostingsCursor(await this.segment.postings(entry), fields, distance), within);
        await this.#patience.pause();
      }
      cursors.push(mixed.cursor());
    }
    await findInARow(cursors, within, found, this.#patience);
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

/** Notes the messages of which these postings say that they have the term in one of the fields. */
function markMessages(ids: Uint8Array, fields: number, found: Bits): void {
  let at = 0;
  let id = 0;
  // Decoded here: there may be very many, and most take a byte.
  while (at < ids.length) {
    let byte = ids[at++]!;
    id += byte & 0x7f;
    for (let scale = 0x80; byte >= 0x80; scale *= 0x80) {
      byte = ids[at++]!;
      id += (byte & 0x7f) * scale;
    }
    const flags = ids[at++]!;
    if (flags & MANY) while (ids[at++]! >= 0x80);
    if (flags & fields) found.add(id);
  }
  if (at > ids.length) throw new Damaged('search: postings are shorter than they say');
}

/** Phrases of a query that a match may hold: those not under a `not`. */
export function positivePhrases(query: SearchQuery): Phrase[] {
  if (query.op === 'phrase') return [query];
  return query.op === 'and' || query.op === 'or' ? query.of.flatMap(positivePhrases) : [];
}
