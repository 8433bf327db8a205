/**
 * Has the search index follow the mail without anybody searching. What is indexed, and how far, is the index's own business
 * (`mailstore/search`): here is only when. Events that come again find nothing to do.
 */
import type { MailStore } from '../mailstore/api.ts';
import type { ExtensionModule } from './module.ts';

/** Once for what comes in so long: a segment of many messages costs less than many segments, and delivery goes first. */
const GATHER_MS = 30_000;
/** What was imported takes its time. */
const DEADLINE_MS = 600_000;
/** One thread indexes for all accounts: more would only wait for it. */
const LANES = 2;

export function searchIndexing(store: Pick<MailStore, 'followSearch'>): ExtensionModule {
  return {
    name: 'search-indexing',
    does: 'has the search index follow the mail, so that a search finds it made',
    events: ['message-added'],
    scope: 'read',
    gatherMs: GATHER_MS,
    deadlineMs: DEADLINE_MS,
    lanes: LANES,
    together: 1_000,
    handle: (_events, { account }) => store.followSearch(account.id),
  };
}
