/** What people do with messages: shown at once, told to the service, and taken back when it refuses or they change their mind. */
import { call } from '../api.ts';
import type { Address, Summary } from '../api.ts';
import { displayName, mediumDate } from '../words/format.ts';
import { words } from '../words/words.ts';
import { toast } from '../ui/toast.tsx';
import {
  allOf,
  codeOf,
  folderOf,
  folderWith,
  loadFolders,
  mailbox,
  markConversations,
  messageOf,
  patch,
  refreshRows,
  removeRows,
  select,
} from './mailbox.ts';
import { change } from './waiting.ts';
import { mailWords } from './words.ts';

/** The service takes so many at once. */
const BATCH = 1_000;

interface Change {
  readonly read?: boolean;
  readonly flagged?: boolean;
  readonly folder?: string;
  readonly keywords?: { readonly add?: readonly string[]; readonly remove?: readonly string[] };
}

/** Without a connection it waits, which is as good here: it is shown at once in any case. */
async function batch(
  ids: readonly string[],
  what: { change: Change } | { delete: true } | { until: string } | Record<string, never>,
  path = '/v1/messages/batch',
): Promise<void> {
  for (let at = 0; at < ids.length; at += BATCH) await change(path, { ids: ids.slice(at, at + BATCH), ...what });
}

/** What keys and buttons act on: what is selected, else the one that is open or current. */
export function targets(open: string | undefined): readonly string[] {
  return allOf(rowsActedOn(open));
}

/** The same without what else their conversations hold. */
export function rowsActedOn(open: string | undefined): readonly string[] {
  const { selected, current } = mailbox.state;
  if (selected.size > 0) return [...selected];
  const one = open ?? current;
  return one === undefined ? [] : [one];
}

export function mark(ids: readonly string[], flags: { readonly read?: boolean; readonly flagged?: boolean }): void {
  const before = new Map<string, Partial<Summary>>();
  for (const id of ids) {
    const message = messageOf(id);
    if (message !== undefined) before.set(id, { read: message.read, flagged: message.flagged });
    patch(id, flags);
  }
  if (flags.read !== undefined) markConversations(ids, flags.read);
  batch(ids, { change: flags })
    .then(loadFolders)
    .catch((error: unknown) => {
      for (const [id, was] of before) patch(id, was);
      if (flags.read !== undefined) markConversations(ids, !flags.read);
      failed(error);
    });
}

/** Puts a label on, or takes it off. */
export function label(ids: readonly string[], keyword: string, on: boolean): void {
  const before = new Map<string, readonly string[]>();
  for (const id of ids) {
    const message = messageOf(id);
    if (message === undefined) continue;
    before.set(id, message.keywords);
    const others = message.keywords.filter((one) => one.toLowerCase() !== keyword.toLowerCase());
    patch(id, { keywords: on ? [...others, keyword] : others });
  }
  batch(ids, { change: { keywords: on ? { add: [keyword] } : { remove: [keyword] } } }).catch((error: unknown) => {
    for (const [id, keywords] of before) patch(id, { keywords: [...keywords] });
    failed(error);
  });
}

export function toggleStar(ids: readonly string[]): void {
  mark(ids, { flagged: !ids.every((id) => messageOf(id)?.flagged) });
}

/** `to`: id of a folder. */
export function move(ids: readonly string[], to: string): void {
  const target = mailbox.state.folders.find((folder) => folder.id === to);
  if (target === undefined) return;
  leave(ids, () => batch(ids, { change: { folder: to } }), words().moved(ids.length, words().folderName(target)));
}

export function archive(ids: readonly string[]): void {
  const to = folderWith('archive');
  if (to !== undefined) move(ids, to.id);
}

export function remove(ids: readonly string[]): void {
  const trash = folderWith('trash');
  const forEver = ids.every((id) => folderOf(id) === trash?.id);
  leave(ids, () => batch(ids, { delete: true }), words().deleted(ids.length, forEver), !forEver);
}

/** `until`: RFC 3339. */
export function snooze(ids: readonly string[], until: string): void {
  leave(ids, () => batch(ids, { until }, '/v1/messages/snooze'), mailWords().snoozed(ids.length, mediumDate(until)));
}

/** Out of Trash, each to where it was. */
export function restore(ids: readonly string[]): void {
  leave(ids, () => batch(ids, {}, '/v1/messages/restore'), mailWords().restored(ids.length));
}

export function reportSpam(ids: readonly string[]): void {
  const report = async () => {
    for (const id of ids) await call('POST', `/v1/messages/${id}/report`, { body: { as: 'spam' } });
  };
  leave(ids, report, words().calledSpam(ids.length));
}

/** They go from the list at once; the way back leads to where each was. */
function leave(ids: readonly string[], act: () => Promise<void>, said: string, canUndo = true): void {
  if (ids.length === 0) return;
  const places = new Map<string, string[]>();
  for (const id of ids) {
    const folder = folderOf(id);
    if (folder !== undefined) places.set(folder, [...(places.get(folder) ?? []), id]);
  }
  removeRows(new Set(ids));
  select([]);
  const done = act();
  const undo = async () => {
    await done;
    for (const [folder, some] of places) await batch(some, { change: { folder } });
    refreshRows();
    await loadFolders();
  };
  done.then(loadFolders).catch((error: unknown) => {
    refreshRows();
    failed(error);
  });
  toast(said, canUndo ? { label: words().undo, act: () => void undo().catch(failed) } : undefined);
}

export function failed(error: unknown): void {
  toast(words().error(codeOf(error)), undefined, 'error');
}

export function addContact(sender: Address): void {
  const name = displayName(sender);
  call('POST', '/v1/contacts', { body: { name, emails: [{ address: sender.address, type: 'other' }] } })
    .then(() => toast(words().contactAdded(name)))
    .catch(failed);
}

/** Whose mail is not wanted any more; taken back as long as the note is there. */
export function blockSender(sender: string): void {
  type Entry = { readonly sender: string; readonly action: string };
  const read = async () => (await call<{ items: Entry[] }>('GET', '/v1/reject-list')).items;
  const put = (items: readonly Entry[]) => call('PUT', '/v1/reject-list', { body: { items } });
  const address = sender.toLowerCase();
  const block = async () => {
    const before = await read();
    if (!before.some((entry) => entry.sender === address))
      await put([{ sender: address, action: 'refuse' }, ...before]);
  };
  const undo = async () => put((await read()).filter((entry) => entry.sender !== address));
  block()
    .then(() => toast(words().blocked(sender), { label: words().undo, act: () => void undo().catch(failed) }))
    .catch(failed);
}
