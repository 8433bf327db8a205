/** News from the service: what changes in the account, wherever it was changed, is on the screen without being asked for. */
import type { Summary } from '../api.ts';
import { Store } from '../store.ts';
import { loadFolders, mailbox, messageOf, patch, refreshRows, reload, removeRows } from './mailbox.ts';
import { forgetMessage } from './messages.ts';
import { carryOut } from './waiting.ts';

type Known = Pick<Summary, 'id' | 'folder' | 'thread' | 'read' | 'flagged' | 'answered' | 'draft' | 'keywords'>;
type Change =
  | { readonly type: 'added' | 'flags'; readonly message: Known }
  | { readonly type: 'moved'; readonly from: string; readonly message: Known }
  | { readonly type: 'removed'; readonly message: Pick<Known, 'id' | 'folder'> }
  | { readonly type: 'folder' | 'subscription' };

/** Whether news come in. False for longer than a moment means that the service, or the network, is away. */
export const connection = new Store<{ readonly live: boolean }>({ live: true });

const AGAIN_MS = 5_000;
/** News that come in a bunch lead to one question. */
const GATHER_MS = 200;

let source: EventSource | undefined;
let again: ReturnType<typeof setTimeout> | undefined;
let gathered: { rows: boolean } | undefined;
/** A stream that was opened anew begins at its own moment: what happened before that is asked for. */
let fresh = true;

export function listen(): () => void {
  open();
  return () => {
    source?.close();
    source = undefined;
    clearTimeout(again);
  };
}

function open(): void {
  source?.close();
  fresh = true;
  // The browser comes back by itself, with the last id it saw: nothing is missed.
  source = new EventSource('/v1/events');
  source.addEventListener('ready', () => {
    connection.set({ live: true });
    void carryOut();
    if (fresh) reload();
    fresh = false;
  });
  source.addEventListener('resync', () => {
    connection.set({ live: true });
    reload();
  });
  source.addEventListener('change', (event: MessageEvent<string>) => {
    for (const change of (JSON.parse(event.data) as { changes: Change[] }).changes) apply(change);
  });
  source.onerror = () => {
    connection.set({ live: false });
    if (source?.readyState !== EventSource.CLOSED) return;
    // Refused (too many streams, a proxy's error): it does not come back by itself, and knows no last id any more.
    again = setTimeout(open, AGAIN_MS);
  };
}

function apply(change: Change): void {
  const { list } = mailbox.state;
  const here = (folder: string) =>
    list?.view === 'folder' && (mailbox.state.folders.length === 0 || folderId(list.what) === folder);
  // A conversation is more than its row: what happens to any of its messages, in whatever folder, shows there.
  const isGrouped = list?.grouped === true;
  if (change.type === 'added') gather(isGrouped || here(change.message.folder));
  else if (change.type === 'flags') {
    const { id, read, flagged, answered, draft, keywords } = change.message;
    patch(id, { read, flagged, answered, draft, keywords });
    gather(isGrouped);
  } else if (change.type === 'moved') {
    if (messageOf(change.message.id) !== undefined) patch(change.message.id, { folder: change.message.folder });
    if (here(change.from) && !here(change.message.folder)) removeRows(new Set([change.message.id]));
    gather(isGrouped || here(change.message.folder));
  } else if (change.type === 'removed') {
    forgetMessage(change.message.id);
    removeRows(new Set([change.message.id]));
    gather(isGrouped);
  } else gather(false);
}

function gather(rows: boolean): void {
  if (gathered !== undefined) {
    gathered.rows ||= rows;
    return;
  }
  gathered = { rows };
  setTimeout(() => {
    const was = gathered;
    gathered = undefined;
    void loadFolders();
    if (was?.rows) refreshRows();
  }, GATHER_MS);
}

/** Folders are named by role, too. */
function folderId(what: string): string {
  return mailbox.state.folders.find((folder) => folder.role === what)?.id ?? what;
}
