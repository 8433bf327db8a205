/**
 * The folders and the list that are on the screen. The list is as long as the folder, and knows only the rows somebody has looked at:
 * pages are fetched as they come into view. What the service tells of (events.ts) is applied to what is known.
 */
import { ApiError, call, query } from '../api.ts';
import type { Folder, Summary } from '../api.ts';
import { Store } from '../store.ts';
import { type Conversation, marked, membersOf } from './grouping.ts';
import { overlay } from './waiting.ts';

export type Sort = 'date' | 'from' | 'subject' | 'size';
export type Filter = 'all' | 'unread' | 'flagged' | 'attachment';

export interface ListOf {
  readonly view: 'folder' | 'search';
  /** Folder id, or query. */
  readonly what: string;
  readonly filter: Filter;
  readonly sort: Sort | 'relevance';
  readonly order: 'asc' | 'desc';
  /** By conversation: a row is the newest message of one. */
  readonly grouped: boolean;
}

/** Where in its text a message was found: only lists of a search have it. */
export interface Found {
  readonly text: string;
  readonly hits: readonly (readonly [number, number])[];
}

interface Mailbox {
  readonly folders: readonly Folder[];
  readonly foldersError: string;
  readonly list: ListOf | undefined;
  readonly state: 'loading' | 'ready' | 'error';
  readonly error: string;
  /** Grows whenever rows or messages change. */
  readonly revision: number;
  readonly total: number;
  readonly selected: ReadonlySet<string>;
  /** The row that keys act on. */
  readonly current: string | undefined;
}

export const mailbox = new Store<Mailbox>({
  folders: [],
  foldersError: '',
  list: undefined,
  state: 'loading',
  error: '',
  revision: 0,
  total: 0,
  selected: new Set(),
  current: undefined,
});

const PAGE = 100;
/** By sender or subject the service sorts so many. */
const SORTED_TEXT = 2_000;

/** Ids by row; holes are rows nobody has looked at. Changed in place, `revision` tells. */
let rows: (string | undefined)[] = [];
const messages = new Map<string, Summary>();
const snippets = new Map<string, Found>();
/** By their newest message. */
const conversations = new Map<string, Conversation>();
/** Pages asked for, of the list as it is now. */
let asked = new Set<number>();
/** Answers to questions about an earlier list, or about rows that have moved since, are not used. */
let generation = 0;
let nextCursor: string | undefined;
let loadingMore = false;
/** Rows in view, so that news are fetched for these. */
let inView = { from: 0, to: 20 };

export const rowAt = (row: number): string | undefined => rows[row];
export const rowOf = (id: string): number => rows.indexOf(id);
export const messageOf = (id: string): Summary | undefined => messages.get(id);
export const snippetOf = (id: string): Found | undefined => snippets.get(id);
export const conversationOf = (id: string): Conversation | undefined =>
  mailbox.state.list?.grouped ? conversations.get(id) : undefined;
/** Rows, and in a list by conversation what they stand for. */
export const allOf = (ids: readonly string[]): readonly string[] => membersOf(ids, conversationOf);
export const knownIds = (): readonly string[] => rows.filter((id) => id !== undefined);
export const folderWith = (role: string): Folder | undefined =>
  mailbox.state.folders.find((folder) => folder.role === role);

function changed(more: Partial<Mailbox> = {}): void {
  mailbox.set({ ...more, total: rows.length, revision: mailbox.state.revision + 1 });
}

export async function loadFolders(): Promise<void> {
  try {
    const { items } = await call<{ items: Folder[] }>('GET', '/v1/folders');
    mailbox.set({ folders: items, foldersError: '' });
  } catch (error) {
    mailbox.set({ foldersError: codeOf(error) });
  }
}

export function show(list: ListOf): void {
  const before = mailbox.state.list;
  if (before !== undefined && JSON.stringify(before) === JSON.stringify(list)) return;
  generation++;
  rows = [];
  asked = new Set();
  nextCursor = undefined;
  loadingMore = false;
  snippets.clear();
  conversations.clear();
  inView = { from: 0, to: 20 };
  changed({ list, state: 'loading', selected: new Set(), current: undefined });
  void ensure(0, 20);
}

/** Everything again: after an error, or when nobody can say what has changed. */
export function reload(): void {
  void loadFolders();
  refreshRows();
  if (mailbox.state.state === 'error') mailbox.set({ state: 'loading' });
  void ensure(inView.from, inView.to);
}

/** Fetches what is not known of these rows. */
export async function ensure(from: number, to: number): Promise<void> {
  inView = { from, to };
  const { list } = mailbox.state;
  if (list === undefined) return;
  if (isPaged(list)) return await ensureNext(list, to);
  const last = Math.max(from, Math.min(to, Math.max(0, rows.length - 1)));
  const pages: Promise<void>[] = [];
  for (let page = Math.floor(from / PAGE); page <= Math.floor(last / PAGE); page++) {
    if (asked.has(page)) continue;
    asked.add(page);
    pages.push(loadPage(list, page));
  }
  await Promise.all(pages);
}

async function loadPage(list: ListOf, page: number): Promise<void> {
  const { filter, sort, order } = list;
  const of = generation;
  const parameters = {
    offset: page * PAGE,
    limit: PAGE,
    sort,
    order,
    unread: filter === 'unread' ? true : undefined,
    flagged: filter === 'flagged' ? true : undefined,
    attachment: filter === 'attachment' ? true : undefined,
  };
  const path = `/v1/folders/${encodeURIComponent(list.what)}/messages${query(parameters)}`;
  try {
    const { items, total = 0 } = await call<{ items: Summary[]; total?: number }>('GET', path);
    if (of !== generation) return;
    const textual = sort === 'from' || sort === 'subject';
    rows.length = textual ? Math.min(total, SORTED_TEXT) : total;
    items.forEach((item, i) => {
      messages.set(item.id, asDone(item));
      if (page * PAGE + i < rows.length) rows[page * PAGE + i] = item.id;
    });
    changed({ state: 'ready', error: '' });
    const gone = items.filter(({ id }) => overlay(id).gone).map(({ id }) => id);
    if (gone.length > 0) removeRows(new Set(gone));
  } catch (error) {
    if (of !== generation) return;
    asked.delete(page);
    if (mailbox.state.state === 'loading') changed({ state: 'error', error: codeOf(error) });
  }
}

/** With what was done without a connection, and the service does not know yet. */
function asDone(item: Summary): Summary {
  const { gone: _gone, ...flags } = overlay(item.id);
  return { ...item, ...flags };
}

/** What is found, and conversations, come page after page. */
function isPaged({ view, grouped }: ListOf): boolean {
  return view === 'search' || grouped;
}

interface Page {
  readonly ids: readonly string[];
  readonly next: string | undefined;
  /** Rows of the whole list, as far as that is known. */
  readonly total: number;
}

async function nextPage(list: ListOf, cursor: string | undefined): Promise<Page & { readonly take: () => void }> {
  if (list.view === 'folder') {
    const path = `/v1/folders/${encodeURIComponent(list.what)}/threads${query({ limit: 50, cursor })}`;
    const { items, next } = await call<{ items: readonly Conversation[]; next?: string }>('GET', path);
    const take = () => {
      for (const one of items) {
        messages.set(one.newest.id, one.newest);
        conversations.set(one.newest.id, one);
      }
    };
    return { ids: items.map(({ newest }) => newest.id), next, total: 0, take };
  }
  const path = `/v1/search${query({ q: list.what, limit: 50, cursor, sort: list.sort, order: list.order })}`;
  type Answer = { items: (Summary & { snippet: Found | null })[]; next?: string; total: number };
  const { items, next, total } = await call<Answer>('GET', path);
  const take = () => {
    for (const { snippet, ...summary } of items) {
      messages.set(summary.id, summary);
      if (snippet !== null) snippets.set(summary.id, snippet);
    }
  };
  return { ids: items.map(({ id }) => id), next, total, take };
}

async function ensureNext(list: ListOf, to: number): Promise<void> {
  const known = rows.findIndex((id) => id === undefined);
  const have = known < 0 ? rows.length : known;
  if (loadingMore || (have > to && have > 0) || (have === rows.length && mailbox.state.state === 'ready')) return;
  loadingMore = true;
  const of = generation;
  try {
    const { ids, next, total, take } = await nextPage(list, nextCursor);
    if (of !== generation) return;
    take();
    for (const [i, id] of ids.entries()) rows[have + i] = id;
    // One more than is known while there are more.
    const end = have + ids.length;
    rows.length = next === undefined ? end : Math.max(total, end + 1);
    nextCursor = next;
    loadingMore = false;
    changed({ state: 'ready', error: '' });
    if (next !== undefined && ids.length > 0) await ensureNext(list, inView.to);
  } catch (error) {
    if (of !== generation) return;
    loadingMore = false;
    if (mailbox.state.state === 'loading') changed({ state: 'error', error: codeOf(error) });
  }
}

/** Conversations from the top down to what is in view; what is shown stays until they are here. */
async function refreshConversations(list: ListOf): Promise<void> {
  const of = ++generation;
  loadingMore = true;
  let ids: string[] = [];
  let cursor: string | undefined;
  const takes: (() => void)[] = [];
  try {
    do {
      const page = await nextPage(list, cursor);
      if (of !== generation) return;
      ids = [...ids, ...page.ids];
      takes.push(page.take);
      cursor = page.next;
    } while (cursor !== undefined && ids.length <= inView.to);
  } catch {
    // The next news bring another try.
    if (of === generation) loadingMore = false;
    return;
  }
  conversations.clear();
  for (const take of takes) take();
  rows = ids;
  if (cursor !== undefined) rows.length++;
  nextCursor = cursor;
  loadingMore = false;
  changed({ state: 'ready', error: '' });
}

/** Rows have moved in a way that is not known: those in view are fetched again, the others when they come into view. */
export function refreshRows(): void {
  const { list } = mailbox.state;
  if (list === undefined || list.view === 'search') return;
  if (list.grouped) return void refreshConversations(list);
  generation++;
  asked = new Set();
  // What is shown stays until the answer is here.
  const kept = rows;
  rows = [];
  rows.length = kept.length;
  const first = Math.floor(inView.from / PAGE) * PAGE;
  const end = Math.min(kept.length, (Math.floor(inView.to / PAGE) + 1) * PAGE);
  for (let row = first; row < end; row++) rows[row] = kept[row];
  void ensure(inView.from, inView.to);
}

export function removeRows(ids: ReadonlySet<string>): void {
  const { current, selected } = mailbox.state;
  const at = current === undefined ? -1 : rows.indexOf(current);
  const before = rows.length;
  // Rows that nobody has looked at are holes, which `filter` alone would pass over.
  rows = Array.from(rows).filter((id) => id === undefined || !ids.has(id));
  // An answer that was on its way when they left would bring them back: it is not used, even if they are gone from here already.
  if (rows.length === before && mailbox.state.list?.view !== 'folder') return;
  // Pages behind have moved: what is on its way would be put in the wrong place.
  generation++;
  asked = new Set();
  loadingMore = false;
  const gone = current !== undefined && ids.has(current);
  const next = gone ? (rows[Math.min(at, rows.length - 1)] ?? undefined) : current;
  changed({ current: next, selected: new Set([...selected].filter((id) => !ids.has(id))) });
  if (mailbox.state.list?.view === 'folder') void ensure(inView.from, inView.to);
}

export function patch(id: string, change: Partial<Summary>): void {
  const known = messages.get(id);
  if (known === undefined) return;
  messages.set(id, { ...known, ...change });
  changed();
}

/** Rows of conversations whose messages these are. */
export function markConversations(ids: readonly string[], read: boolean): void {
  const set = new Set(ids);
  for (const [newest, conversation] of conversations) conversations.set(newest, marked(conversation, set, read));
  changed();
}

/** The folder it is in, as far as that is known: the row of a conversation says it for all that it stands for. */
export function folderOf(id: string): string | undefined {
  const known = messages.get(id)?.folder;
  if (known !== undefined) return known;
  for (const { newest, messages: members } of conversations.values()) if (members.includes(id)) return newest.folder;
  return undefined;
}

export function setCurrent(id: string | undefined): void {
  mailbox.set({ current: id });
}

export function select(ids: Iterable<string>): void {
  mailbox.set({ selected: new Set(ids) });
}

export function toggleSelected(id: string): void {
  const selected = new Set(mailbox.state.selected);
  if (!selected.delete(id)) selected.add(id);
  mailbox.set({ selected });
}

/** From the row that keys act on, or the nearest selected one, to this. */
export function selectRange(id: string): void {
  const from = mailbox.state.current === undefined ? 0 : rowOf(mailbox.state.current);
  const to = rowOf(id);
  const [low, high] = from < to ? [from, to] : [to, from];
  const between = rows.slice(Math.max(0, low), high + 1).filter((one) => one !== undefined);
  mailbox.set({ selected: new Set([...mailbox.state.selected, ...between]) });
}

export const codeOf = (error: unknown): string => (error instanceof ApiError ? error.code : 'unknown');

/** After signing out: nothing of one account is left for the next. */
export function forget(): void {
  generation++;
  rows = [];
  messages.clear();
  snippets.clear();
  conversations.clear();
  changed({ folders: [], list: undefined, state: 'loading', selected: new Set(), current: undefined });
}
