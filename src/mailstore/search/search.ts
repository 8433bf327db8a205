/** Searching an account: its segments, and its mailbox index for everything that may change. */
import { MailError } from '../../mail/error.ts';
import type { QueryTerm, SearchQuery } from '../../mail/search/query.ts';
import { type FolderId, Flag, type MsgId, type SearchAnswer, type SearchRequest } from '../api.ts';
import type { MailboxIndex } from '../mailbox-index.ts';
import { GONE } from '../message-table.ts';
import { firstOf } from '../query.ts';
import { Patience } from '../raw-source.ts';
import type { AccountSearch } from './account-search.ts';
import { Bits } from './bits.ts';
import { type MailboxCondition, type MailboxSelect, positivePhrases, SegmentQuery } from './evaluate.ts';
import { foldersNamed } from './folder-words.ts';
import { isDamaged } from './stored-segments.ts';

const MOST_ATTEMPTS = 5;

export async function runSearch(
  search: AccountSearch,
  index: () => MailboxIndex,
  request: SearchRequest,
): Promise<SearchAnswer> {
  return withSegments(search, async () => {
    const behind = await search.catchUpNow('newest');
    const found =
      request.sort === 'relevance' ? await byRelevance(search, index, request) : await byDate(search, index, request);
    return { ...found, behind };
  });
}

/** Again when another node merged a segment away under our eyes; made anew when one is damaged. */
export async function withSegments<T>(search: AccountSearch, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      using _reading = search.reading();
      return await act();
    } catch (error) {
      if (!isDamaged(error)) throw error;
      if (attempt === MOST_ATTEMPTS)
        throw new MailError('damaged', 'bug', `account ${search.account}: its index cannot be read`, { cause: error });
      if (!(await search.isStale())) await search.reset();
    }
  }
}

async function matchingSlots(
  search: AccountSearch,
  index: () => MailboxIndex,
  query: SearchQuery,
): Promise<Uint32Array> {
  const patience = new Patience();
  const select = selectIn(index);
  const found: Bits[] = [];
  for (const segment of search.allSegments)
    found.push(await new SegmentQuery(segment, select, patience).matching(query));
  // In one turn from here on: slots move when messages go.
  const { table } = index();
  const { ids, folders, length } = table;
  const slots = new Uint32Array(length);
  let count = 0;
  for (const some of found) {
    let slot = table.slotFrom(some.first);
    some.each((id) => {
      while (slot < length && ids[slot]! < id) slot++;
      if (slot < length && ids[slot] === id && folders[slot] !== GONE) slots[count++] = slot;
    });
  }
  return slots.subarray(0, count);
}

async function byDate(
  search: AccountSearch,
  index: () => MailboxIndex,
  { query, descending = true, after, limit }: SearchRequest,
): Promise<Omit<SearchAnswer, 'behind'>> {
  const slots = await matchingSlots(search, index, query);
  const { table } = index();
  const hits = firstOf(slots, table, table.internal, descending, limit, after).map((slot) => ({
    id: table.ids[slot]! as MsgId,
    key: table.internal[slot]!,
  }));
  return { hits, total: slots.length };
}

async function byRelevance(
  search: AccountSearch,
  index: () => MailboxIndex,
  { query, after, limit }: SearchRequest,
): Promise<Omit<SearchAnswer, 'behind'>> {
  const patience = new Patience();
  const select = selectIn(index);
  const phrases = positivePhrases(query);
  const queries = search.allSegments.map((segment) => new SegmentQuery(segment, select, patience));
  const corpus = { docs: 0, words: 0 };
  const frequency = new Map<QueryTerm, number>();
  for (const one of queries) {
    corpus.docs += one.segment.facts.docs;
    corpus.words += one.segment.facts.words;
    for (const { terms } of phrases)
      for (const term of terms)
        for (const { docs } of await one.entries(term)) frequency.set(term, (frequency.get(term) ?? 0) + docs);
  }
  const scores = new Map<number, number>();
  const matching: Bits[] = [];
  for (const one of queries) {
    const found = await one.matching(query);
    matching.push(found);
    if (!found.isEmpty) await one.score(phrases, found, frequency, corpus, scores);
  }
  const { table } = index();
  const all: { id: MsgId; key: number }[] = [];
  for (const found of matching)
    found.each((id) => {
      // Rounded, so that a page goes on where the last one ended.
      const key = Math.round((scores.get(id) ?? 0) * 1000) / 1000;
      if (table.find(id) >= 0) all.push({ id: id as MsgId, key });
    });
  all.sort((a, b) => b.key - a.key || b.id - a.id);
  const rest = after ? all.filter(({ id, key }) => key < after.key || (key === after.key && id < after.id)) : all;
  return { hits: rest.slice(0, limit), total: all.length };
}

/** Conditions on what may change, from the mailbox index as it is at that moment. */
export function selectIn(index: () => MailboxIndex): MailboxSelect {
  const named = new Map<string, ReadonlySet<FolderId>>();
  return (condition, first, last) => {
    const { table } = index();
    const test = testOf(condition, index(), named);
    const found = new Bits(first, last);
    const { ids, folders, length } = table;
    for (let slot = table.slotFrom(first); slot < length && ids[slot]! <= last; slot++)
      if (folders[slot] !== GONE && test(slot)) found.add(ids[slot]!);
    return found;
  };
}

const BIT = { seen: Flag.seen, flagged: Flag.flagged, answered: Flag.answered, draft: Flag.draft } as const;

function testOf(
  condition: MailboxCondition,
  index: MailboxIndex,
  known: Map<string, ReadonlySet<FolderId>>,
): (slot: number) => boolean {
  const { table, sets } = index;
  const { flags, internal, sizes, folders: places, keywords } = table;
  switch (condition.op) {
    case 'flag': {
      const bit = BIT[condition.flag];
      const wanted = condition.set ? bit : 0;
      return (slot) => (flags[slot]! & bit) === wanted;
    }
    case 'date': {
      const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = condition;
      return (slot) => 1000 * internal[slot]! >= from && 1000 * internal[slot]! < to;
    }
    case 'larger':
      return (slot) => sizes[slot]! > condition.bytes;
    case 'smaller':
      return (slot) => sizes[slot]! < condition.bytes;
    case 'in': {
      const folders = known.get(condition.folder) ?? foldersNamed(index, condition.folder);
      known.set(condition.folder, folders);
      return (slot) => folders.has(places[slot]! as FolderId);
    }
    case 'keyword': {
      const wanted = condition.keyword.toLowerCase();
      return (slot) => sets.at(keywords[slot]!).some((keyword) => keyword.toLowerCase() === wanted);
    }
  }
}
