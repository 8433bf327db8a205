/** FETCH rows, from the index alone where that is enough. */
import type { Session } from '../session.ts';
import { type FetchItem, indexItemsOnly } from '../wire/fetch-item.ts';
import type { Spans } from '../wire/sequence-set.ts';
import { type RowFilter, writeIndexRows } from './index-row.ts';
import { writeMessages } from './message-row.ts';

/** Answers how many of the messages are gone. */
export function writeRows(
  session: Session,
  spans: Spans,
  items: readonly FetchItem[],
  filter: RowFilter = {},
): Promise<number> {
  const fromIndex = indexItemsOnly(items);
  return fromIndex === undefined
    ? writeMessages(session, spans, items, filter)
    : writeIndexRows(session.out, session.selected.tracker.view, spans, fromIndex, filter);
}
