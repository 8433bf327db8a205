/** The mailbox: folders, list and message side by side where there is room, one after the other where there is not. */
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import type { Account } from './app.tsx';
import * as composing from './compose/composing.ts';
import * as actions from './mail/actions.ts';
import { listen } from './mail/events.ts';
import { FolderPane } from './mail/folder-pane.tsx';
import { ListPane } from './mail/list-pane.tsx';
import {
  ensure,
  type Filter,
  loadFolders,
  mailbox,
  reload,
  rowAt,
  rowOf,
  setCurrent,
  show,
  type Sort,
  toggleSelected,
} from './mail/mailbox.ts';
import { isGrouped } from './mail/grouping.ts';
import { loadLabels } from './mail/labels.ts';
import { Offline } from './mail/offline-note.tsx';
import { beginWaiting } from './mail/waiting.ts';
import { MessagePane } from './mail/message-pane.tsx';
import { MoveDialog } from './mail/move-dialog.tsx';
import { go, route } from './route.ts';
import type { SearchOrder } from './search/search-terms.tsx';
import { look, setLook } from './settings-store.ts';
import { useStore } from './store.ts';
import { Icon } from './ui/icon.tsx';
import { KeyHelp } from './ui/key-help.tsx';
import { useShortcuts } from './ui/keys.ts';
import { actOnLast } from './ui/toast.tsx';
import { TopBar } from './top-bar.tsx';
import { useWords } from './words/words.ts';

export interface Order {
  readonly filter: Filter;
  readonly sort: Sort;
  readonly order: 'asc' | 'desc';
}

const SettingsView = lazy(async () => ({ default: (await import('./settings/settings-view.tsx')).SettingsView }));
const ServiceView = lazy(async () => ({ default: (await import('./service/service-view.tsx')).ServiceView }));
const ContactsView = lazy(async () => ({ default: (await import('./contacts/contacts-view.tsx')).ContactsView }));
const SnoozeDialog = lazy(async () => ({ default: (await import('./mail/snooze-dialog.tsx')).SnoozeDialog }));
const LabelDialog = lazy(async () => ({ default: (await import('./mail/label-dialog.tsx')).LabelDialog }));
/** Loaded when somebody writes. */
const composer = () => import('./compose/composer.tsx');
const Composer = lazy(async () => ({ default: (await composer()).Composer }));
/** When the mailbox is there: who has no connection later can write all the same. */
const COMPOSER_MS = 4_000;

const NEWEST: Order = { filter: 'all', sort: 'date', order: 'desc' };

export function MailboxView({ account }: { readonly account: Account }) {
  const words = useWords();
  const at = useStore(route, (state) => state.at);
  const folders = useStore(mailbox, (state) => state.folders);
  const foldersError = useStore(mailbox, (state) => state.foldersError);
  const writing = useStore(composing.composing, (state) => state.draft !== undefined);
  // It is said when the form has gone.
  const coded = useStore(composing.passCodes, (state) => state.shown !== undefined);
  const [order, setOrder] = useState(NEWEST);
  const grouped = isGrouped(
    useStore(look, (state) => state.grouped),
    order,
  );
  const [ranked, setRanked] = useState<SearchOrder>('desc');
  const [drawer, setDrawer] = useState(false);
  const [dialog, setDialog] = useState<'keys' | 'move' | 'snooze' | 'label' | undefined>();
  const search = useRef<HTMLInputElement>(null);
  const open = at.message;
  const inList = at.view === 'folder' || at.view === 'search';

  useEffect(() => {
    void loadFolders();
    composing.begin(account.address);
    beginWaiting(account.address, reload);
    void loadLabels();
    return listen();
  }, [account]);

  useEffect(() => {
    // A connection that is away now is no reason to complain: whoever writes asks again.
    const later = setTimeout(() => void composer().catch(() => undefined), COMPOSER_MS);
    return () => clearTimeout(later);
  }, []);

  const folder = at.view === 'folder' ? folders.find(({ id, role }) => id === at.what || role === at.what) : undefined;
  useEffect(() => {
    if (at.view === 'search') {
      const by =
        ranked === 'relevance'
          ? ({ sort: ranked, order: 'desc' } as const)
          : ({ sort: 'date', order: ranked } as const);
      show({ view: 'search', what: at.what, ...by, filter: 'all', grouped: false });
    } else if (at.view === 'folder') show({ view: 'folder', what: at.what, ...order, grouped });
  }, [at.view, at.what, order, ranked, grouped]);

  useEffect(() => {
    if (!inList) return;
    const name = at.view === 'search' ? words.resultsFor(at.what) : folder && words.folderName(folder);
    const unread = folder?.unread ? `(${folder.unread}) ` : '';
    document.title = name === undefined ? words.brand : `${unread}${name} · ${words.brand}`;
  }, [at, folder, words, inList]);

  const openMessage = (id: string) => {
    setCurrent(id);
    go({ ...at, message: id }, { replace: open !== undefined });
  };
  const backToList = () => {
    if (open !== undefined) go({ view: at.view, what: at.what });
  };
  const step = async (by: number) => {
    const from = open ?? mailbox.state.current;
    const row = Math.max(0, Math.min(mailbox.state.total - 1, from === undefined ? 0 : rowOf(from) + by));
    await ensure(Math.max(0, row - 5), row + 20);
    const id = rowAt(row);
    if (id === undefined || id === from) return;
    if (open === undefined) setCurrent(id);
    else openMessage(id);
  };
  /** What is done to the open message leads to the one behind it. */
  const leaving = (act: (ids: readonly string[]) => void) => {
    const ids = actions.targets(open);
    const row = open === undefined ? -1 : rowOf(open);
    act(ids);
    if (open === undefined || !ids.includes(open)) return;
    const next = row < 0 ? undefined : rowAt(Math.min(row, mailbox.state.total - 1));
    if (next === undefined || matchMedia('(max-width: 720px)').matches) backToList();
    else openMessage(next);
  };

  const asking = (what: 'move' | 'snooze' | 'label') => {
    if (actions.targets(open).length > 0) setDialog(what);
  };
  const answering = (all: boolean) => {
    if (open !== undefined) composing.answer(open, all);
  };

  const anywhere = {
    c: () => composing.write(),
    z: actOnLast,
    '/': () => search.current?.focus(),
    '?': () => setDialog('keys'),
  };
  const onMessages = {
    j: () => void step(1),
    ArrowDown: () => void step(1),
    k: () => void step(-1),
    ArrowUp: () => void step(-1),
    o: () => mailbox.state.current !== undefined && openMessage(mailbox.state.current),
    Enter: () => mailbox.state.current !== undefined && openMessage(mailbox.state.current),
    u: backToList,
    Escape: backToList,
    r: () => answering(false),
    a: () => answering(true),
    f: () => open !== undefined && composing.passOn(open),
    e: () => leaving(actions.archive),
    '#': () => leaving(actions.remove),
    Delete: () => leaving(actions.remove),
    '!': () => leaving(actions.reportSpam),
    v: () => asking('move'),
    b: () => asking('snooze'),
    l: () => asking('label'),
    x: () => mailbox.state.current !== undefined && toggleSelected(mailbox.state.current),
    s: () => actions.toggleStar(actions.rowsActedOn(open)),
    I: () => actions.mark(actions.targets(open), { read: true }),
    U: () => actions.mark(actions.targets(open), { read: false }),
  };
  useShortcuts(inList ? { ...anywhere, ...onMessages } : anywhere);

  return (
    <div className={`mailbox ${open === undefined ? 'showing-list' : 'showing-message'}`}>
      <TopBar account={account} search={search} onMenu={() => setDrawer(true)} onKeys={() => setDialog('keys')} />
      {drawer && <div className="shade" onClick={() => setDrawer(false)} aria-hidden="true" />}
      <nav className={drawer ? 'folders open' : 'folders'} aria-label={words.folders}>
        <button type="button" className="button primary compose-button" onClick={() => composing.write()}>
          <Icon name="compose" />
          {words.compose}
        </button>
        <FolderPane folders={folders} error={foldersError} current={folder?.id} onChoose={() => setDrawer(false)} />
      </nav>
      {at.view === 'settings' && (
        <Suspense fallback={<main className="message-pane" />}>
          <SettingsView page={at.what} />
        </Suspense>
      )}
      {at.view === 'service' && (
        <Suspense fallback={<main className="message-pane" />}>
          <ServiceView page={at.what} />
        </Suspense>
      )}
      {at.view === 'contacts' && (
        <Suspense fallback={<main className="message-pane" />}>
          <ContactsView at={at.what} />
        </Suspense>
      )}
      {inList && (
        <>
          <section className="list-pane" aria-label={words.messages}>
            <Offline />
            <ListPane
              at={at}
              folder={folder}
              order={order}
              onOrder={setOrder}
              ranked={ranked}
              onRanked={setRanked}
              grouped={grouped}
              onGrouped={(wanted) => {
                setLook({ grouped: wanted });
                if (wanted) setOrder(NEWEST);
              }}
              open={open}
              onOpen={openMessage}
              onAsk={asking}
            />
          </section>
          <main className="message-pane">
            <MessagePane
              id={open}
              onOpen={openMessage}
              onBack={backToList}
              onStep={(by) => void step(by)}
              onLeave={leaving}
              onAsk={asking}
            />
          </main>
        </>
      )}
      {inList && open === undefined && (
        <button type="button" className="compose-float" aria-label={words.compose} onClick={() => composing.write()}>
          <Icon name="compose" />
        </button>
      )}
      {(writing || coded) && (
        <Suspense>
          <Composer />
        </Suspense>
      )}
      {dialog === 'keys' && <KeyHelp onClose={() => setDialog(undefined)} />}
      {dialog === 'move' && (
        <MoveDialog
          folders={folders}
          onClose={() => setDialog(undefined)}
          onChoose={(to) => leaving((ids) => actions.move(ids, to))}
        />
      )}
      <Suspense>
        {dialog === 'snooze' && (
          <SnoozeDialog
            onClose={() => setDialog(undefined)}
            onChoose={(until) => leaving((ids) => actions.snooze(ids, until))}
          />
        )}
        {dialog === 'label' && <LabelDialog ids={actions.targets(open)} onClose={() => setDialog(undefined)} />}
      </Suspense>
    </div>
  );
}
