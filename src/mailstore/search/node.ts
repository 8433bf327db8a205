/** What all accounts of a node share for searching. */
import { RowCache } from './rows.ts';
import { SearchHere, SearchThread, type SearchWork } from './thread.ts';

export interface SearchNode extends AsyncDisposable {
  readonly work: SearchWork;
  readonly cache: RowCache;
}

export function createSearchNode(inThread: boolean, cacheBytes: number): SearchNode {
  const work = inThread ? new SearchThread() : new SearchHere();
  return { work, cache: new RowCache(cacheBytes), [Symbol.asyncDispose]: () => work[Symbol.asyncDispose]() };
}
