/** Lists of messages: order, filter, pages. A page is a range behind a position, so that arriving mail moves nothing. */
import {
  Flag,
  type FolderId,
  type MailAccount,
  type MessageMeta,
  type MsgId,
  type ThreadId,
} from '../../mailstore/api.ts';
import { Problem } from './reply.ts';
import { inTurns } from './in-turns.ts';
import type { Cursors } from './cursor.ts';
import type { SortKeys } from './sort-keys.ts';

export interface ListQuery {
  readonly folder?: FolderId;
  readonly threads?: readonly ThreadId[];
  readonly unread?: boolean;
  readonly flagged?: boolean;
  /** Only those that have one. */
  readonly attachment?: true;
  readonly sort: 'date' | 'from' | 'subject' | 'size';
  readonly order: 'asc' | 'desc';
}

/** Sorted by its key, and by id where keys are equal. */
interface Position {
  readonly key: string | number;
  readonly id: MsgId;
}

export interface Page {
  readonly ids: readonly MsgId[];
  readonly next?: string;
}

/** Where in the list to begin, for who jumps about in it. Arriving mail moves what a number stands for. */
export async function listFrom(
  account: MailAccount,
  query: ListQuery,
  { offset, limit }: { readonly offset: number; readonly limit: number },
  sortKeys: SortKeys,
): Promise<{ readonly ids: readonly MsgId[]; readonly total: number }> {
  const { sort, order } = query;
  const all = await chosen(account, query, sortKeys, {
    ...(sort === 'date' && { sort: 'internalDate' as const, descending: order === 'desc' }),
    ...(sort === 'size' && { sort: 'size' as const, descending: order === 'desc' }),
  });
  if (sort === 'date' || sort === 'size') return { ids: all.slice(offset, offset + limit), total: all.length };
  // Nobody scrolls that far through an alphabet; in order is only what is needed.
  if (offset + limit > SORTED_TEXT) throw new Problem('invalid', `Sorted so, the first ${SORTED_TEXT} can be had.`);
  const found = await byText(query, await sortKeys.of(account, all, sort), undefined, offset + limit);
  return { ids: found.slice(offset).map(({ id }) => id), total: all.length };
}

/** Of a list sorted by sender or subject so many can be reached by number. */
export const SORTED_TEXT = 2_000;

export async function listMessages(
  account: MailAccount,
  query: ListQuery,
  page: { readonly limit: number; readonly cursor?: string | undefined },
  tools: { readonly cursors: Cursors; readonly sortKeys: SortKeys },
): Promise<Page> {
  const { folder, threads, unread, flagged, attachment, sort, order } = query;
  const list = JSON.stringify([folder, threads?.[0], unread, flagged, attachment, sort, order]);
  const after = page.cursor === undefined ? undefined : position(tools.cursors.read(account.id, list, page.cursor));
  // One more than is shown, to know whether there is a next page.
  const wanted = page.limit + 1;
  const found =
    sort === 'date' || sort === 'size'
      ? await byColumn(account, query, sort === 'date' ? 'internalDate' : 'size', after, wanted, tools.sortKeys)
      : await byText(
          query,
          await tools.sortKeys.of(account, await chosen(account, query, tools.sortKeys), sort),
          after,
          wanted,
        );
  const shown = found.slice(0, page.limit);
  const last = shown.at(-1);
  const ids = shown.map(({ id }) => id);
  if (last === undefined || found.length === shown.length) return { ids };
  return { ids, next: tools.cursors.make(account.id, list, [last.key, last.id]) };
}

function position(value: unknown): Position {
  const [key, id] = value as [string | number, MsgId];
  return { key, id };
}

function filter({ folder, threads, unread, flagged }: ListQuery) {
  return {
    ...(folder !== undefined && { folder }),
    ...(threads !== undefined && { threads }),
    ...(unread !== undefined && { unread }),
    ...(flagged !== undefined && { flagged }),
  };
}

/** What the index does not know is looked up last. */
async function chosen(
  account: MailAccount,
  query: ListQuery,
  sortKeys: SortKeys,
  sorted: Partial<Parameters<MailAccount['getMessageIds']>[0]> = {},
): Promise<readonly MsgId[]> {
  const ids = account.getMessageIds({ ...filter(query), ...sorted });
  return query.attachment === true ? await sortKeys.withAttachment(account, ids) : ids;
}

/** The index sorts by its own columns. */
async function byColumn(
  account: MailAccount,
  query: ListQuery,
  column: 'internalDate' | 'size',
  after: Position | undefined,
  wanted: number,
  sortKeys: SortKeys,
): Promise<readonly Position[]> {
  const sorted = { ...filter(query), sort: column, descending: query.order === 'desc' };
  const all = query.attachment !== true;
  const position = (id: MsgId): Position => ({ key: account.meta(id)?.[column] ?? 0, id });
  if (after === undefined && all) return account.getMessageIds({ ...sorted, limit: wanted }).map(position);
  const meta = after === undefined ? undefined : account.meta(after.id);
  // The usual case: the last message of the page before is still in the list.
  if (after !== undefined && all && meta !== undefined && matches(meta, query) && meta[column] === after.key)
    return account.getMessageIds({ ...sorted, after: after.id, limit: wanted }).map(position);
  const ids = await chosen(account, query, sortKeys, sorted);
  if (after === undefined) return ids.slice(0, wanted).map(position);
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (inOrder(query, after, position(ids[middle] as MsgId))) high = middle;
    else low = middle + 1;
  }
  return ids.slice(low, low + wanted).map(position);
}

/** In one pass that keeps the first ones behind `after`: nobody needs the rest in order. */
async function byText(
  query: ListQuery,
  keys: ReadonlyMap<MsgId, string>,
  after: Position | undefined,
  wanted: number,
): Promise<readonly Position[]> {
  const first: Position[] = [];
  await inTurns(keys, ([id, key]) => {
    const position = { key, id };
    if (after !== undefined && !inOrder(query, after, position)) return;
    const last = first.at(-1);
    if (last !== undefined && first.length === wanted) {
      if (!inOrder(query, position, last)) return;
      first.pop();
    }
    let at = first.length;
    while (at > 0 && inOrder(query, position, first[at - 1] as Position)) at--;
    first.splice(at, 0, position);
  });
  return first;
}

function matches(meta: MessageMeta, { folder, threads, unread, flagged }: ListQuery): boolean {
  return (
    (folder === undefined || meta.folder === folder) &&
    (threads === undefined || threads.includes(meta.thread)) &&
    (unread === undefined || unread === ((meta.flags & Flag.seen) === 0)) &&
    (flagged === undefined || flagged === ((meta.flags & Flag.flagged) !== 0))
  );
}

/** Does `a` come before `b`? */
function inOrder({ order }: ListQuery, a: Position, b: Position): boolean {
  const ascending = a.key === b.key ? a.id < b.id : a.key < b.key;
  return order === 'asc' ? ascending : !ascending && a.id !== b.id;
}

/** The number that a wire id stands for; what cannot be one is as missing as one that is not there. */
export function numberId<T extends number>(wire: string, missing: 'folder-missing' | 'message-missing'): T {
  if (!/^[1-9][0-9]{0,9}$/.test(wire)) throw new Problem(missing);
  return Number(wire) as T;
}
