/** What all accounts of a node share for searching. */
import type { Clock } from '../../ports/clock.ts';
import { WorkBudget } from '../work-budget.ts';
import { RowCache } from './rows.ts';
import { SearchHere, SearchThread, type SearchWork } from './thread.ts';

export interface SearchNode extends AsyncDisposable {
  readonly work: SearchWork;
  readonly cache: RowCache;
  /** What indexing takes, of each account. */
  readonly indexing: WorkBudget;
}

/** Of each minute that the thread has: the other half is for the other accounts, and there are hardly more processors than one beside it. */
const INDEXING_SECONDS = 30;

export function createSearchNode(
  clock: Clock,
  { searchThread, searchCacheBytes }: { readonly searchThread: boolean; readonly searchCacheBytes: number },
  work: SearchWork = searchThread ? new SearchThread() : new SearchHere(),
): SearchNode {
  return {
    work,
    cache: new RowCache(searchCacheBytes),
    indexing: new WorkBudget(clock, INDEXING_SECONDS),
    [Symbol.asyncDispose]: () => work[Symbol.asyncDispose](),
  };
}
