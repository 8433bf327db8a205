/** What is asked of an account's conversations and its search, and what they answer. */
import type { SearchQuery } from '../../mail/search/query.ts';
import type { MessageMeta, MsgId, ThreadId } from '../api.ts';

/** Messages that belong together, whichever of its threads they were given to. */
export interface Conversation {
  /** The oldest of its threads. */
  readonly id: ThreadId;
  /** In all folders. */
  readonly total: number;
  readonly unread: number;
  /** The newest one in the folder asked for. */
  readonly newest: MsgId;
  /** Those in the folder asked for, the last that came first; at most 1,000. */
  readonly here: readonly MsgId[];
  /** The last few that came, in whatever folder, the last one first. */
  readonly latest: readonly MsgId[];
}

export interface ConversationPage {
  /** Goes on behind the conversation whose newest message was this one, as it was then. */
  readonly after?: Pick<MessageMeta, 'id' | 'internalDate'>;
  readonly limit: number;
}

/** A search over everything: words from the search index, what may change from the mailbox index. */
export interface SearchRequest {
  readonly query: SearchQuery;
  readonly sort: 'date' | 'relevance';
  /** By date only; default true. */
  readonly descending?: boolean;
  /** Goes on behind this hit of the same search. */
  readonly after?: SearchHit;
  readonly limit: number;
}

export interface SearchHit {
  readonly id: MsgId;
  /** When it came (seconds since 1970), or how well it fits. */
  readonly key: number;
}

export interface SearchAnswer {
  readonly hits: readonly SearchHit[];
  /** How many match, on all pages. */
  readonly total: number;
  /** Messages that are not indexed yet, and so were not looked at: mostly 0. */
  readonly behind: number;
}

export interface SearchIndexFacts {
  readonly segments: number;
  /** Messages in the index; some may be gone. */
  readonly messages: number;
  readonly bytes: number;
  /** Messages of which nothing could be indexed since the account was opened. */
  readonly skipped: number;
}
