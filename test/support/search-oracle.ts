/** Searching without an index: reads every message and looks. What the index finds must be what this finds. */
import { analyse, type TermSink } from '../../src/mail/search/document.ts';
import type { QueryTerm, SearchQuery } from '../../src/mail/search/query.ts';
import { stem } from '../../src/mail/search/stem.ts';
import { Flag, type MailAccount, type MessageMeta, type MsgId } from '../../src/mailstore/api.ts';

export type Place = readonly [term: string, position: number, field: number];

export async function bruteForce(account: MailAccount, query: SearchQuery): Promise<MsgId[]> {
  const found: MsgId[] = [];
  for (const { id } of account.folders()) {
    const view = account.view(id);
    for (const msg of view.ids.subarray(0, view.length) as unknown as MsgId[]) {
      const { meta, details, body } = await account.getMessage(msg);
      const raw = await body.bytes();
      const places: Place[] = [];
      const bytes = (start: number, end: number) => raw.subarray(start, end);
      analyse({ envelope: details.envelope, structure: details.structure, bytes }, sinkOf(places));
      const path = account.folder(meta.folder)!.path;
      if (matches(query, places, meta, path, details.hasAttachment)) found.push(msg);
    }
  }
  return found.sort((a, b) => a - b);
}

/** Notes every word as it comes. */
export function sinkOf(places: Place[]): TermSink {
  return {
    add(units, { starts, ends, length }, position, field, onlyNew) {
      const before = places.length;
      for (let i = 0; i < length; i++) {
        const term = String.fromCharCode(...units.subarray(starts[i], ends[i]));
        if (onlyNew && places.some(([other, , where]) => other === term && where === field)) continue;
        places.push([term, position + i, field]);
      }
      return places.length - before;
    },
  };
}

function matches(
  query: SearchQuery,
  places: readonly Place[],
  meta: MessageMeta,
  path: string,
  attachment: boolean,
): boolean {
  const inner = (of: SearchQuery): boolean => matches(of, places, meta, path, attachment);
  switch (query.op) {
    case 'all':
      return true;
    case 'and':
      return query.of.every(inner);
    case 'or':
      return query.of.some(inner);
    case 'not':
      return !inner(query.of);
    case 'phrase': {
      const allowed = places.filter(([, , field]) => query.fields & (1 << field));
      const at = (term: QueryTerm, position: number, field: number): boolean =>
        allowed.some(([text, p, f]) => p === position && f === field && means(term, text));
      const [first] = query.terms;
      return allowed.some(
        ([text, position, field]) =>
          means(first!, text) && query.terms.every((term) => at(term, position + term.at - first!.at, field)),
      );
    }
    case 'attachment':
      return attachment;
    case 'flag':
      return ((meta.flags & Flag[query.flag]) !== 0) === query.set;
    case 'date':
      return meta.internalDate >= (query.from ?? 0) && meta.internalDate < (query.to ?? Number.POSITIVE_INFINITY);
    case 'larger':
      return meta.size > query.bytes;
    case 'smaller':
      return meta.size < query.bytes;
    case 'in':
      return path.toLowerCase() === query.folder.toLowerCase();
    case 'keyword':
      return meta.keywords.includes(query.keyword);
  }
}

function means({ term, match }: QueryTerm, text: string): boolean {
  if (match === 'prefix') return text.startsWith(term);
  return text === term || (match === 'stem' && stem(text) === stem(term));
}
