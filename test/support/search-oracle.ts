/** Searching without an index: reads every message and looks. What the index finds must be what this finds. */
import { analyse, documentsOf, type TermSink } from '../../src/mail/search/document.ts';
import type { QueryTerm, SearchQuery } from '../../src/mail/search/query.ts';
import { stem } from '../../src/mail/search/stem.ts';
import {
  type EmailId,
  Flag,
  type FolderId,
  type MailAccount,
  type MessageMeta,
  type MsgId,
} from '../../src/mailstore/api.ts';

export type Place = readonly [term: string, position: number, field: number];

/** A message as it is looked at. */
export interface ReadMessage {
  readonly meta: MessageMeta;
  readonly path: string;
  readonly places: readonly Place[];
  readonly hasAttachment: boolean;
  /** Attached documents; their text is not among the places. */
  readonly hasDocuments: boolean;
}

type Content = Pick<ReadMessage, 'places' | 'hasAttachment' | 'hasDocuments'>;

/** Every message of an account or of one of its folders, read; what was read once is remembered, for content never changes. */
export class Corpus {
  readonly #read = new Map<EmailId, Content>();

  async of(account: MailAccount, only?: FolderId): Promise<readonly ReadMessage[]> {
    const messages: ReadMessage[] = [];
    for (const { id, path } of account.folders()) {
      if (only !== undefined && id !== only) continue;
      const view = account.view(id);
      for (const msg of Array.from(view.ids.subarray(0, view.length)) as MsgId[]) {
        const meta = account.meta(msg)!;
        const known = this.#read.get(meta.email) ?? (await read(account, msg));
        this.#read.set(meta.email, known);
        messages.push({ meta, path, ...known });
      }
    }
    return messages;
  }
}

async function read(account: MailAccount, id: MsgId): Promise<Content> {
  const { details, body } = await account.getMessage(id);
  const raw = await body.bytes();
  const places: Place[] = [];
  const bytes = (start: number, end: number) => raw.subarray(start, end);
  analyse({ envelope: details.envelope, structure: details.structure, bytes }, sinkOf(places));
  const { hasAttachment, structure } = details;
  return { places, hasAttachment, hasDocuments: documentsOf(structure).length > 0 };
}

/** In ascending order. */
export function bruteForce(messages: readonly ReadMessage[], query: SearchQuery): MsgId[] {
  return messages
    .filter((message) => matches(query, message))
    .map(({ meta }) => meta.id)
    .sort((a, b) => a - b);
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

function matches(query: SearchQuery, message: ReadMessage): boolean {
  const { meta, path, places, hasAttachment } = message;
  const inner = (of: SearchQuery): boolean => matches(of, message);
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
      const at = (term: QueryTerm, position: number, field: number): boolean =>
        places.some(([text, p, f]) => p === position && f === field && means(term, text));
      const [first] = query.terms;
      return places.some(
        ([text, position, field]) =>
          (query.fields & (1 << field)) !== 0 &&
          means(first!, text) &&
          query.terms.every((term) => at(term, position + term.at - first!.at, field)),
      );
    }
    case 'attachment':
      return hasAttachment;
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
  return text === term || (match === 'stem' && stemOf(text) === stemOf(term));
}

const stems = new Map<string, string>();
/** The same words come again and again. */
function stemOf(word: string): string {
  const known = stems.get(word) ?? stem(word);
  stems.set(word, known);
  return known;
}
